package accessreview

import (
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/engine/db"
)

// What somebody does to a line who can write into the database and has no key.
var (
	tKeep    = db.Q("review_test.keep", `update review_line set decision = 'keep', decided_by = reviewer_id, decided_at = 1 where tenant_id = $1 and campaign_id = $2 and line_no = $3`)
	tAsk     = db.Q("review_test.ask", `update review_line set reviewer_id = $4 where tenant_id = $1 and campaign_id = $2 and line_no = $3`)
	tDone    = db.Q("review_test.done", `update review_line set readback = 'denied' where tenant_id = $1 and campaign_id = $2 and line_no = $3`)
	tNoMAC   = db.Q("review_test.no_mac", `update review_line set mac = null where tenant_id = $1`)
	tSwapMAC = db.Q("review_test.swap_mac", `update review_line set mac = (select x.mac from review_line x where x.tenant_id = $1 and x.campaign_id = $2 and x.line_no = $4), decision = 'keep' where tenant_id = $1 and campaign_id = $2 and line_no = $3`)
)

// TestDecisionsWrittenPastTheService: a decision, a reviewer or a reading back that the service has not written counts
// as none. Nobody decides such a line, and at the close it is suspended, really.
func TestDecisionsWrittenPastTheService(t *testing.T) {
	quarters(t, func(h *house) {
		ctx := h.t.Context()
		h.must(h.Tick(ctx))
		q := QuarterOf(time.Now())
		t, admin := h.of["midori"].ID, "midori/tenantadmin"
		hr, nurse := h.line(h.sheet(admin, "", q.Key()), "midori/hr"), h.line(h.sheet(admin, "", q.Key()), "midori/nurse")
		h.must(h.sql(t, tKeep, q.Key(), hr.No))
		h.must(h.sql(t, tSwapMAC, q.Key(), nurse.No, hr.No))
		for _, who := range []string{"midori/hr", "midori/nurse"} {
			l := h.line(h.sheet(admin, "", q.Key()), who)
			if !l.Altered || l.Decision != Open || l.DecidedBy != "" || l.Reviewer != "" {
				h.t.Errorf("%s: %+v", who, l)
			}
			for _, by := range []string{admin, "midori/tenantadmin2"} {
				if err := h.Decide(ctx, h.as(by), "", q.Key(), []Verdict{{No: l.No, Decision: Keep, Reason: "続ける"}}); err == nil {
					h.t.Errorf("%s decides the line of %s", by, who)
				}
			}
		}
		if n := h.log.count(t, "integrity.row_refused"); n != 2 {
			h.t.Errorf("%d events of two lines", n)
		}
		if n := h.log.count(h.of["hikari"].ID, "integrity.row_refused"); n != 0 {
			h.t.Errorf("%d events of the neighbour", n)
		}
		h.answer(admin, "", q.Key())
		h.answer("midori/tenantadmin2", "", q.Key())
		h.answer("hikari/tenantadmin", "", q.Key())
		h.until(q.Closes().Add(time.Minute))
		h.must(h.Tick(ctx))
		for _, who := range []string{"midori/hr", "midori/nurse"} {
			l := h.line(h.sheet(admin, "", q.Key()), who)
			a, err := h.ids.Effective(ctx, t, h.acc[who].ID)
			if l.Decision != Suspended || l.ReadBack != "denied" || l.Altered || err != nil || len(a.Roles) != 0 {
				h.t.Errorf("%s: %+v, %v", who, l, a.Roles)
			}
		}
		if a, err := h.ids.Effective(ctx, h.of["hikari"].ID, h.acc["hikari/hr"].ID); err != nil || !a.Has(actor.HR) {
			h.t.Errorf("the neighbour's grant: %+v %v", a, err)
		}
	})
}

// TestReadBackWrittenPastTheService: that a revocation was carried out can't be made up, nor a reviewer.
func TestReadBackWrittenPastTheService(t *testing.T) {
	quarters(t, func(h *house) {
		ctx := h.t.Context()
		h.must(h.Tick(ctx))
		q := QuarterOf(time.Now())
		t, admin := h.of["midori"].ID, "midori/tenantadmin"
		hr := h.line(h.sheet(admin, "", q.Key()), "midori/hr")
		h.must(h.sql(t, tDone, q.Key(), hr.No))
		if l := h.line(h.sheet(admin, "", q.Key()), "midori/hr"); !l.Altered || l.ReadBack != "" {
			h.t.Errorf("%+v", l)
		}
		nurse := h.line(h.sheet(admin, "", q.Key()), "midori/nurse")
		h.must(h.sql(t, tAsk, q.Key(), nurse.No, string(h.acc["midori/hr"].ID)))
		as := h.as("midori/hr")
		as.Roles = []actor.Role{actor.TenantAdmin}
		if err := h.Decide(ctx, as, "", q.Key(), []Verdict{{No: nurse.No, Decision: Keep, Reason: "続ける"}}); err == nil {
			h.t.Error("whom a writer has named decides")
		}
		h.until(q.Closes().Add(time.Minute))
		h.must(h.Tick(ctx))
		if a, err := h.ids.Effective(ctx, t, h.acc["midori/hr"].ID); err != nil || len(a.Roles) != 0 {
			h.t.Errorf("%+v %v", a, err)
		}
	})
}

// TestLinesFromBefore: lines of an older version are bound once, as they are.
func TestLinesFromBefore(t *testing.T) {
	quarters(t, func(h *house) {
		ctx := h.t.Context()
		h.must(h.Tick(ctx))
		q := QuarterOf(time.Now())
		admin := "hikari/tenantadmin"
		h.answer(admin, "", q.Key())
		before := h.sheet(admin, "", q.Key()).Report
		h.must(h.sql(h.of["hikari"].ID, tNoMAC))
		n, err := h.Adopt(ctx)
		h.must(err)
		after := h.sheet(admin, "", q.Key())
		if n == 0 || after.Report.Reviewed != before.Reviewed || !after.Intact {
			h.t.Errorf("%d bound, %+v", n, after.Report)
		}
		for _, l := range after.Lines {
			if l.Altered {
				h.t.Errorf("line %d is not bound", l.No)
			}
		}
		if n, err = h.Adopt(ctx); err != nil || n != 0 {
			h.t.Errorf("bound again: %d %v", n, err)
		}
	})
}
