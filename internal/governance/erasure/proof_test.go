package erasure

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/control"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/db"
	"rakudos/internal/operations/backup"
	"rakudos/internal/testkit/controltest"
	"rakudos/internal/testkit/testdb"
)

// scene lets the probes act on a bed.
type scene struct{ b *bed }

func (s scene) Gateway() *Gateway { return s.b.gate }

func (s scene) Canary(context.Context) (ids.Tenant, ids.Person, error) {
	return s.b.ours, s.b.people(s.b.ours)[0], nil
}

func (s scene) Customer(context.Context) (ids.Tenant, error) { return s.b.neighbour, nil }

func (s scene) Backup(ctx context.Context) error {
	_, err := s.b.backup.Run(ctx, machine)
	return err
}

func (s scene) OldestKeys(ctx context.Context) (time.Time, error) { return s.b.backup.OldestKeys(ctx) }

func (s scene) Restored(ctx context.Context, look func(*db.DB) error) error {
	dir := filepath.Join(s.b.TempDir(), "restored")
	if _, err := (backup.Source{Target: s.b.target(), Root: s.b.root, Ledger: s.b.replay}).Restore(ctx, dir, jst.Date{}); err != nil {
		return err
	}
	main, err := db.Open(ctx, db.Config{Engine: db.SQLite, Path: filepath.Join(dir, "main.db"), Readers: 1})
	if err != nil {
		return err
	}
	return errors.Join(look(main), main.Close())
}

// controls gives the promises over a bed of their own, sabotaged where the proof asks for it.
func (b *bed) control(id string, sabotaged bool) control.Control {
	b.Helper()
	p := Probing{
		Live: b.gate, Temp: filepath.Join(b.e.Dir, "tmp"),
		Sandbox: func(_ context.Context, sabotage string) (Scene, func(), error) {
			b.gate.Sabotage(sabotage)
			if sabotage == SabotageHoard || sabotage == SabotageLate {
				b = newBed(b.TB, testdb.New(b.TB, b.e.Engine), 3) // what is erased in the first one is gone
				b.gate.Sabotage(sabotage)
			}
			if sabotage == SabotageHoard {
				b.backup.SabotageRenewal()
			}
			if sabotage == SabotageLedger {
				b.replay.Sabotage(sabotage)
			}
			return scene{b}, func() {}, nil
		},
		OldestKeys: b.backup.OldestKeys,
		Oldest:     func(context.Context) (time.Time, error) { return time.Now().AddDate(0, -6, 0), nil },
	}
	for _, c := range Controls(p) {
		if c.ID == id {
			if sabotaged {
				c.Probe = c.Mutant
			}
			return c
		}
	}
	b.Fatalf("no control %s", id)
	return control.Control{}
}

func prove(t *testing.T, id string) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		controltest.Proves(t, id, func(sabotaged bool) error {
			b := newBed(t, testdb.New(t, e.Engine), 3)
			ev, err := b.control(id, sabotaged).Probe(t.Context())
			if err != nil {
				if sabotaged {
					t.Errorf("the mutant could not look: %v", err)
				}
				return err
			}
			if ev.Measured == "" || ev.OK != (len(ev.Failed) == 0) {
				t.Errorf("%+v", ev)
			}
			t.Log(ev.Measured)
			if !ev.OK {
				return fmt.Errorf("%v", ev.Failed)
			}
			return nil
		})
	})
}

func TestProofBackup(t *testing.T) { prove(t, "ER-BACKUP") }

// TestTheMutantOfBackupsNoticesBoth: what stays readable of the person and of the customer is named apart, and a
// probe that missed one of them would not count as caught.
func TestTheMutantOfBackupsNoticesBoth(t *testing.T) {
	b := newBed(t, testdb.New(t, db.SQLite), 3)
	ev, err := b.control("ER-BACKUP", true).Probe(t.Context())
	if err != nil || ev.OK || ev.Facts["after_person"].(int) < 2 || ev.Facts["after_customer"].(int) < 2 {
		t.Errorf("%+v %v", ev, err)
	}
	whole := newBed(t, testdb.New(t, db.SQLite), 3)
	if ev, err := mutantBackup(t.Context(), scene{whole}); err != nil || !ev.OK {
		t.Errorf("nothing could be read, and the mutant counts as caught: %+v %v", ev, err)
	}
	empty := newBed(t, testdb.New(t, db.SQLite), 1)
	if _, err := probeBackup(t.Context(), nobody{scene{empty}}); err == nil {
		t.Error("nothing could be read before, and it passes")
	}
}

// nobody is a scene whose customer has nobody.
type nobody struct{ scene }

func (n nobody) Canary(context.Context) (ids.Tenant, ids.Person, error) {
	return n.b.ours, ids.New[ids.Person](), nil
}

func TestProofLedger(t *testing.T) { prove(t, "ER-LEDGER") }

// TestTheMutantOfTheLedgerNoticesAll: the person, the customer, a ledger that is cut or gone, and one that is written too late; and a probe that finds
// none of them does not count as caught.
func TestTheMutantOfTheLedgerNoticesAll(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, testdb.New(t, e.Engine), 3)
		ev, err := b.control("ER-LEDGER", true).Probe(t.Context())
		if err != nil || ev.OK || len(ev.Failed) != 6 || strings.Count(strings.Join(ev.Failed, ""), "台帳に記入していません") != 2 {
			t.Errorf("%+v %v", ev, err)
		}
		whole := newBed(t, testdb.New(t, e.Engine), 3)
		if ev, err := mutantLedger(filepath.Join(e.Dir, "tmp"))(t.Context(), scene{whole}); err != nil || !ev.OK {
			t.Errorf("nothing came back, and the mutant counts as caught: %+v %v", ev, err)
		}
	})
}

func TestProofHold(t *testing.T) { prove(t, "LH-HOLD") }

// TestAnOldBackupBreaksThePromise, and a live ledger that does not hold is told without looking further.
func TestLivePartsOfTheProbes(t *testing.T) {
	e := testdb.New(t, db.SQLite)
	b := newBed(t, e, 2)
	fine := func(context.Context) (control.Evidence, error) {
		return control.Evidence{OK: true, Facts: map[string]any{}}, nil
	}
	p := Probing{Live: b.gate, OldestKeys: b.backup.OldestKeys}
	for age, ok := range map[int]bool{-1: true, -364: true, -366: false} {
		p.Oldest = func(context.Context) (time.Time, error) { return time.Now().AddDate(0, 0, age), nil }
		if ev, err := p.withAge(fine)(t.Context()); err != nil || ev.OK != ok {
			t.Errorf("%d days: %+v %v", age, ev, err)
		}
	}
	if ev, err := p.withLedger(fine)(t.Context()); err != nil || !ev.OK {
		t.Errorf("%+v %v", ev, err)
	}
	b.must(b.vault.KeepHead(t.Context(), vaultHead(3)))
	if ev, err := p.withLedger(fine)(t.Context()); err != nil || ev.OK || len(ev.Failed) != 1 || ev.Failed[0] != "erasure.ledger_missing" {
		t.Errorf("%+v %v", ev, err)
	}
}

// TestNoKeysOfBefore: a copy of the key store from before an erasure, in either place, breaks the promise, whatever the
// newest copy opens.
func TestNoKeysOfBefore(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		hoard := newBed(t, testdb.New(t, e.Engine), 3)
		hoard.backup.SabotageRenewal()
		ev, err := probeBackup(t.Context(), scene{hoard})
		if err != nil || ev.OK || ev.Facts["after_person"] != 0 || len(ev.Failed) != 2 {
			t.Errorf("%+v %v", ev, err)
		}

		b := newBed(t, e, 3)
		b.must(b.backup.RenewKeys(t.Context(), machine))
		before, err := b.backup.OldestKeys(t.Context())
		b.must(err)
		_, err = b.gate.ErasePersons(t.Context(), machine, b.ours, b.people(b.ours)[:1], order)
		b.must(err)
		p := Probing{Live: b.gate}
		for _, x := range []struct {
			keys, now time.Time
			ok        bool
		}{
			{time.Now(), time.Now().Add(3 * time.Hour), true},
			{before.Add(-time.Second), time.Now().Add(3 * time.Hour), false},
			{before.Add(-time.Second), time.Now(), true}, // it may still be waiting for its turn
		} {
			p.OldestKeys = func(context.Context) (time.Time, error) { return x.keys, nil }
			ev := control.Evidence{OK: true}
			if err := p.noOldKeys(t.Context(), x.now, &ev); err != nil || ev.OK != x.ok {
				t.Errorf("%+v %v", ev, err)
			}
		}
	})
}
