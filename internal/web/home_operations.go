package web

import (
	"net/http"
	"time"

	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/governance/erasure"
	"rakudos/internal/governance/retention"
	"rakudos/internal/operations/asset"
	"rakudos/internal/operations/jobs"
	"rakudos/internal/people/access"
)

// operationDuties are what an operator who is woken at night has to know first: work that stands still, and what of
// the service nobody answers for. Together with the controls and the keys on the same page they are everything
// that the service can tell about itself.
func (s *server) operationDuties(r *http.Request, v *Visitor, may func(access.Permission) bool, out *[]todo) error {
	if may(access.JobRead) {
		q, err := s.Jobs.View(r.Context(), v.Actor)
		if err != nil {
			return err
		}
		*out = append(*out, jobTodos(q, time.Now())...)
	}
	if may(access.AssetRead) {
		a, err := s.Assets.Attention(r.Context(), v.Actor)
		if err != nil {
			return err
		}
		*out = append(*out, assetTodos(a, v.Account, may(access.AssetManage))...)
	}
	return nil
}

// jobTodos tell of work that was given up or does not get its turn.
func jobTodos(q jobs.View, now time.Time) (out []todo) {
	if q.Stats.Dead > 0 {
		out = append(out, todo{"/jobs", "自動の処理が止まっています", group(q.Stats.Dead) + "件", "late"})
	}
	if since := q.Waits(now); !since.IsZero() {
		out = append(out, todo{"/jobs", "自動の処理が追いついていません", stamp(since) + " から", "late"})
	}
	return out
}

// assetTodos: where ledger and reality differ, and the disposals whose next step is not the visitor's own request.
func assetTodos(a asset.Attention, me ids.Account, manages bool) (out []todo) {
	d := a.Difference
	if n := len(d.Orphans) + len(d.Vanished) + len(d.Back) + len(d.Incomplete); n > 0 {
		out = append(out, todo{"/assets", "資源の台帳と、実際のものに食い違いがあります", group(n) + "件", "late"})
	}
	decide, carry := 0, 0
	for _, x := range a.Disposals {
		switch {
		case x.State == asset.Asked && x.AskedBy != me:
			decide++
		case x.State == asset.Approved && !x.Lapsed(time.Now()):
			carry++
		}
	}
	if manages && decide > 0 {
		out = append(out, todo{"/assets", "資源の処分の申請が、承認を待っています", group(decide) + "件", "soon"})
	}
	if manages && carry > 0 {
		out = append(out, todo{"/assets", "承認された資源の処分を、行ってください", group(carry) + "件", "soon"})
	}
	return out
}

// erasureDuties are the records whose period is over and that wait for a decision, and the holds to look at again.
func (s *server) erasureDuties(r *http.Request, v *Visitor, may func(access.Permission) bool, out *[]todo) error {
	now := time.Now()
	if may(access.RetentionCustomer) {
		all, err := s.Retention.Mine(r.Context(), v.Actor)
		if err != nil {
			return err
		}
		*out = append(*out, candidateTodos(all, now)...)
	}
	if may(access.RetentionDesk) {
		all, err := s.Retention.Tenants(r.Context(), v.Actor)
		if err != nil {
			return err
		}
		if len(all) > 0 {
			*out = append(*out, todo{"/desk/retention", "保持期間の終わった記録のある契約先があります", group(len(all)) + "社", "soon"})
		}
	}
	if may(access.HoldManage) {
		all, err := s.Erasure.Holds(r.Context(), v.Actor, v.Tenant)
		if err != nil {
			return err
		}
		*out = append(*out, holdTodos(all, jst.Of(now))...)
	}
	return nil
}

// candidateTodos counts what the customer has not decided about.
func candidateTodos(all []retention.Candidate, now time.Time) []todo {
	n, class := 0, "soon"
	for _, c := range all {
		if c.State != retention.Open || c.CustomerBy != "" {
			continue
		}
		n++
		if c.Overdue(now) {
			class = "late"
		}
	}
	if n == 0 {
		return nil
	}
	return []todo{{"/retention", "保持期間の終わった記録の消去を、決めてください", group(n) + "件", class}}
}

// holdDays is how long before its day a review of a hold is announced.
const holdDays = 30

// holdTodos tell of holds that somebody should look at again.
func holdTodos(all []erasure.Hold, today jst.Date) []todo {
	n, first, class := 0, jst.Date{}, "soon"
	for _, h := range all {
		if !h.ReleasedAt.IsZero() || !h.Unread && h.ReviewBy.Compare(today.AddDays(holdDays)) > 0 {
			continue
		}
		n++
		if h.Unread {
			class = "late"
		}
		if first.IsZero() || h.ReviewBy.Compare(first) < 0 {
			first = h.ReviewBy
		}
	}
	if n == 0 {
		return nil
	}
	if first.Compare(today) < 0 {
		class = "late"
	}
	return []todo{{"/holds", "消去の保全を見直してください（" + group(n) + "件）", day(first) + " まで", class}}
}
