package backup

import (
	"errors"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/job"
	"rakudos/internal/testkit/testdb"
)

var (
	tDrillGood = db.Q("backup_test.drill_good", `update backup_drill set ok = 1, receipt = replace(receipt, '"ok":false', '"ok":true') where tenant_id = $1`)
	tDrillForm = db.Q("backup_test.drill_forged", `insert into backup_drill (tenant_id, drill_id, set_id, at, ok, receipt)
		values ($1, 'zz', 'zz', $2, 1, '{"id":"zz","at":"2099-01-01T00:00:00Z","ok":true,"tables":4711,"rows":123456789}')`)
	tDrillGone = db.Q("backup_test.drill_gone", `delete from backup_drill where tenant_id = $1 and drill_id = $2`)
)

func (w *world) exec(q db.Query, args ...any) {
	w.t.Helper()
	w.must(w.e.DB.Tx(w.t.Context(), ids.System, func(tx *db.Tx) error {
		n, err := tx.Exec(q, args...)
		if err == nil && n == 0 {
			err = errors.New("nothing was written")
		}
		return err
	}))
}

// TestADrillIsWhatTheLogSays: a receipt that was written in past the service counts for nothing, a failed one stays a
// failure whether its row is edited, covered by a newer one or deleted, and a drill makes it good again (ADR 21).
func TestADrillIsWhatTheLogSays(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		w := newWorld(t, e)
		look := func() (ok bool, says string) {
			t.Helper()
			ev, err := w.control("BK-DRILL").Probe(t.Context())
			var why unknown
			if err != nil && !errors.As(err, &why) {
				t.Fatal(err)
			}
			return ev.OK, ev.Measured + strings.Join(ev.Failed, "") + string(why)
		}
		w.run()
		w.exec(tDrillForm, ids.System, db.Micros(time.Now()))
		if ok, says := look(); ok || !strings.Contains(says, "まだ行っていません") {
			t.Fatalf("a receipt without a drill: %t %s", ok, says)
		}
		w.spoil = loseRow(t.Context())
		first, err := w.Drill(t.Context(), nightly)
		if err != nil || first.OK {
			t.Fatalf("%+v %v", first, err)
		}
		if ok, says := look(); ok || strings.Contains(says, "4711") {
			t.Fatalf("a newer receipt hides the failed drill: %s", says)
		}
		w.exec(tDrillGood, ids.System)
		if ok, says := look(); ok || !strings.Contains(says, "書き換えられた") {
			t.Fatalf("an edited receipt: %t %s", ok, says)
		}
		w.spoil = nil
		if second, err := w.Drill(t.Context(), nightly); err != nil || !second.OK {
			t.Fatalf("%+v %v", second, err)
		}
		if ok, says := look(); !ok {
			t.Fatalf("a true one: %s", says)
		}
		w.spoil = loseRow(t.Context())
		third, err := w.Drill(t.Context(), nightly)
		w.must(err)
		w.exec(tDrillGone, ids.System, third.ID)
		if ok, says := look(); ok || !strings.Contains(says, "なくなって") {
			t.Fatalf("a failed receipt that was deleted: %t %s", ok, says)
		}
		if _, err := w.NewestDrill(t.Context()); !undrilled(err) {
			t.Fatalf("the next backup is not tried at once: %v", err)
		}
	})
}

// TestSinceIsHeldAgainstTheLog: whoever moves the day from which backups are due hides no day without one; a restore
// moves it rightfully.
func TestSinceIsHeldAgainstTheLog(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		w := newWorld(t, e)
		lies := func() bool {
			t.Helper()
			since, err := w.since(t.Context())
			w.must(err)
			says, err := w.sinceSays(t.Context(), since)
			w.must(err)
			for _, id := range []string{"BK-DAILY", "BK-RETAIN"} {
				ev, err := w.control(id).Probe(t.Context())
				var why unknown
				if err != nil && !errors.As(err, &why) {
					t.Fatal(err)
				}
				if says != "" && (ev.OK || !strings.Contains(strings.Join(ev.Failed, ""), says)) {
					t.Errorf("%s: %+v", id, ev)
				}
			}
			return says != ""
		}
		if lies() {
			t.Fatal("a new service")
		}
		w.bornOn(time.Now().Add(time.Hour))
		if says, err := w.sinceSays(t.Context(), time.Now().Add(time.Hour)); err != nil || says == "" {
			t.Fatalf("due only in the future: %q %v", says, err)
		}
		w.run()
		w.bornOn(time.Now())
		if !lies() {
			t.Fatal("due from now on, although a set was made before")
		}
		w.must(w.Settled(t.Context(), job.New(w.e.DB), operator, &Restored{}))
		if lies() {
			t.Fatal("a restore moves it")
		}
		w.run()
		time.Sleep(time.Millisecond)
		w.bornOn(time.Now())
		if !lies() {
			t.Fatal("moved again, after a set since the restore")
		}
	})
}
