package statement

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/control"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/testdb"
)

var (
	tImprove = db.Q("statement_test.improve", `update evidence set result = 'ok', measured = 'すべて守られています。' where tenant_id = $1`)
	tMove    = db.Q("statement_test.move", `update evidence set observed_at = observed_at + 3600000000 where tenant_id = $1`)
	tDrop    = db.Q("statement_test.drop", `delete from evidence where tenant_id = $1`)
	tOld     = db.Q("statement_test.old", `update evidence set mac = null where tenant_id = $1`)
)

// TestAForgedRowIsNotBelieved: whoever writes into the records improves no evidence, moves none in time, and
// a row from before the MACs counts as not looked at.
func TestAForgedRowIsNotBelieved(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		for name, forge := range map[string]db.Query{"improved": tImprove, "moved": tMove, "unbound": tOld} {
			c := sample("AC-LOCK", "3-4b")
			c.Probe = breaks("midori")
			if name != "improved" {
				c.Probe = holds("守られています。")
			}
			first := serviceOf(t, Config{DB: e.DB}, []control.Control{c})
			if _, err := first.RunOnce(t.Context(), "AC-LOCK"); err != nil {
				t.Fatal(err)
			}
			second := serviceOf(t, Config{DB: e.DB}, []control.Control{c})
			if k := shown(t, second, "3-4b"); (k.Status == control.Fail) != (name == "improved") || k.Status == control.Unknown {
				t.Fatalf("%s, before: %+v", name, k)
			}
			if err := e.DB.Tx(t.Context(), ids.System, func(tx *db.Tx) error { _, err := tx.Exec(forge, ids.System); return err }); err != nil {
				t.Fatal(err)
			}
			third := serviceOf(t, Config{DB: e.DB}, []control.Control{c})
			if k := shown(t, third, "3-4b"); k.Status != control.Unknown || !strings.Contains(k.Reason, "記録したときのまま") || k.Measured != "" || !k.FreshUntil.IsZero() {
				t.Errorf("%s: %+v", name, k)
			}
			if err := e.DB.Tx(t.Context(), ids.System, func(tx *db.Tx) error { _, err := tx.Exec(tDrop, ids.System); return err }); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// TestOnlyThisProcessVouches: what an earlier process saw stays on the page with its time, but a running
// service says PASS only of what it has looked at itself; another build's PASS is none either.
func TestOnlyThisProcessVouches(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		c := sample("AC-LOCK", "3-4b")
		if _, err := serviceOf(t, Config{DB: e.DB}, []control.Control{c}).RunOnce(t.Context(), "AC-LOCK"); err != nil {
			t.Fatal(err)
		}
		if k := shown(t, serviceOf(t, Config{DB: e.DB, Build: "other"}, []control.Control{c}), "3-4b"); k.Status != control.Stale || !strings.Contains(k.Reason, "別の版") {
			t.Errorf("another build: %+v", k)
		}
		free := make(chan struct{})
		inner := c.Probe
		c.Probe = func(ctx context.Context) (control.Evidence, error) { <-free; return inner(ctx) }
		s := serviceOf(t, Config{DB: e.DB}, []control.Control{c})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go s.Run(ctx) //nolint:errcheck // ends with the test
		want := func(status control.Status) {
			t.Helper()
			var k Card
			for end := time.Now().Add(10 * time.Second); time.Now().Before(end) && k.Status != status; time.Sleep(10 * time.Millisecond) {
				k = shown(t, s, "3-4b")
			}
			if k.Status != status || k.ObservedAt.IsZero() {
				t.Fatalf("want %s: %+v", status, k)
			}
		}
		want(control.Stale)
		close(free)
		want(control.Pass)
		var later *Observation
		s.mu.Lock()
		n, err := s.newest(ctx, []string{"AC-LOCK"})
		s.mu.Unlock()
		if later = n["AC-LOCK"]; err != nil || later.Ref == "" {
			t.Errorf("without its audit event: %+v, %v", later, err)
		}
	})
}

// TestABrokenPromiseShowsWithoutARecord: when evidence cannot be written down, the page neither keeps the
// old PASS nor hides what was found.
func TestABrokenPromiseShowsWithoutARecord(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		book := &notebook{}
		c := sample("AC-LOCK", "3-4b")
		s := serviceOf(t, Config{DB: e.DB, Journal: book}, []control.Control{c})
		if o := s.run(t.Context(), c); o != fine {
			t.Fatalf("%v", o)
		}
		book.err = errors.New("disk full")
		if o := s.run(t.Context(), c); o != unsure {
			t.Errorf("a result that could not be kept is tried again soon: %v", o)
		}
		if k := shown(t, s, "3-4b"); k.Status != control.Unknown || !strings.Contains(k.Reason, "記録できません") {
			t.Errorf("held, not kept: %+v", k)
		}
		c.Probe = breaks("平文の窓口")
		s.run(t.Context(), c)
		if k := shown(t, s, "3-4b"); k.Status != control.Fail || len(k.Failed) != 1 {
			t.Errorf("broken, not kept: %+v", k)
		}
		book.err = nil
		c.Probe = holds("守られています。")
		s.run(t.Context(), c)
		if k := shown(t, s, "3-4b"); k.Status != control.Pass {
			t.Errorf("kept again: %+v", k)
		}
	})
}
