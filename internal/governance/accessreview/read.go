package accessreview

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/people/tenant"
)

func (s *Service) campaigns(ctx context.Context, t ids.Tenant, purpose string) (all []Campaign, err error) {
	return all, s.DB.View(ctx, t, func(tx *db.Tx) (err error) {
		all, err = db.All(tx, qCampaigns, scanCampaign, t, purpose)
		return err
	})
}

// lines reads a campaign's lines without opening what is sealed.
func (s *Service) lines(ctx context.Context, t ids.Tenant, campaign string) ([]Line, error) {
	rows, err := s.stored(ctx, t, campaign)
	out := make([]Line, 0, len(rows))
	for _, r := range rows {
		out = append(out, r.Line)
	}
	return out, err
}

func (s *Service) stored(ctx context.Context, t ids.Tenant, campaign string) (rows []stored, err error) {
	k, err := s.Keys.Tenant(ctx, t)
	if err != nil {
		return nil, err
	}
	if err := s.DB.View(ctx, t, func(tx *db.Tx) (err error) {
		rows, err = db.All(tx, qLines, scanLine, t, campaign)
		return err
	}); err != nil {
		return nil, err
	}
	for i := range rows {
		if s.doubt(k, &rows[i]) {
			s.found(ctx, t, rows[i].Campaign, rows[i].No)
		}
	}
	return rows, nil
}

// Sheet is a campaign as somebody may see it.
type Sheet struct {
	Campaign
	Tenant      tenant.Tenant
	Lines       []Line // with names; those of another tenant only as far as they are the reader's to decide
	Report      *Report
	Mine        int  // undecided lines of the reader
	Intact      bool // the frozen lines still give the hash that stands in the log
	OpenedIndex int64
	ClosedIndex int64 // places of both events in the transparency log; -1 while on their way, or when there is none
	Foreign     bool
}

// Sheet opens a campaign for an actor of its tenant, or for a reviewer of the association who has lines in
// it: then those lines alone. fault.Missing "review.missing".
func (s *Service) Sheet(ctx context.Context, a actor.Actor, of, campaign string) (*Sheet, error) {
	if err := s.Guard(a, permRead); err != nil {
		return nil, err
	}
	t, err := s.tenantOf(ctx, a, of)
	if err != nil {
		return nil, err
	}
	c, err := s.campaign(ctx, t.ID, campaign)
	if err != nil {
		return nil, err
	}
	rows, err := s.stored(ctx, t.ID, campaign)
	if err != nil {
		return nil, err
	}
	out := &Sheet{Campaign: c, Tenant: t, Foreign: t.ID != a.Tenant, OpenedIndex: s.place(ctx, c.OpenedRef), ClosedIndex: s.place(ctx, c.ClosedRef)}
	key, err := s.Keys.Tenant(ctx, t.ID)
	if err != nil {
		return nil, err
	}
	var bare []Line
	for i := range rows {
		r := &rows[i]
		bare = append(bare, r.Line)
		mine := r.Reviewer == a.Account && r.ReviewerOf == a.Tenant && a.Account != ""
		if mine && (r.Decision == Open && c.State == Running || r.Decision == Escalated) {
			out.Mine++
		}
		if out.Foreign && !mine {
			continue
		}
		l, err := r.open(key)
		if err != nil {
			return nil, err
		}
		out.Lines = append(out.Lines, l)
	}
	if out.Foreign && len(out.Lines) == 0 {
		return nil, fault.New(fault.Missing, "review.missing")
	}
	out.Intact = c.State == Missed || SnapshotHash(c.ID, bare) == c.Snapshot
	out.Report = Tally(bare)
	return out, nil
}

// tenantOf finds the tenant of a campaign: the actor's own, or for the association any by its code.
func (s *Service) tenantOf(ctx context.Context, a actor.Actor, code string) (tenant.Tenant, error) {
	all, err := s.Tenants.List(ctx)
	if err != nil {
		return tenant.Tenant{}, err
	}
	ours := slices.ContainsFunc(all, func(t tenant.Tenant) bool { return t.ID == a.Tenant && t.Kind == tenant.Association })
	for _, t := range all {
		if t.ID == a.Tenant && (code == "" || code == t.Code) || ours && code != "" && t.Code == code {
			return t, nil
		}
	}
	return tenant.Tenant{}, fault.New(fault.Missing, "review.missing")
}

func (s *Service) campaign(ctx context.Context, t ids.Tenant, id string) (c Campaign, err error) {
	err = s.DB.View(ctx, t, func(tx *db.Tx) (err error) {
		c, err = db.One(tx, qCampaign, scanCampaign, t, id)
		return err
	})
	if fault.Is(err, fault.Missing) {
		err = fault.New(fault.Missing, "review.missing")
	}
	return c, err
}

// place is where an event stands in the transparency log; -1 when it is not there.
func (s *Service) place(ctx context.Context, ref string) int64 {
	part := strings.Split(ref, "/")
	if len(part) != 3 {
		return -1
	}
	seq, err := strconv.ParseInt(part[1], 10, 64)
	if err != nil {
		return -1
	}
	n, ok := s.Log.Index(ctx, audit.Ref{Tenant: ids.Tenant(part[0]), Seq: seq, ID: part[2]})
	if !ok {
		return -1
	}
	return n
}

// Summary is a campaign with its figures.
type Summary struct {
	Campaign
	Figures *Report
}

// Campaigns lists the actor's tenant's campaigns, the newest first.
func (s *Service) Campaigns(ctx context.Context, a actor.Actor) ([]Summary, error) {
	if err := s.Guard(a, permRead); err != nil {
		return nil, err
	}
	all, err := s.campaigns(ctx, a.Tenant, "quarter")
	if err != nil {
		return nil, err
	}
	out := make([]Summary, 0, len(all))
	for _, c := range all {
		lines, err := s.lines(ctx, a.Tenant, c.ID)
		if err != nil {
			return nil, err
		}
		out = append(out, Summary{c, Tally(lines)})
	}
	return out, nil
}

// Duty is what waits for a reviewer in one campaign.
type Duty struct {
	Code, Name string // of the tenant
	Campaign   string
	Title      string
	Due        time.Time
	Lines      int
	Foreign    bool
}

// Mine lists what waits for the actor, whichever tenant it is in; nothing for who may not decide.
func (s *Service) Mine(ctx context.Context, a actor.Actor) ([]Duty, error) {
	if s.Guard(a, permDecide) != nil || a.Account == "" {
		return nil, nil
	}
	type row struct {
		t   ids.Tenant
		due int64
		Duty
	}
	var rows []row
	err := s.DB.View(ctx, db.Global, func(tx *db.Tx) (err error) {
		rows, err = db.All(tx, qMine, func(r db.Scanner) (d row, err error) {
			return d, r.Scan(&d.t, &d.Campaign, &d.due, &d.Lines)
		}, string(a.Account), string(a.Tenant))
		return err
	})
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	all, err := s.Tenants.List(ctx)
	if err != nil {
		return nil, err
	}
	var out []Duty
	for _, r := range rows {
		for _, t := range all {
			if t.ID == r.t && t.Kind != tenant.Probe && !t.Closed {
				r.Code, r.Name, r.Due, r.Foreign = t.Code, t.Name, db.Time(r.due), t.ID != a.Tenant
				r.Title = (&Campaign{ID: r.Campaign}).Title()
				out = append(out, r.Duty)
			}
		}
	}
	return out, nil
}

// Begin starts the clock for a reviewer who opens his lines: what is decided next took from here on.
func (s *Service) Begin(ctx context.Context, a actor.Actor, sheet *Sheet) error {
	if sheet.Mine == 0 {
		return nil
	}
	return s.DB.Tx(ctx, sheet.Tenant.ID, func(tx *db.Tx) error {
		_, err := tx.Exec(qPace, sheet.Tenant.ID, sheet.ID, string(a.Account), db.Micros(time.Now()))
		return err
	})
}
