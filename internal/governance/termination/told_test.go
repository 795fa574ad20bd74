package termination

import (
	"rakudos/internal/base/fault"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/testdb"
)

var (
	tPhase  = db.Q("termination_test.phase", `update termination set phase = $3 where tenant_id = $1 and case_id = $2`)
	tSealed = db.Q("termination_test.sealed", `update termination set phase = 'closed', sealed = $3 where tenant_id = $1 and case_id = $2`)
	tGone   = db.Q("termination_test.gone", `delete from termination where tenant_id = $1 and case_id = $2`)
)

// TestALateCaseIsNotHiddenByItsRow: neither by what stands beside the seal nor by deleting the row; it still goes on.
func TestALateCaseIsNotHiddenByItsRow(t *testing.T) {
	testdb.Each(t, func(t *testing.T, env *testdb.Env) {
		testdb.New(t, env.Engine)
		synctest.Test(t, func(t *testing.T) {
			e := testdb.New(t, env.Engine)
			defer func() { _ = e.DB.Close(); _ = e.Keys.Close() }()
			w, _ := newWorld(t, e.DB, e.Keys, e.Dir)
			ctx := t.Context()
			c, err := w.Request(ctx, w.admin, jst.MonthEnd(jst.Of(time.Now())))
			must(t, err)
			_, err = w.Request(ctx, w.stranger, jst.MonthEnd(jst.Of(time.Now()).AddMonths(6)))
			must(t, err)
			time.Sleep(90 * 24 * time.Hour)
			look := func(what string, wantOpen, wantLate, wantGone int) {
				t.Helper()
				open, late, gone, err := w.Late(ctx)
				if err != nil || open != wantOpen || late != wantLate || gone != wantGone {
					t.Errorf("%s: %d open, %d late, %d gone, %v", what, open, late, gone, err)
				}
			}
			exec := func(q db.Query, args ...any) {
				t.Helper()
				must(t, e.DB.Tx(ctx, ids.System, func(tx *db.Tx) error { _, err := tx.Exec(q, append([]any{ids.System}, args...)...); return err }))
			}
			look("as it is", 2, 1, 0)
			for _, phase := range []string{"closed", "cancelled"} {
				exec(tPhase, c.ID, phase)
				look(phase, 2, 1, 0)
			}
			exec(tGone, c.ID)
			look("deleted", 1, 0, 1)
			must(t, w.Cancel(ctx, w.stranger, "検査"))
			look("the neighbour's own end", 0, 0, 1)
		})
	})
}

// TestACaseThatCannotBeReadIsOpen whatever stands beside its seal; it's counted and said, and stops no other.
func TestACaseThatCannotBeReadIsOpen(t *testing.T) {
	testdb.Each(t, func(t *testing.T, env *testdb.Env) {
		testdb.New(t, env.Engine)
		synctest.Test(t, func(t *testing.T) {
			e := testdb.New(t, env.Engine)
			defer func() { _ = e.DB.Close(); _ = e.Keys.Close() }()
			w, log := newWorld(t, e.DB, e.Keys, e.Dir)
			ctx := t.Context()
			c, err := w.Request(ctx, w.admin, jst.MonthEnd(jst.Of(time.Now())))
			must(t, err)
			_, err = w.Request(ctx, w.stranger, jst.MonthEnd(jst.Of(time.Now())))
			must(t, err)
			must(t, e.DB.Tx(ctx, ids.System, func(tx *db.Tx) error {
				_, err := tx.Exec(tSealed, ids.System, c.ID, []byte("sealed by nobody"))
				return err
			}))
			time.Sleep(90 * 24 * time.Hour)
			if open, late, gone, err := w.Late(ctx); err != nil || open != 2 || late != 1 || gone != 1 {
				t.Errorf("%d open, %d late, %d gone, %v", open, late, gone, err)
			}
			ev, err := controlOf(t, w.probing(gone()), "ER-TERMINATE").Probe(ctx)
			if err != nil || ev.OK || !strings.Contains(strings.Join(ev.Failed, ""), "読めません") {
				t.Errorf("the probe: %+v, %v", ev, err)
			}
			if err := w.Tick(ctx); err == nil || !strings.Contains(err.Error(), c.ID) {
				t.Errorf("the job says nothing of it: %v", err)
			}
			if log.count("termination.overdue") != 1 {
				t.Errorf("the neighbour's case was stopped by it: %v", log.verbs)
			}
			if _, unread, err := w.Desk(ctx, w.k1); err != nil || unread != 1 {
				t.Error("the desk's list looks complete")
			}
		})
	})
}

// TestAMonthTooFarAhead is refused before anything is written: a case with a day beyond the year 9999 could be sealed,
// but not read again.
func TestAMonthTooFarAhead(t *testing.T) {
	applied := By{At: time.Date(2026, 11, 29, 3, 0, 0, 0, time.UTC)}
	for month, code := range map[string]string{"2031-11-01": "", "2031-12-01": "termination.month_far", "9998-01-01": "date.far", "9999-12-01": "date.far", "2026-10-01": "date.month_past"} {
		wished, err := jst.ParseDate(month)
		must(t, err)
		_, err = open("c", "t", "name", "contract", wished, applied)
		if got := fault.Of(err); (code == "") != (err == nil) || err != nil && got.Code != code {
			t.Errorf("%s: %v instead of %q", month, err, code)
		}
	}
}
