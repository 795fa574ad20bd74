package accessreview

import (
	"strings"
	"sync"
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/people/tenant"
)

var (
	tSelf    = db.Q("review_test.self", `update review_line set reviewer_id = subject_id where tenant_id = $1 and kind = 'account'`)
	tDecider = db.Q("review_test.decider", `update review_line set decided_by = subject_id, decision = 'keep' where tenant_id = $1 and kind = 'account'`)
	tTamper  = db.Q("review_test.tamper", `update review_line set role = 'employee' where tenant_id = $1 and line_no = 1`)
	tVanish  = db.Q("review_test.vanish", `update tenant set closed_at = $2 where tenant_id = $1`)
)

func (h *house) sql(t ids.Tenant, q db.Query, args ...any) error {
	return h.DB.Tx(h.t.Context(), t, func(tx *db.Tx) error {
		_, err := tx.Exec(q, append([]any{t}, args...)...)
		return err
	})
}

// TestNobodyReviewsHimself: the service refuses it, and so do the tables when somebody goes past the service.
func TestNobodyReviewsHimself(t *testing.T) {
	quarters(t, func(h *house) {
		ctx := h.t.Context()
		h.must(h.Tick(ctx))
		q := QuarterOf(time.Now()).Key()
		own := h.line(h.sheet("hikari/tenantadmin", "", q), "hikari/tenantadmin")
		if own.Reviewer != h.acc["kyokai/itsm"].ID || own.ReviewerOf != h.of["kyokai"].ID {
			h.t.Fatalf("the only administrator is reviewed by %+v", own.Reviewer)
		}
		keep := []Verdict{{No: own.No, Decision: Keep, Reason: "必要"}}
		h.want(h.Decide(ctx, h.as("hikari/tenantadmin"), "", q, keep), "review.self")
		h.want(h.Decide(ctx, h.as("kyokai/operator"), "hikari", q, keep), "review.not_yours")
		h.want(h.Decide(ctx, h.as("midori/tenantadmin"), "hikari", q, keep), "review.missing")
		if err := h.Decide(ctx, h.as("hikari/hr"), "", q, keep); !fault.Is(err, fault.Denied) {
			h.t.Fatalf("who has no permission gets %v", err)
		}
		for name, stmt := range map[string]db.Query{"reviewer": tSelf, "decider": tDecider} {
			if err := h.sql(h.of["hikari"].ID, stmt); err == nil {
				h.t.Errorf("the table takes a subject as his own %s", name)
			}
		}
		// The association sees of another tenant what it has to decide, and nothing else; others see nothing.
		if s := h.sheet("kyokai/itsm", "hikari", q); len(s.Lines) != 1 || !s.Foreign || s.Mine != 1 {
			h.t.Fatalf("%+v", s.Lines)
		}
		_, err := h.Sheet(ctx, h.as("kyokai/auditor"), "hikari", q)
		h.want(err, "review.missing")
		_, err = h.Sheet(ctx, h.as("midori/tenantadmin"), "hikari", q)
		h.want(err, "review.missing")
	})
}

// TestNeighboursAreUntouched: what is decided and closed in one tenant changes no row of another.
func TestNeighboursAreUntouched(t *testing.T) {
	quarters(t, func(h *house) {
		ctx := h.t.Context()
		h.must(h.Tick(ctx))
		q := QuarterOf(time.Now())
		before := h.sheet("midori/tenantadmin", "", q.Key())
		h.answer("hikari/tenantadmin", "", q.Key())
		h.answer("kyokai/itsm", "hikari", q.Key())
		after := h.sheet("midori/tenantadmin", "", q.Key())
		if LinesHash("x", before.Lines) != LinesHash("x", after.Lines) {
			h.t.Error("the neighbour's lines changed")
		}
		for _, l := range after.Lines {
			if l.Login == "" || strings.Contains(l.Login, "itsm") {
				h.t.Errorf("%+v", l)
			}
		}
		own, err := h.Overview(ctx, h.as("midori/tenantadmin"))
		h.must(err)
		all, err := h.Overview(ctx, h.as("kyokai/auditor"))
		h.must(err)
		if len(own) != 1 || own[0].Code != "midori" || len(all) != 3 {
			h.t.Errorf("%d and %d tenants are seen", len(own), len(all))
		}
	})
}

func TestAddendumReassignmentAndGone(t *testing.T) {
	quarters(t, func(h *house) {
		ctx := h.t.Context()
		h.must(h.Tick(ctx))
		q := QuarterOf(time.Now())
		// somebody new during the campaign
		h.hire("midori", "physician")
		h.must(h.Tick(ctx))
		s := h.sheet("midori/tenantadmin", "", q.Key())
		added := h.line(s, "midori/physician")
		if !added.Addendum || added.No != 5 || added.Reviewer == "" || !s.Intact {
			h.t.Fatalf("%+v", added)
		}
		// a reviewer is disabled: his lines go to the other, and the other's own to the association
		who, other := "midori/tenantadmin", "midori/tenantadmin2"
		h.must(h.ids.Disable(ctx, actor.System(h.of["midori"].ID, "test"), h.acc[who].ID, "退職"))
		h.must(h.Tick(ctx))
		for _, l := range h.sheet(other, "", q.Key()).Lines {
			want := h.acc[other].ID
			if l.Subject == string(want) {
				want = h.acc["kyokai/itsm"].ID
			}
			if l.Reviewer != want {
				h.t.Errorf("%s is reviewed by %s", l.Login, l.Reviewer)
			}
		}
		// a grant that an administrator takes away meanwhile needs no answer any more
		h.must(h.ids.RevokeGrant(ctx, actor.System(h.of["midori"].ID, "test"), h.acc["midori/hr"].ID, identityGrant("hr"), "異動"))
		h.must(h.Tick(ctx))
		if l := h.line(h.sheet(other, "", q.Key()), "midori/hr"); l.Decision != Gone {
			h.t.Errorf("%+v", l)
		}
		if h.log.count(h.of["midori"].ID, "review.addendum") != 1 || h.log.count(h.of["midori"].ID, "review.reassigned") == 0 {
			h.t.Error("the log lacks what happened")
		}
	})
}

// TestJoinAndLeave: who joins in the last fortnight waits for the next quarter; who leaves has no campaign
// any more; a quarter in which the service did not run is on record.
func TestJoinAndLeave(t *testing.T) {
	quarters(t, func(h *house) {
		ctx := h.t.Context()
		h.must(h.Tick(ctx))
		q := QuarterOf(time.Now())
		h.until(q.ahead(5))
		h.join("akari", tenant.Customer, "tenantadmin", "hr")
		h.must(h.Tick(ctx))
		if st := h.standing("akari"); st.State != Waiting || st.Quarter != q.Next().Key() || len(st.Problems) != 0 {
			h.t.Fatalf("%+v", st)
		}
		h.must(h.sql(h.of["hikari"].ID, tVanish, db.Micros(time.Now())))
		h.must(h.Tick(ctx))
		rows, err := h.campaigns(ctx, h.of["hikari"].ID, "quarter")
		h.must(err)
		if rows[0].State != Void || h.log.count(ids.System, "review.void") != 1 {
			h.t.Fatalf("%+v", rows[0])
		}
		h.until(q.Ends().Add(time.Minute))
		if st := h.standing("akari"); st.State != Running || st.Quarter != q.Next().Key() {
			h.t.Fatalf("%+v", st)
		}
		// the service sleeps through the rest of this quarter and the whole of the next
		lost := q.Next().Next()
		time.Sleep(time.Until(lost.Ends().Add(time.Hour)))
		h.must(h.Quarter(ctx, lost))
		h.must(h.Quarter(ctx, lost.Next()))
		rows, err = h.campaigns(ctx, h.of["akari"].ID, "quarter")
		h.must(err)
		if len(rows) != 3 || rows[0].State != Running || rows[1].State != Missed || rows[2].State != Closed || !rows[2].Late() || !rows[2].Report.Late {
			h.t.Fatalf("%+v", rows)
		}
		if st := h.standing("akari"); len(st.Problems) == 0 || !strings.Contains(st.Problems[0], "行われませんでした") {
			h.t.Fatalf("%+v", st)
		}
	})
}

// TestTwoNodesDoNotDouble: several rounds at once open one campaign, and close it once.
func TestTwoNodesDoNotDouble(t *testing.T) {
	quarters(t, func(h *house) {
		ctx := h.t.Context()
		both := func() {
			var wg sync.WaitGroup
			for range 3 {
				wg.Go(func() {
					if err := New(h.Deps).Tick(ctx); err != nil {
						h.t.Error(err)
					}
				})
			}
			wg.Wait()
		}
		both()
		midori := h.of["midori"].ID
		if n := h.log.count(midori, "review.opened"); n != 1 {
			h.t.Fatalf("opened %d times", n)
		}
		if s := h.sheet("midori/tenantadmin", "", QuarterOf(time.Now()).Key()); len(s.Lines) != 4 {
			h.t.Fatalf("%d lines", len(s.Lines))
		}
		time.Sleep(time.Until(QuarterOf(time.Now()).Closes()))
		both()
		if n := h.log.count(midori, "review.closed"); n != 1 {
			h.t.Fatalf("closed %d times", n)
		}
	})
}

// TestACloseThatWasCutOffResumes: the process ends after each step of closing.
func TestACloseThatWasCutOffResumes(t *testing.T) {
	quarters(t, func(h *house) {
		ctx := h.t.Context()
		h.must(h.Tick(ctx))
		q := QuarterOf(time.Now())
		time.Sleep(time.Until(q.Closes()))
		c, err := h.campaign(ctx, h.of["midori"].ID, q.Key())
		h.must(err)
		h.must(h.moveOn(ctx, c)) // killed right after
		s := h.sheet("midori/tenantadmin", "", q.Key())
		hr := h.line(s, "midori/hr")
		h.must(h.silence(ctx, c.Tenant, c.ID, []int{hr.No}, Open, Suspended, "review.suspended", time.Now())) // killed again
		who := "midori/tenantadmin"
		if hr.Reviewer != h.acc[who].ID {
			who = "midori/tenantadmin2"
		}
		h.want(h.Decide(ctx, h.as(who), "", q.Key(), []Verdict{{No: hr.No, Decision: Keep}}), "review.decided")
		h.must(h.Tick(ctx))
		s = h.sheet("kyokai/itsm", "midori", q.Key()) // what was put to it
		if s.State != Closed || len(s.Lines) != 1 || s.Lines[0].Decision != Escalated {
			h.t.Fatalf("%+v", s)
		}
		if h.as("midori/hr").Has(actor.HR) || h.log.count(c.Tenant, "review.suspended") != 2 {
			h.t.Error("what was begun was not finished")
		}
	})
}

func TestTamperingWithTheSnapshotShows(t *testing.T) {
	quarters(t, func(h *house) {
		h.must(h.Tick(h.t.Context()))
		q := QuarterOf(time.Now()).Key()
		h.must(h.sql(h.of["midori"].ID, tTamper))
		if h.sheet("midori/tenantadmin", "", q).Intact {
			h.t.Error("a changed line is not noticed")
		}
		if st := h.standing("midori"); len(st.Problems) != 1 {
			h.t.Errorf("%+v", st.Problems)
		}
		if st := h.standing("hikari"); len(st.Problems) != 0 {
			h.t.Errorf("%+v", st.Problems)
		}
	})
}

// TestMachinesAreReviewedToo: one is withdrawn by the program and is gone; a database role has to be taken
// away by hand, and counts as granted until it is.
func TestMachinesAreReviewedToo(t *testing.T) {
	quarters(t, func(h *house) {
		ctx := h.t.Context()
		h.must(h.Tick(ctx))
		q := QuarterOf(time.Now())
		s := h.sheet("kyokai/itsm", "", q.Key())
		var v []Verdict
		for _, l := range s.Lines {
			if l.Kind != Account {
				v = append(v, Verdict{No: l.No, Decision: Revoke, Reason: "使っていない"})
			}
		}
		h.must(h.Decide(ctx, h.as("kyokai/itsm"), "", q.Key(), v))
		got := map[Kind]string{}
		for _, l := range h.sheet("kyokai/itsm", "", q.Key()).Lines {
			got[l.Kind] = l.ReadBack
		}
		if got[Machine] != "denied" || got[Database] != "granted" {
			h.t.Fatalf("%v", got)
		}
		h.answer("kyokai/itsm", "", q.Key())
		h.answer("kyokai/operator", "", q.Key())
		h.until(q.Closes())
		if st := h.standing("kyokai"); len(st.Problems) != 1 || !strings.Contains(st.Problems[0], "まだ使えます") {
			h.t.Fatalf("%+v", st)
		}
		h.etc.machines[h.of["kyokai"].ID] = nil // dropped on the server
		h.until(q.Ends().Add(time.Hour))
		if st := h.standing("kyokai"); len(st.Problems) != 0 {
			h.t.Fatalf("%+v", st)
		}
	})
}

// TestBulkKeepsOnlyWhatDoesNotStandOut also measures the pace and calls the stamping by its name.
func TestBulkKeepsOnlyWhatDoesNotStandOut(t *testing.T) {
	quarters(t, func(h *house) {
		ctx := h.t.Context()
		h.must(h.Tick(ctx))
		q := QuarterOf(time.Now())
		who := "hikari/tenantadmin"
		s := h.sheet(who, "", q.Key())
		h.must(h.Begin(ctx, h.as(who), s))
		time.Sleep(2 * time.Second)
		n, err := h.KeepRest(ctx, h.as(who), "", q.Key())
		h.must(err)
		if n != 1 {
			h.t.Fatalf("%d kept", n)
		}
		_, err = h.KeepRest(ctx, h.as("kyokai/itsm"), "hikari", q.Key()) // an administrator's right is privileged
		h.want(err, "review.nothing")
		r := h.sheet(who, "", q.Key()).Report
		if r.Bulk != 1 || r.Median != 2 || r.FastShare != 100 || r.Stamping != "high" || !r.AllKept || r.Open != 1 {
			h.t.Errorf("%+v", r)
		}
	})
}

// TestTheLogTellsWhatIsUsed: the events of an account stand beside its line as facts, those of the window only.
func TestTheLogTellsWhatIsUsed(t *testing.T) {
	quarters(t, func(h *house) {
		midori := h.of["midori"].ID
		h.log.use(midori, h.acc["midori/hr"].ID, "checkup.list")
		time.Sleep(100 * 24 * time.Hour)
		h.log.use(midori, h.acc["midori/hr"].ID, "people.list")
		h.log.use(midori, h.acc["midori/hr"].ID, "people.list")
		h.log.use(h.of["hikari"].ID, h.acc["midori/nurse"].ID, "people.list")
		h.must(h.Tick(h.t.Context()))
		s := h.sheet("midori/tenantadmin", "", QuarterOf(time.Now()).Key())
		if l := h.line(s, "midori/hr"); !strings.Contains(l.Used, "1種類を2回使用") || strings.Contains(flagsOf(l.Notes), "unused") {
			h.t.Errorf("%+v", l.Notes)
		}
		if l := h.line(s, "midori/nurse"); flagsOf(l.Notes) != "dormant unused" {
			h.t.Errorf("%+v", l.Notes)
		}
	})
}

// TestProbeCampaigns are for probe tenants only, one at a time, and leave nothing behind.
func TestProbeCampaigns(t *testing.T) {
	quarters(t, func(h *house) {
		ctx := h.t.Context()
		h.join("probe-x", tenant.Probe, "tenantadmin", "nurse", "hr")
		_, err := h.OpenProbe(ctx, "midori", "nurse")
		h.want(err, "identity.not_a_probe")
		h.want(h.CloseProbe(ctx, "midori", "nurse", actor.Nurse), "identity.not_a_probe")
		h.must(h.Tick(ctx)) // probes have no campaign of their own
		for range 2 {
			id, err := h.OpenProbe(ctx, "probe-x", "nurse", "tenantadmin")
			h.must(err)
			s := h.sheet("probe-x/tenantadmin", "", id)
			if len(s.Lines) != 2 || s.Mine != 1 {
				h.t.Fatalf("%+v", s.Lines)
			}
			n := h.line(s, "probe-x/nurse")
			h.must(h.Decide(ctx, h.as("probe-x/tenantadmin"), "", id, []Verdict{{No: n.No, Decision: Revoke, Reason: "点検"}}))
			if h.as("probe-x/nurse").Has(actor.Nurse) {
				h.t.Error("not carried out")
			}
			h.must(h.CloseProbe(ctx, "probe-x", "nurse", actor.Nurse))
			if !h.as("probe-x/nurse").Has(actor.Nurse) {
				h.t.Error("not given back")
			}
		}
		all, err := h.Standings(ctx)
		h.must(err)
		if len(all) != 3 {
			h.t.Errorf("%+v", all)
		}
	})
}
