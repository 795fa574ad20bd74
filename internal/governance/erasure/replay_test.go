package erasure

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/db"
	"rakudos/internal/operations/backup"
	"rakudos/internal/testkit/testdb"
)

var (
	tForgetRuns = db.GlobalQ("erasure_test.forget_runs", `delete from erasure_run`)
	tPersonBack = db.Q("erasure_test.person_back", `insert into person (tenant_id, person_id, number_index, identity_index, left_on, sealed, import_id, created_at, updated_at)
		values ($1, $2, $3, $3, 0, $3, '', 1, 1)`)
	tLedgerN = db.GlobalQ("erasure_test.ledger_n", `update erasure_run set ledger_n = 99`)
)

func (b *bed) exec(t ids.Tenant, q db.Query, args ...any) {
	b.Helper()
	b.must(b.e.DB.Tx(context.Background(), t, func(tx *db.Tx) error { _, err := tx.Exec(q, args...); return err }))
}

// TestStartCatchesUp: a database that was put back by other means than a restore knows nothing of the runs since;
// the start applies the ledger before anybody reads, once.
func TestStartCatchesUp(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e, 3)
		p := b.people(b.ours)[0]
		_, err := b.gate.ErasePersons(t.Context(), machine, b.ours, []ids.Person{p}, order)
		b.must(err)
		if n, err := b.replay.CatchUp(t.Context(), e.DB, b.vault); err != nil || n != 0 {
			t.Errorf("nothing to do: %d %v", n, err)
		}
		b.exec(db.Global, tForgetRuns)
		b.exec(b.ours, tPersonBack, b.ours, p, []byte("back"))
		if n, err := b.replay.CatchUp(t.Context(), e.DB, b.vault); err != nil || n != 1 {
			t.Errorf("caught up: %d %v", n, err)
		}
		if n := b.counts(e.DB, b.ours)["person"]; n != 2 {
			t.Errorf("%d people", n)
		}
		runs, err := b.gate.Runs(t.Context(), machine, b.ours, 5)
		if err != nil || len(runs) != 1 || runs[0].State != Done || runs[0].LedgerN != 1 || runs[0].Order.RequestedBy != "ledger" {
			t.Errorf("%+v %v", runs, err)
		}
		if n, err := b.replay.CatchUp(t.Context(), e.DB, b.vault); err != nil || n != 0 {
			t.Errorf("a second time: %d %v", n, err)
		}
		if _, err := b.replay.Ledger.Check(t.Context(), e.DB, b.vault); err != nil {
			t.Errorf("a check of the runs made anew: %v", err)
		}
	})
}

// TestRestoreWithoutLedgerIsRefused: with none, with one that was cut, and with one that lacks what the database
// has seen, nothing is restored and no folder stays.
func TestRestoreWithoutLedgerIsRefused(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e, 3)
		all := b.people(b.ours)
		for _, p := range all[:2] {
			_, err := b.gate.ErasePersons(t.Context(), machine, b.ours, []ids.Person{p}, order)
			b.must(err)
		}
		_, err := b.backup.Run(t.Context(), machine)
		b.must(err)
		file := filepath.Join(e.Dir, "erasure", ledgerName)
		whole, err := os.ReadFile(file)
		b.must(err)
		half := whole[:len(whole)/2+20]
		for name, put := range map[string]func(){
			"missing": func() { b.must(os.Remove(file)) },
			"cut":     func() { b.must(os.WriteFile(file, half, 0o600)) },
			"altered": func() { b.must(os.WriteFile(file, append([]byte(" "), whole...), 0o600)) },
		} {
			b.must(os.WriteFile(file, whole, 0o600))
			put()
			dir := filepath.Join(t.TempDir(), "to")
			_, err := (backup.Source{Target: b.target(), Root: b.root, Ledger: b.replay}).Restore(t.Context(), dir, jst.Date{})
			if code(err) != "backup.ledger" {
				t.Errorf("%s: %v", name, err)
			}
			if left, _ := os.ReadDir(dir); len(left) != 0 {
				t.Errorf("%s: %d files were left", name, len(left))
			}
			if d, err := b.backup.Drill(t.Context(), machine); err != nil || d.OK {
				t.Errorf("%s: the drill passes: %+v %v", name, d, err)
			}
			if _, err := b.gate.ErasePersons(t.Context(), machine, b.ours, all[2:], order); err == nil {
				t.Errorf("%s: somebody was erased", name)
			}
			if _, err := b.replay.CatchUp(t.Context(), e.DB, b.vault); err == nil {
				t.Errorf("%s: a service starts", name)
			}
		}
		b.must(os.WriteFile(file, whole, 0o600))
		b.exec(db.Global, tLedgerN)
		if _, err := b.replay.CatchUp(t.Context(), e.DB, b.vault); code(err) != "erasure.ledger_short" {
			t.Errorf("the database has seen more: %v", err)
		}
	})
}

// TestReplayIsSwitchedOffInMutantsAlone: a sandbox without the replay brings people back.
func TestReplayIsSwitchedOffInMutantsAlone(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e, 2)
		_, err := b.backup.Run(t.Context(), machine)
		b.must(err)
		_, err = b.gate.EraseTenant(t.Context(), machine, b.ours, order)
		b.must(err)
		b.replay.Sabotage(SabotageLedger)
		dir := filepath.Join(t.TempDir(), "to")
		r, err := (backup.Source{Target: b.target(), Root: b.root, Ledger: b.replay}).Restore(t.Context(), dir, jst.Date{})
		b.must(err)
		old, err := db.Open(t.Context(), db.Config{Engine: db.SQLite, Path: filepath.Join(dir, "main.db"), Readers: 1})
		b.must(err)
		defer func() { b.must(old.Close()) }()
		if n := b.counts(old, b.ours)["person"]; n != 2 || r.Ledger != "0件を適用" {
			t.Errorf("%d people, %s", n, r.Ledger)
		}
	})
}

// TestAStoppedReplayReports an error rather than half a result.
func TestAStoppedReplayReports(t *testing.T) {
	e := testdb.New(t, db.SQLite)
	b := newBed(t, e, 2)
	_, err := b.gate.EraseTenant(t.Context(), machine, b.ours, order)
	b.must(err)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := b.replay.Replay(ctx, e.DB, e.Keys); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
