package asset

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
	"rakudos/internal/testkit/controltest"
	"rakudos/internal/testkit/members"
	"rakudos/internal/testkit/testdb"
)

func service(t *testing.T, e *testdb.Env) (*Service, *audit.Log) {
	t.Helper()
	root, err := vault.FileRoot(e.Dir + "/root.key")
	if err != nil {
		t.Fatal(err)
	}
	v, err := vault.Open(t.Context(), e.Keys, root)
	if err != nil {
		t.Fatal(err)
	}
	log, err := audit.Open(t.Context(), e.DB, v, audit.Config{Dir: e.Dir + "/log", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() })
	dir := t.TempDir()
	for _, name := range []string{"main.db", "main.db-wal", "log", "blobs"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	plan := []Rule{{Prefix: "store:main.db", Class: Sensitive, Owner: "DEV", Disposal: byKey}, {Prefix: "store:log", Class: Internal, Owner: "SEC", Disposal: byKey}, {Prefix: "store:blobs", Class: Sensitive, Owner: "DEV", Disposal: byKey, Optional: true}}
	guard := func(a actor.Actor, _ string) error {
		if a.Has(actor.ITSM) {
			return nil
		}
		return fault.New(fault.Denied, "access.denied")
	}
	return New(Options{Second: members.Beside, DB: e.DB, Keys: v, Log: log, Dir: dir, Collectors: []Collector{Folder(dir), Databases(dir), Disks(dir), Self("test")}, Plan: append(plan, Rule{Prefix: "disk:*", Class: Internal, Owner: "SRE", Disposal: byProvider}, Rule{Prefix: "process:*", Class: Internal, Owner: "SRE", Disposal: byEnd}), Guard: guard}), log
}

func look(t *testing.T, s *Service) *View {
	t.Helper()
	v, err := s.Look(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestLedgerComesFromReality(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		s, _ := service(t, e)
		if v := look(t, s); !v.Difference.None() || len(v.Entries) != 5 {
			t.Fatalf("%d lines, %+v", len(v.Entries), v.Difference)
		}
		put := func(name, text string) {
			t.Helper()
			if err := os.WriteFile(filepath.Join(s.o.Dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		one, _ := pair()
		waits := func() int {
			t.Helper()
			a, err := s.Attention(t.Context(), one)
			if err != nil || len(a.Disposals) != 0 {
				t.Fatalf("%+v, %v", a, err)
			}
			return len(a.Difference.Orphans)
		}
		put("export.csv", "secret")
		put(sweepName+"of-a-probe", "x")
		if n := waits(); n != 0 {
			t.Errorf("%d orphans before anybody looked", n)
		}
		look(t, s)
		if n := waits(); n != 1 {
			t.Errorf("%d orphans wait for somebody, want 1 without that of the probe", n)
		}
		if _, err := s.Attention(t.Context(), actor.Actor{}); err == nil {
			t.Error("a stranger learns what waits")
		}
		if err := os.Remove(filepath.Join(s.o.Dir, sweepName+"of-a-probe")); err != nil {
			t.Fatal(err)
		}
		if v := look(t, s); len(v.Difference.Orphans) != 1 || v.Difference.Orphans[0].ID != "store:export.csv" {
			t.Fatalf("%+v", v.Difference)
		}
		for _, err := range []error{
			s.Claim(t.Context(), one, "store:export.csv", "secret", "SRE"), s.Claim(t.Context(), one, "store:export.csv", Internal, "  "),
			s.Claim(t.Context(), one, "store:nothing", Internal, "SRE"), s.Claim(t.Context(), actor.Actor{}, "store:export.csv", Internal, "SRE"),
		} {
			if err == nil {
				t.Error("a wrong claim is accepted")
			}
		}
		if err := s.Claim(t.Context(), one, "store:export.csv", Confidential, "SRE"); err != nil {
			t.Fatal(err)
		}
		if v := look(t, s); !v.Difference.None() {
			t.Fatalf("%+v", v.Difference)
		}
		// What somebody answers for and is gone without a disposal, is told; so is what the plan needs.
		for _, name := range []string{"export.csv", "log", "blobs"} {
			if err := os.Remove(filepath.Join(s.o.Dir, name)); err != nil {
				t.Fatal(err)
			}
		}
		v := look(t, s)
		if len(v.Difference.Vanished) != 2 { // blobs is optional
			t.Fatalf("%+v", v.Difference)
		}
		put("blobs", "x")
		put("log", "x")
		put("export.csv", "x")
		if v := look(t, s); !v.Difference.None() {
			t.Fatalf("%+v", v.Difference)
		}
	})
}

func TestDisposal(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		s, log := service(t, e)
		ctx := t.Context()
		dir := filepath.Join(s.o.Dir, "old", "deep")
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		text := bytes.Repeat([]byte("健診"), 50_000)
		path := filepath.Join(dir, "file")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		elsewhere := filepath.Join(t.TempDir(), "mine")
		if err := os.WriteFile(elsewhere, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(elsewhere, filepath.Join(dir, "link")); err != nil {
			t.Fatal(err)
		}
		handle, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer handle.Close()
		one, two := pair()
		if _, err := s.Ask(ctx, one, "store:old", "古い"); !fault.Is(err, fault.Missing) {
			t.Errorf("what is in no ledger is disposed of: %v", err)
		}
		if err := s.Claim(ctx, one, "store:old", Sensitive, "DEV"); err != nil {
			t.Fatal(err)
		}
		for _, id := range []string{"store:main.db", "store:../x", "store:", "key:x", "store:..", "store:a/b"} {
			if _, err := s.Ask(ctx, one, id, "理由"); !fault.Is(err, fault.Denied) {
				t.Errorf("%s: %v", id, err)
			}
		}
		if _, err := s.Ask(ctx, one, "store:old", " "); !fault.Is(err, fault.Invalid) {
			t.Errorf("no reason: %v", err)
		}
		if _, err := s.Ask(ctx, actor.Actor{Kind: actor.Human, Roles: []actor.Role{actor.ITSM}}, "store:old", "x"); !fault.Is(err, fault.Denied) {
			t.Errorf("nobody asks: %v", err)
		}
		d, err := s.Ask(ctx, one, "store:old", "古いため")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Ask(ctx, two, "store:old", "古いため"); fault.Of(err).Code != "asset.asked" {
			t.Errorf("asked twice: %v", err)
		}
		for what, err := range map[string]error{
			"carried without approval": carry(ctx, s, two, d.ID), "approved by oneself": s.Decide(ctx, one, d.ID, true), "approved by a puppet": s.Decide(ctx, actor.Actor{Kind: actor.Human, Tenant: one.Tenant, Account: members.Puppet, Roles: one.Roles}, d.ID, true),
			"stranger": s.Decide(ctx, actor.Actor{Account: "x"}, d.ID, true), "no such": s.Decide(ctx, two, ids.New[string](), true),
		} {
			if !fault.Is(err, fault.Denied) && !fault.Is(err, fault.Missing) {
				t.Errorf("%s: %v", what, err)
			}
		}
		if a, err := s.Attention(ctx, two); err != nil || len(a.Disposals) != 1 || a.Disposals[0].State != Asked {
			t.Errorf("what waits: %+v, %v", a, err)
		}
		if b, err := os.ReadFile(path); err != nil || !bytes.Equal(b, text) {
			t.Fatal("a refused disposal touched the resource")
		}
		if err := s.Decide(ctx, two, d.ID, true); err != nil {
			t.Fatal(err)
		}
		if err := s.Decide(ctx, two, d.ID, false); fault.Of(err).Code != "asset.decided" {
			t.Errorf("decided twice: %v", err)
		}
		done, err := s.Carry(ctx, one, d.ID)
		if err != nil || done.State != Done || done.Record.Files != 1 || done.Record.Bytes != int64(len(text)) || done.Record.Operator == done.Record.Verifier {
			t.Fatalf("%+v %v", done, err)
		}
		if _, err := os.Lstat(filepath.Join(s.o.Dir, "old")); !errors.Is(err, fs.ErrNotExist) {
			t.Error("the name is still there")
		}
		if err := blank(handle); err != nil {
			t.Errorf("the medium: %v", err)
		}
		if b, _ := os.ReadFile(elsewhere); !bytes.Equal(b, text) {
			t.Error("a link was followed")
		}
		if err := carry(ctx, s, one, d.ID); !fault.Is(err, fault.Denied) {
			t.Errorf("carried out twice: %v", err)
		}
		v, err := s.Ledger(ctx, one)
		if err != nil || !v.Difference.None() || len(v.Disposals) != 1 || v.Disposals[0].Record == nil {
			t.Fatalf("%+v %v", v, err)
		}
		if _, err := s.Ledger(ctx, actor.Actor{}); !fault.Is(err, fault.Denied) {
			t.Errorf("anybody reads the ledger: %v", err)
		}
		// The same name again is no old acquaintance.
		if err := os.WriteFile(filepath.Join(s.o.Dir, "old"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if v := look(t, s); len(v.Difference.Back) != 1 {
			t.Errorf("%+v", v.Difference)
		}
		entries, err := log.Find(ctx, actor.System(ids.System, "test"), audit.Filter{})
		if err != nil {
			t.Fatal(err)
		}
		var verbs []string
		for _, e := range entries {
			verbs = append(verbs, e.Verb+"/"+e.Result)
		}
		for _, want := range []string{"asset.disposal_asked/ok", "asset.disposal_decided/denied", "asset.disposal_decided/ok", "asset.disposed/denied", "asset.disposed/ok"} {
			if !strings.Contains(strings.Join(verbs, " "), want) {
				t.Errorf("the log lacks %s: %v", want, verbs)
			}
		}
	})
}

func carry(ctx context.Context, s *Service, a actor.Actor, id string) error {
	_, err := s.Carry(ctx, a, id)
	return err
}

// TestTakenBack: who asked may take it back alone; nobody carries it out then.
func TestTakenBack(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		s, _ := service(t, e)
		one, two := pair()
		if err := os.WriteFile(filepath.Join(s.o.Dir, "x"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := s.Claim(t.Context(), one, "store:x", Internal, "SRE"); err != nil {
			t.Fatal(err)
		}
		for _, who := range []actor.Actor{one, two} {
			d, err := s.Ask(t.Context(), one, "store:x", "理由")
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Decide(t.Context(), who, d.ID, false); err != nil {
				t.Fatal(err)
			}
			if err := carry(t.Context(), s, two, d.ID); !fault.Is(err, fault.Denied) {
				t.Errorf("%v", err)
			}
		}
	})
}

func TestDeletedRowsLeaveNothing(t *testing.T) {
	e := testdb.New(t, db.SQLite)
	s, _ := service(t, e)
	if n, err := s.deletedRow(t.Context()); err != nil || n != 0 {
		t.Errorf("%d %v", n, err)
	}
	// The counting itself finds what is there, across the borders of its buffer too.
	path := filepath.Join(t.TempDir(), "f")
	needle := []byte("needle-needle")
	if err := os.WriteFile(path, slicesOf(make([]byte, 1<<20-5), needle, make([]byte, 77), needle), 0o600); err != nil {
		t.Fatal(err)
	}
	if n, err := count(t.Context(), path, needle); err != nil || n != 2 {
		t.Errorf("%d %v", n, err)
	}
}

func slicesOf(all ...[]byte) []byte { return bytes.Join(all, nil) }

func TestProofs(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		s, _ := service(t, e)
		for _, c := range Controls(s) {
			t.Run(c.ID, func(t *testing.T) {
				controltest.Proves(t, c.ID, func(sabotaged bool) error {
					probe := c.Probe
					if sabotaged {
						probe = c.Mutant
					}
					got, err := probe(t.Context())
					var why unseen
					unseeable := e.Engine == db.Postgres && c.ID == "ER-REUSE" && !sabotaged
					if errors.As(err, &why) != unseeable {
						t.Errorf("what lies in the server's files: %v", err)
					} else if unseeable {
						err = nil // the half that can be seen holds
					}
					if err != nil {
						t.Fatal(err)
					}
					if !got.OK {
						return errors.New(strings.Join(got.Failed, "、"))
					}
					return nil
				})
			})
		}
		if v := look(t, s); !v.Difference.None() {
			t.Errorf("the probes leave something behind: %+v", v.Difference)
		}
	})
}

// TestCarriedOutOnceAtOnce: of people who press the button at the same moment one carries it out, the others are
// refused, and record and log say the same.
func TestCarriedOutOnceAtOnce(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		s, log := service(t, e)
		one, two := pair()
		if err := os.WriteFile(filepath.Join(s.o.Dir, "x"), bytes.Repeat([]byte("secret"), 1<<17), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := s.Claim(t.Context(), one, "store:x", Internal, "SRE"); err != nil {
			t.Fatal(err)
		}
		d, err := s.Ask(t.Context(), one, "store:x", "古いため")
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Decide(t.Context(), two, d.ID, true); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		var done, refused atomic.Int32
		for range 8 {
			wg.Go(func() {
				switch err := carry(t.Context(), s, one, d.ID); {
				case err == nil:
					done.Add(1)
				case fault.Is(err, fault.Denied):
					refused.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if done.Load() != 1 || refused.Load() != 7 {
			t.Errorf("%d carried out, %d refused", done.Load(), refused.Load())
		}
		v, err := s.Ledger(t.Context(), one)
		if err != nil || v.Disposals[0].State != Done {
			t.Fatalf("%+v %v", v, err)
		}
		entries, err := log.Find(t.Context(), actor.System(ids.System, "test"), audit.Filter{})
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range entries {
			if x.Verb == "asset.disposed" && x.Result == "failed" {
				t.Error("the log tells of a failure")
			}
		}
	})
}

var qAge = db.Q("assettest.age", `update asset_disposal set decided_at = decided_at - $3 where tenant_id = $1 and disposal_id = $2`)

// TestAnApprovalLapses: 30 days after it was given an approval carries nothing out, and does not keep anybody from
// asking again; a day earlier it does.
func TestAnApprovalLapses(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		s, log := service(t, e)
		ctx := t.Context()
		one, two := pair()
		path := filepath.Join(s.o.Dir, "old")
		if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		look(t, s)
		if err := s.Claim(ctx, one, "store:old", Internal, "上書きして消す"); err != nil {
			t.Fatal(err)
		}
		approved := func(age time.Duration) string {
			t.Helper()
			d, err := s.Ask(ctx, one, "store:old", "古いため")
			if err == nil {
				err = s.Decide(ctx, two, d.ID, true)
			}
			if err == nil {
				err = e.DB.Tx(ctx, ids.System, func(tx *db.Tx) error { _, err := tx.Exec(qAge, ids.System, d.ID, age.Microseconds()); return err })
			}
			if err != nil {
				t.Fatal(err)
			}
			return d.ID
		}
		id := approved(ApprovedFor + time.Minute)
		if err := carry(ctx, s, one, id); fault.Of(err) == nil || fault.Of(err).Code != "asset.lapsed" {
			t.Errorf("carried out too late: %v", err)
		}
		if _, err := os.Stat(path); err != nil {
			t.Error("it is gone")
		}
		if err := carry(ctx, s, one, id); !fault.Is(err, fault.Denied) {
			t.Errorf("a second time: %v", err)
		}
		approved(ApprovedFor + time.Minute) // lapses by itself when somebody asks anew
		id = approved(ApprovedFor - time.Minute)
		if _, err := s.Ask(ctx, one, "store:old", "古いため"); fault.Of(err) == nil || fault.Of(err).Code != "asset.asked" {
			t.Errorf("asked beside an approval that holds: %v", err)
		}
		if done, err := s.Carry(ctx, one, id); err != nil || done.State != Done {
			t.Errorf("%+v %v", done, err)
		}
		all, err := log.Find(ctx, actor.System(ids.System, "test"), audit.Filter{Verb: "asset.disposal_lapsed"})
		if err != nil || len(all) != 2 {
			t.Errorf("%d events, %v", len(all), err)
		}
	})
}

// TestNothingIsKnownByItself: a socket, a process, a certificate and a key of nobody are orphans under the service's
// own plan, on both engines; so is what an earlier, wider plan entered by itself, and its line ends with it. The
// mutant that believes everything leaves nothing behind.
func TestNothingIsKnownByItself(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		s, _ := service(t, e)
		wide := s.o.Plan
		s.o.Plan = append(slices.Clone(wide), Rule{Prefix: "listener:*", Class: Published, Owner: "SRE", Disposal: byEnd, Optional: true})
		there := []Found{{ID: "listener:0.0.0.0:9644", Kind: Listener, Name: "forgotten"}}
		s.Add(Collector{Kinds: []Kind{Listener, Certificate, Key}, Collect: func(context.Context) ([]Found, error) { return there, nil }})
		if v := look(t, s); !v.Difference.None() {
			t.Fatalf("the wide plan of before: %+v", v.Difference)
		}
		s.o.Plan = append(slices.Clone(Plan), wide[:4]...) // without the family of processes
		there = append(there, Found{ID: "listener:service", Kind: Listener}, Found{ID: "certificate:other", Kind: Certificate}, Found{ID: "certificate:server", Kind: Certificate},
			Found{ID: "key:unregistered/tenant/x/1", Kind: Key}, Found{ID: "key:tenant/x/1", Kind: Key}, Found{ID: "process:miner", Kind: Process})
		var ids []string
		for _, f := range look(t, s).Difference.Orphans {
			ids = append(ids, f.ID)
		}
		slices.Sort(ids)
		if want := []string{"certificate:other", "key:unregistered/tenant/x/1", "listener:0.0.0.0:9644", "process:miner"}; !slices.Equal(ids, want) {
			t.Errorf("orphans %v, want %v", ids, want)
		}
		lines := len(look(t, s).Entries)
		if ev, err := s.mutantLedger(t.Context()); err != nil || ev.OK || !strings.Contains(strings.Join(ev.Failed, ""), "置いてみた検査用のファイルに気づかなかった") {
			t.Errorf("%+v, %v", ev, err)
		}
		there = there[1:2]
		v := look(t, s)
		if len(v.Entries) != lines || v.Entries[slices.IndexFunc(v.Entries, func(x Entry) bool { return x.ID == "listener:0.0.0.0:9644" })].DisposedAt.IsZero() {
			t.Errorf("%d lines became %d: %+v", lines, len(v.Entries), v.Entries)
		}
	})
}
