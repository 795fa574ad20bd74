package audit

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/testdb"
)

// A crash may come between any two of: event committed, leaf integrated, place recorded, checkpoint
// published. Verification holds at once, and the next start completes what was begun, without a second leaf.
func TestCrashesAreCompleted(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		w := newWorld(t, e)
		l := w.open()
		w.fill(l, 3)
		w.must(l.Close()) // nothing shipped
		if r := w.holds("nothing shipped"); r.Sealed || len(r.Notes) == 0 {
			t.Errorf("%+v", r)
		}

		l = w.open()
		w.must(l.shipAll(t.Context()))
		w.fill(l, 300)
		w.must(l.shipAll(t.Context()))
		w.must(l.Close()) // shipped and recorded, perhaps not published
		w.holds("not published")

		a := newAttacker(w)
		a.sql("update audit_event set log_index = null where log_index >= 500") // integrated, not recorded
		if r := w.holds("not recorded"); r.Sealed {
			t.Errorf("%+v", r)
		}
		w.must(os.WriteFile(filepath.Join(w.cfg.Dir, "tile/0/0021234567"), []byte("half"), 0o600)) // Tessera's temporary file
		if r := w.holds("a temporary file"); len(r.Notes) == 0 {
			t.Error("not mentioned")
		}

		l = w.open()
		w.must(l.Seal(t.Context()))
		r := w.holds("completed")
		if r.Leaves != r.Events || !r.Sealed || len(r.Notes) != 0 {
			t.Errorf("%+v", r)
		}
	})
}

func TestPlacesErasedBeforeTheEndAreNotACrash(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		w := newWorld(t, e)
		l := w.open()
		w.fill(l, 10)
		w.must(l.shipAll(t.Context()))
		w.must(l.Close())
		a := newAttacker(w)
		a.sql("update audit_event set log_index = null where log_index = 5")
		a.refused("a place in the middle erased", IndexAltered)
	})
}

func TestOpenRefusesWhatDoesNotBelongTogether(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		w := sealedWorld(t, e)
		dir := w.cfg.Dir
		try := func(name, want string, do func()) {
			t.Helper()
			do()
			l, err := Open(t.Context(), w.DB, w.v, w.cfg)
			if code(err) != want {
				t.Errorf("%s: %v", name, err)
			}
			if l != nil {
				w.must(l.Close())
			}
			w.restore("good_")
			copyDir(t, dir+".good", dir)
		}
		try("log put back", "audit.log_behind", func() { copyDir(t, dir+".old", dir) })
		try("log gone", "audit.log_behind", func() { w.must(os.RemoveAll(dir)) })
		try("state gone", "audit.log_behind", func() { w.must(os.RemoveAll(filepath.Join(dir, ".state"))) })
		try("checkpoint gone", "audit.log_damaged", func() { w.must(os.Remove(filepath.Join(dir, "checkpoint"))) })
		try("database put back", "audit.log_diverged", func() { w.restore("old_") })
		try("key gone", "audit.key_missing", func() { w.must(os.Rename(dir+"-key", dir+"-key.away")) })
		w.must(os.Rename(dir+"-key.away", dir+"-key"))
		w.must(os.Chmod(dir+"-key", 0o644))
		try("key readable", "audit.key_readable", func() {})
		w.must(os.Chmod(dir+"-key", 0o600))
		l := w.open()
		try("a second process", "audit.in_use", func() {})
		w.must(l.Close())
	})
}

func TestTheDatabaseRefusesToForget(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		w := newWorld(t, e)
		l := w.open()
		w.fill(l, 2)
		w.must(l.Seal(t.Context()))
		for name, q := range map[string]db.Query{
			"change": qForgetChange, "delete": qForgetDelete, "erase place": qForgetPlace, "shorten": qForgetHead, "unseal": qForgetSeal,
		} {
			err := w.DB.Tx(t.Context(), db.Global, func(tx *db.Tx) error { _, err := tx.Exec(q); return err })
			if err == nil {
				t.Errorf("%s: the database does it", name)
			}
		}
		w.holds("after the attempts")
	})
}

var (
	qForgetChange = db.GlobalQ("audit_test.change", `update audit_event set verb = 'x'`)
	qForgetDelete = db.GlobalQ("audit_test.delete", `delete from audit_event`)
	qForgetPlace  = db.GlobalQ("audit_test.place", `update audit_event set log_index = null`)
	qForgetHead   = db.GlobalQ("audit_test.head", `update audit_chain set seq = seq - 1`)
	qForgetSeal   = db.GlobalQ("audit_test.seal", `delete from audit_seal`)
)

// A stop that is cut off between any two of its steps is a crash and nothing else; the next start says so
// in the log, and goes on.
func TestAStopCutOffAtAnyStep(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		w := newWorld(t, e)
		for _, step := range []string{"appended", "added", "published", "swept"} {
			l := w.open()
			w.fill(l, 3)
			l.crash = func(at string) error {
				if at == step {
					return errors.New("cut off")
				}
				return nil
			}
			if err := l.Seal(t.Context()); err == nil {
				t.Fatalf("%s: not cut off", step)
			}
			w.must(l.Close())
			if r := w.holds("cut off when " + step); r.Sealed || len(r.Notes) == 0 {
				t.Errorf("%s: %+v", step, r)
			}
			w.must(w.open().Close()) // starts and is killed at once
			w.holds("started after " + step)
			w.must(w.open().Seal(t.Context()))
			if r := w.holds("stopped after " + step); !r.Sealed || len(r.Notes) != 0 {
				t.Errorf("%s: %+v", step, r)
			}
		}
	})
}

// TestAnEmptyLogIsNotBegunAnew: whoever reads the data folder can take the tree away, say in the database that
// nothing was ever in it, and sign the seals anew; the service itself must not rebuild the tree over it. What a kill
// in the first second of the first start leaves is begun as ever.
func TestAnEmptyLogIsNotBegunAnew(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		a := sealedWorld(t, e)
		w := a.world
		refused := func(what string) {
			t.Helper()
			l, err := Open(t.Context(), w.DB, w.v, w.cfg)
			if code(err) != "audit.log_gone" {
				t.Errorf("%s: %v", what, err)
			}
			if l != nil {
				w.must(l.Close())
			}
			if r := w.verify(); r.OK {
				t.Errorf("%s: verify finds nothing", what)
			}
		}
		w.must(os.RemoveAll(w.cfg.Dir))
		a.sql(`update audit_event set log_index = null`)
		a.sql(`delete from audit_event where tenant_id = (select min(tenant_id) from audit_event) and seq = (select max(seq) from audit_event x where x.tenant_id = (select min(tenant_id) from audit_event))`)
		refused("the tree, the places and an event are gone, the seals are there")
		a.sql(`delete from audit_seal`)
		a.sql(`update audit_event set at = at - 7200000000 where seq = 1`)
		if l, err := Open(t.Context(), w.DB, w.v, w.cfg); code(err) != "audit.log_gone" {
			t.Errorf("the seals are gone too, the events are two hours apart: %v", err)
			if l != nil {
				w.must(l.Close())
			}
		}
	})
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		w := newWorld(t, e)
		l := w.open()
		w.fill(l, 3)
		w.must(l.Close()) // nothing was shipped: a kill at once
		w.must(os.RemoveAll(w.cfg.Dir))
		l = w.open()
		w.must(l.shipAll(t.Context()))
		w.must(l.Seal(t.Context()))
		w.holds("begun after a kill")
	})
}
