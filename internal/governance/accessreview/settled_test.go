package accessreview

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/people/identity"
)

// TestEveryLineIsSettledAfterTheClose: four quarters in a row with answers at random, from nobody answering
// to everybody. After each close nothing is open, what was taken away is denied, what people kept is there,
// and somebody can still administer.
func TestEveryLineIsSettledAfterTheClose(t *testing.T) {
	quarters(t, func(h *house) {
		ctx, r := h.t.Context(), rand.New(rand.NewPCG(3, 1))
		reviewers := []string{"midori/tenantadmin", "midori/tenantadmin2", "hikari/tenantadmin", "kyokai/itsm", "kyokai/operator"}
		for round := range 4 {
			h.must(h.Tick(ctx))
			q := QuarterOf(time.Now())
			for _, who := range reviewers {
				for _, of := range []string{"", "midori", "hikari"} {
					s, err := h.Sheet(ctx, h.as(who), of, q.Key())
					if err != nil {
						continue // not hers to see
					}
					for _, l := range s.Lines {
						if l.Reviewer != h.acc[who].ID || l.Decision != Open || r.IntN(4) < 3-round {
							continue
						}
						v := Verdict{No: l.No, Decision: []Decision{Keep, Keep, Revoke}[r.IntN(3)], Reason: "無作為"}
						if err := h.Decide(ctx, h.as(who), of, q.Key(), []Verdict{v}); err != nil && !lastAdmin(err) {
							h.must(err)
						}
					}
				}
			}
			h.jump(q.Closes())
			for _, code := range []string{"midori", "hikari", "kyokai"} {
				h.settled(code, q.Key())
			}
			// everybody gets back what was taken, so that the next quarter has something to ask
			for key, a := range h.acc {
				role := actor.Role(trimDigits(a.LoginID))
				if !h.as(key).Has(role) {
					h.must(h.ids.SetGrants(ctx, actor.System(a.Tenant, "test"), a.ID, []identity.Grant{{Role: role}}, "もとに戻す"))
				}
			}
			h.jump(q.Ends().Add(time.Minute))
		}
	})
}

func lastAdmin(err error) bool { return lastOne(err) || errorCode(err) == "review.last_admin" }

// settled looks at every line of a closed campaign.
func (h *house) settled(code, campaign string) {
	h.t.Helper()
	t := h.of[code]
	c, err := h.campaign(h.t.Context(), t.ID, campaign)
	h.must(err)
	lines, err := h.lines(h.t.Context(), t.ID, campaign)
	h.must(err)
	if c.State != Closed || c.Report == nil || c.Report.Total != len(lines) || !c.ClosedAt.Before(c.EndsAt) {
		h.t.Fatalf("%s %s: %+v", code, campaign, c)
	}
	for i := range lines {
		l := &lines[i]
		switch {
		case l.Decision == Open:
			h.t.Errorf("%s %s: line %d is open after the close", code, campaign, l.No)
		case string(l.DecidedBy) == l.Subject, string(l.Reviewer) == l.Subject:
			h.t.Errorf("%s %s: line %d was decided by its subject", code, campaign, l.No)
		case l.Kind != Account:
		case l.Decision.takes() && l.ReadBack != "denied", l.Decision.Human() && l.DecidedBy == "":
			h.t.Errorf("%s %s: %+v", code, campaign, l)
		}
	}
	admin := actor.TenantAdmin
	if code == "kyokai" {
		admin = actor.ITSM
	}
	left := 0
	for key, a := range h.acc {
		if a.Tenant == t.ID && h.as(key).Has(admin) {
			left++
		}
	}
	if left == 0 {
		h.t.Errorf("%s %s: nobody administers", code, campaign)
	}
}

// TestAnEscalatedLineFollowsWhoeverCanDecide: the second signer leaves after the close.
func TestAnEscalatedLineFollowsWhoeverCanDecide(t *testing.T) {
	quarters(t, func(h *house) {
		ctx := h.t.Context()
		h.hire("kyokai", "itsm2")
		h.must(h.Tick(ctx))
		q := QuarterOf(time.Now())
		h.jump(q.Closes())
		who := func() string {
			rows, err := h.lines(ctx, h.of["hikari"].ID, q.Key())
			h.must(err)
			for _, l := range rows {
				if l.Decision == Escalated {
					return string(l.Reviewer)
				}
			}
			return ""
		}
		first := who()
		if first == "" {
			h.t.Fatal("nothing was escalated")
		}
		for _, x := range []string{"kyokai/itsm", "kyokai/itsm2"} {
			if string(h.acc[x].ID) == first {
				h.must(h.ids.Disable(ctx, actor.System(h.of["kyokai"].ID, "test"), h.acc[x].ID, "退職"))
			}
		}
		h.must(h.ids.SetGrants(ctx, actor.System(h.of["kyokai"].ID, "test"), h.acc["kyokai/itsm2"].ID, []identity.Grant{{Role: actor.ITSM}}, "引き継ぎ"))
		h.must(h.ids.SetGrants(ctx, actor.System(h.of["kyokai"].ID, "test"), h.acc["kyokai/itsm"].ID, []identity.Grant{{Role: actor.ITSM}}, "引き継ぎ"))
		h.must(h.Tick(ctx))
		if second := who(); second == first || second == "" {
			h.t.Errorf("still with %q", second)
		}
	})
}

func trimDigits(s string) string { return strings.TrimRight(s, "0123456789") }

func errorCode(err error) string {
	if f := fault.Of(err); f != nil {
		return f.Code
	}
	return ""
}

// jump lets time go by to an instant without any work in between.
func (h *house) jump(at time.Time) {
	h.t.Helper()
	time.Sleep(time.Until(at))
	h.must(h.Tick(h.t.Context()))
}
