package backup

import (
	"bytes"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/blob"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
	"rakudos/internal/governance/erasure"
	"rakudos/internal/testkit/testdb"
)

// eraser is the real deletion gateway over a world, with its ledger.
func (w *world) eraser() (*erasure.Gateway, *erasure.Replay) {
	w.t.Helper()
	ledger := erasure.NewLedger(filepath.Join(w.e.Dir, "erasure"), "")
	return erasure.New(erasure.Options{
		Main: w.e.DB, Keys: w.e.Keys, Vault: w.vault, Log: w.log, Ledger: ledger, Copies: w.Service, Backups: w.Service, Blobs: w.blobs,
		Guard: func(actor.Actor, string) error { return nil }, Tool: "test", Logger: slog.New(slog.DiscardHandler),
	}), &erasure.Replay{Ledger: ledger, Root: w.root}
}

func (w *world) erase(g *erasure.Gateway, t ids.Tenant) erasure.Record {
	w.t.Helper()
	r, err := g.EraseTenant(w.t.Context(), actor.System(ids.System, "test"), t, erasure.Order{Reason: "解約", RequestedBy: "a", ApprovedBy: []string{"a", "b"}})
	w.must(err)
	return r
}

// unreadable looks through a restored folder for anything of an erased customer that opens with the keys there; the
// others' names must open. Where the ledger was not replayed its rows are there, for nobody to open.
func (w *world) unreadable(dir string, gone ids.Tenant, others int, replayed bool) {
	w.t.Helper()
	ctx := w.t.Context()
	open := func(file string) *db.DB {
		d, err := db.Open(ctx, db.Config{Engine: db.SQLite, Path: filepath.Join(dir, file)})
		w.must(err)
		return d
	}
	keys, main := open(keysFile), open(mainFile)
	defer func() { _ = keys.Close(); _ = main.Close() }()
	v, err := vault.Open(ctx, keys, w.root)
	w.must(err)
	if _, err := v.Tenant(ctx, gone); fault.Of(err).Code != "vault.key_destroyed" {
		w.t.Errorf("the key is back: %v", err)
	}
	blobs, err := blob.Local(filepath.Join(dir, blobDir))
	w.must(err)
	seen := 0
	w.must(main.View(ctx, db.Global, func(tx *db.Tx) error {
		return db.Each(tx, tNames, func(s db.Scanner) error {
			var id ids.Tenant
			var name []byte
			if err := s.Scan(&id, &name); err != nil {
				return err
			}
			if id == gone {
				if replayed && len(name) != 0 || bytes.Contains(name, []byte(secretName)) {
					w.t.Errorf("a name of %d bytes is back", len(name))
				}
				return nil
			}
			k, err := v.Tenant(ctx, id)
			w.must(err)
			if b, err := k.Open(nameAt(id), name); err != nil || string(b) != secretName {
				w.t.Errorf("%s does not open: %v", id, err)
			}
			seen++
			return nil
		})
	}))
	if seen != others {
		w.t.Errorf("%d other customers instead of %d", seen, others)
	}
	names, err := blobs.List(ctx, "")
	w.must(err)
	for _, n := range names {
		if filepath.Dir(n) != string(gone) {
			continue
		}
		f, err := blobs.Open(ctx, n)
		w.must(err)
		b, err := io.ReadAll(f)
		w.must(err)
		_ = f.Close()
		k, err := v.Tenant(ctx, ids.System)
		w.must(err)
		if _, err := k.Open(nameAt(gone), b); err == nil || bytes.Contains(b, []byte(secretName)) {
			w.t.Errorf("%s opens", n)
		}
	}
}

// TestAYearOldBackupOfAnErasedCustomer on both engines: the customer was there when the oldest generation was taken,
// and is erased today. Its values opened in that generation before; restored now, nothing of it does, while
// everybody else is back.
func TestAYearOldBackupOfAnErasedCustomer(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		w := newWorld(t, e)
		victim := w.tenant(8)
		now := time.Now()
		day := jst.Of(now.AddDate(0, 0, -363))
		old, err := w.Service.run(t.Context(), operator, day.At(22, 0))
		w.must(err)
		w.run()
		before := t.TempDir()
		r, err := w.restoreTo(before, day)
		if err != nil || r.Set != old.ID {
			t.Fatalf("%+v %v", r, err)
		}
		w.same(before, 4)

		gate, replay := w.eraser()
		w.o.Ledger = replay
		rec := w.erase(gate, victim)
		if !slices.Contains(rec.Verification.Backups, old.ID) || rec.Verification.Tried == 0 || rec.Verification.Opened != 0 {
			t.Errorf("the erasure looked at %+v", rec.Verification)
		}
		after := t.TempDir()
		r, err = Source{Target: w.o.Target, Root: w.root, Ledger: replay}.Restore(t.Context(), after, day)
		if err != nil || r.Set != old.ID || r.Ledger != "1件を適用" {
			t.Fatalf("%+v %v", r, err)
		}
		w.unreadable(after, victim, 3, true)
	})
}

// TestAnErasedCustomerAtAnInstantBefore: the same for a copy of the cluster and its WAL, from before the erasure; and
// in the cluster itself, which holds the customer's rows until the ledger is replayed, no key opens them.
func TestAnErasedCustomerAtAnInstantBefore(t *testing.T) {
	r := newRiver(t, "")
	victim := r.tenant(8)
	r.run()
	r.flow()
	r.based()
	at := r.clock()
	r.reaches(r.clock())
	before := filepath.Join(r.e.Dir, "before")
	r.must(second(r.point(before, at, "")))
	r.same(before, 4)

	gate, replay := r.eraser()
	rec := r.erase(gate, victim)
	r.stop()
	base, _, err := r.reach(t.Context())
	r.must(err)
	leave, err := r.enterBases(t.Context()) // a copy is being made: nothing waits for it
	r.must(err)
	looked := []string{}
	r.must(r.Examine(t.Context(), func(set string, _ time.Time, _ *db.DB, _ *vault.Vault) error {
		looked = append(looked, set)
		return nil
	}))
	if leave(); len(looked) != 1 || looked[0] == base.ID {
		t.Errorf("beside a copy under way %v was looked at", looked)
	}
	first, err := r.point(filepath.Join(r.e.Dir, "first"), base.Base.Ended, "") // nothing was committed before
	if err != nil || first.Point.Commit.After(base.Base.Ended) {
		t.Errorf("the first instant: %v", err)
	}
	if v := rec.Verification; !slices.Contains(v.Backups, base.ID) || v.Tried < 2 || v.Opened != 0 { // in the daily set and in the cluster
		t.Errorf("the erasure looked at %+v", v)
	}
	bare := filepath.Join(r.e.Dir, "bare") // without the ledger the rows are there, and nothing opens them
	got, err := r.point(bare, at, "")
	r.must(err)
	if !slices.Contains(r.tenantsIn(bare), victim) || got.Ledger != "台帳なし" {
		t.Errorf("%+v", got)
	}
	r.unreadable(bare, victim, 3, false)
	r.o.Ledger = replay
	after := filepath.Join(r.e.Dir, "after")
	got, err = r.point(after, at, "")
	if err != nil || got.Ledger != "1件を適用" {
		t.Fatalf("%+v %v", got, err)
	}
	r.unreadable(after, victim, 3, true)
}
