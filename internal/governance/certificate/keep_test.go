package certificate

import (
	"bytes"
	"context"
	"log/slog"
	"maps"
	"slices"
	"testing"
	"time"

	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
	"rakudos/internal/testkit/testdb"
)

var tForged = db.Q("test.kept_forged", `insert into certificate_kept (tenant_id, item_id, sealed) values ($1, $2, $3)`)

// older is the service over records from before everything, with the key store as it is now: what a restore leaves.
func (b *bed) older(e *testdb.Env) *bed {
	b.t.Helper()
	log, err := audit.Open(b.t.Context(), e.DB, b.vault, audit.Config{Dir: e.Dir + "/log", CheckpointInterval: 100 * time.Millisecond, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.t.Fatal(err)
	}
	run, stop := context.WithCancel(context.WithoutCancel(b.t.Context()))
	done := make(chan struct{})
	go func() { defer close(done); _ = log.Run(run) }()
	b.t.Cleanup(func() { stop(); <-done; _ = log.Close() })
	d := b.Deps
	d.DB, d.Log = e.DB, log
	return &bed{New(d), b.t, b.vault, log, nil}
}

// TestARestoreForgetsNoCertificate: records from before them all, and from before the revocation and the rotation, get
// back what the key store keeps: the same files, the same keys with their ends, the same revocations; nothing twice.
func TestARestoreForgetsNoCertificate(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		ctx := t.Context()
		b := newBed(t, e)
		b.Store = e.Keys
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		first, err := b.Issue(ctx, machine, "run/1", sample("t1"))
		must(err)
		b.file(first.ID)
		early := b.older(testdb.New(t, e.Engine)) // knows the first certificate and its key
		if n, err := early.Keep(ctx); err != nil || n != 2 {
			t.Fatalf("%d put back, %v", n, err)
		}
		_, err = b.RotateKey(ctx, machine)
		must(err)
		lost, err := b.Issue(ctx, machine, "run/2", sample("t2"))
		must(err)
		must(b.Revoke(ctx, machine, first.ID, "誤り"))
		unproven, err := b.Issue(ctx, machine, "run/3", sample("t3"))
		must(err)
		_, whole := b.file(lost.ID)
		want := b.trust()

		bare := b.older(testdb.New(t, e.Engine))
		logs := append(want.Logs, bare.log.PublicKey(), early.log.PublicKey()) // a restore brings the log's key too
		for name, o := range map[string]*bed{"from before everything": bare, "from before the revocation": early} {
			t.Run(name, func(t *testing.T) {
				if n, err := o.Keep(ctx); err != nil || n < 5 {
					t.Fatalf("%d put back, %v", n, err)
				}
				got := o.trust()
				if !slices.EqualFunc(got.Keys, want.Keys, func(a, b PublicKey) bool { return a.Key == b.Key && a.Until.Equal(b.Until) }) ||
					!maps.EqualFunc(got.Revoked, want.Revoked, time.Time.Equal) {
					t.Errorf("%+v instead of %+v", got, want)
				}
				got.Logs = logs
				if rep := Verify(whole, got); !rep.OK {
					t.Errorf("the customer's file: %+v", rep.Problems)
				}
				if f, text := o.file(lost.ID); f.Certificate.ID != lost.ID || string(text) != string(whole) {
					t.Error("it is not the file that was handed out")
				}
				if _, text := o.file(unproven.ID); !Verify(text, got).OK {
					t.Errorf("one without a proof: %+v", Verify(text, got).Problems)
				}
				if f, text := o.file(first.ID); f.Revocation == nil || Verify(text, got).OK {
					t.Error("the revocation is forgotten")
				}
				if n, err := o.Keep(ctx); n != 0 || err != nil {
					t.Errorf("again: %d, %v", n, err)
				}
			})
		}
	})
}

// TestTheKeyStoreIsBelievedByItsSeal: a copy that somebody wrote into the key store is nobody's certificate.
func TestTheKeyStoreIsBelievedByItsSeal(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		b.Store = e.Keys
		if err := e.Keys.Tx(t.Context(), ids.System, func(tx *db.Tx) error {
			_, err := tx.Exec(tForged, ids.System, "certificate/forged", []byte("{}"))
			return err
		}); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if n, err := b.Keep(t.Context()); n != 0 || err != nil {
				t.Errorf("%d, %v", n, err)
			}
		}
		all, err := b.log.Find(t.Context(), machine, audit.Filter{Verb: "integrity.row_refused"})
		if err != nil || len(all) != 1 {
			t.Errorf("%d events, %v", len(all), err)
		}
	})
}

// TestCopiesFollowARotation of the service's own key: when the version of before is destroyed they open all the same.
func TestCopiesFollowARotation(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		ctx := t.Context()
		b := newBed(t, e)
		b.Store = e.Keys
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		_, err := b.Issue(ctx, machine, "run/1", sample("t1"))
		must(err)
		must(b.vault.NextTenant(ctx, ids.System, 1))
		_, err = b.Keep(ctx)
		must(err)
		system, err := b.vault.Tenant(ctx, ids.System)
		must(err)
		newest, _ := vault.Prefix(system.Version())
		items := 0
		must(e.Keys.View(ctx, ids.System, func(tx *db.Tx) error {
			return db.Each(tx, qKept, func(sc db.Scanner) error {
				var item string
				var sealed []byte
				err := sc.Scan(&item, &sealed)
				if items++; !bytes.HasPrefix(sealed, newest) {
					t.Errorf("%s stands under a version of before", item)
				}
				return err
			}, ids.System)
		}))
		if items < 2 || system.Version() != 2 {
			t.Errorf("%d items under version %d", items, system.Version())
		}
	})
}
