package accessreview

import (
	"context"
	"fmt"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/people/tenant"
)

// Standing is where a tenant's reviews stand. It names nobody.
type Standing struct {
	Tenant   ids.Tenant
	Code     string
	Name     string
	Kind     tenant.Kind
	Quarter  string // of the campaign that counts now; of the first one while there is none
	State    State  // "waiting" while the first campaign is still to come
	OpenedAt time.Time
	DueAt    time.Time
	Figures  *Report  // nil while there is no campaign
	Problems []string // Japanese; empty: in order
	Done     string   // the last quarter that was closed with people's decisions; empty: none yet
}

// Waiting is the state of a tenant whose first campaign is still to come, NotOpened of one whose is late.
const (
	Waiting   State = "waiting"
	NotOpened State = "missing"
)

// grace is how long the service may take to do what is due.
const grace = time.Hour

// history is a campaign with its lines as they are now.
type history struct {
	Campaign
	figures *Report
	intact  bool
	told    bool // as the audit log tells it
}

// stand judges a tenant's campaigns, the newest first, at an instant.
func stand(t tenant.Tenant, all []history, now time.Time) Standing {
	out := Standing{Tenant: t.ID, Code: t.Code, Name: t.Name, Kind: t.Kind}
	bad := func(says string, args ...any) { out.Problems = append(out.Problems, fmt.Sprintf(says, args...)) }
	for i := range all {
		if h := &all[i]; h.told && h.State == Closed && h.figures.Reviewed > 0 && out.Done == "" {
			out.Done = h.ID
		}
	}
	q := QuarterOf(now)
	if len(all) == 0 {
		first := FirstFor(t.CreatedAt)
		out.Quarter, out.State, out.DueAt = first.Key(), Waiting, first.Closes()
		from := first.Opens()
		if t.CreatedAt.After(from) {
			from = t.CreatedAt
		}
		if !q.Before(first) && now.After(from.Add(grace)) {
			out.State = NotOpened
			bad("%sの見直しが始まっていません", q)
		}
		return out
	}
	newest := &all[0]
	out.Quarter, out.State, out.OpenedAt, out.DueAt, out.Figures = newest.ID, newest.State, newest.OpenedAt, newest.DueAt, newest.figures
	if newest.ID != q.Key() && now.After(q.Opens().Add(grace)) {
		out.State = NotOpened
		bad("%sの見直しが始まっていません", q)
	}
	judged := false
	for i := range all {
		h := &all[i]
		if !h.told {
			bad("%sの見直しの記録が、監査ログの記録と合いません", h.Title())
			continue
		}
		if !h.intact {
			bad("%sの固定した一覧が、記録した値と一致しません", h.Title())
		}
		switch {
		case h.State == Running || h.State == Closing:
			if now.After(h.DueAt.Add(grace)) {
				bad("%sの見直しが期限までに終わっていません", h.Title())
			}
		case judged:
		default:
			judged = true
			for _, says := range h.problems() {
				bad("%s%s", h.Title(), says)
			}
		}
	}
	return out
}

// problems of a campaign that is over.
func (h *history) problems() (out []string) {
	f := h.figures
	if h.State == Missed {
		return []string{"の見直しが行われませんでした"}
	}
	if h.Late() {
		out = append(out, "の見直しを、四半期のうちに締め切れませんでした")
	}
	if f.Total > f.Gone && f.Reviewed == 0 && f.Escalated == 0 {
		out = append(out, "の見直しに、だれも判断しませんでした")
	}
	if f.Open+f.Escalated > 0 {
		out = append(out, fmt.Sprintf("の見直しに、判断の残る権限が%d件あります", f.Open+f.Escalated))
	}
	if n := f.ToDo - f.Denied; n > 0 {
		out = append(out, fmt.Sprintf("の見直しで外すと決めた権限が、%d件まだ使えます", n))
	}
	return out
}

// Standings of every customer and the association; tenants that have left are not in it.
func (s *Service) Standings(ctx context.Context) ([]Standing, error) {
	all, _, err := s.register(ctx)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	var out []Standing
	for _, t := range all {
		if t.Closed {
			continue
		}
		st, err := s.standing(ctx, t, now)
		if err != nil {
			return nil, err
		}
		out = append(out, st)
	}
	return out, nil
}

func (s *Service) standing(ctx context.Context, t tenant.Tenant, now time.Time) (Standing, error) {
	campaigns, err := s.campaigns(ctx, t.ID, "quarter")
	if err != nil {
		return Standing{}, err
	}
	var all []history
	judged := false
	for _, c := range campaigns {
		told, err := s.told(ctx, t.ID, &c)
		if err != nil {
			return Standing{}, err
		}
		if judged || !told { // what lies before the last one that is over counts as it was sealed
			all = append(all, history{c, sealedFigures(c), true, told})
			continue
		}
		judged = c.State == Closed || c.State == Missed
		lines, err := s.lines(ctx, t.ID, c.ID)
		if err != nil {
			return Standing{}, err
		}
		whole := c.State != Closed || len(lines) == c.Report.Total // an addendum is in no snapshot
		all = append(all, history{c, Tally(lines), c.State == Missed || whole && SnapshotHash(c.ID, lines) == c.Snapshot, told})
	}
	out := stand(t, all, now)
	gone, err := s.gone(ctx, t, campaigns, now)
	if gone != "" {
		out.Problems = append(out.Problems, gone)
	}
	return out, err
}

func sealedFigures(c Campaign) *Report {
	if c.Report != nil {
		return c.Report
	}
	return &Report{}
}

// Overview is Standings for an actor: of every tenant for the association, else of the actor's own.
func (s *Service) Overview(ctx context.Context, a actor.Actor) ([]Standing, error) {
	if err := s.Guard(a, permRead); err != nil {
		return nil, err
	}
	all, err := s.Standings(ctx)
	if err != nil {
		return nil, err
	}
	ours := false
	for _, st := range all {
		ours = ours || st.Tenant == a.Tenant && st.Kind == tenant.Association
	}
	var out []Standing
	for _, st := range all {
		if ours || st.Tenant == a.Tenant {
			out = append(out, st)
		}
	}
	return out, nil
}
