package app

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/cli"
	"rakudos/internal/engine/blob"
	"rakudos/internal/engine/db"
	"rakudos/internal/governance/erasure"
	"rakudos/internal/operations/backup"
	"rakudos/internal/testkit/testdb"
)

// apart is a configuration whose records have a PostgreSQL cluster to themselves.
func apart(t *testing.T) (Config, *testdb.Env) {
	t.Helper()
	e, _ := testdb.Apart(t, "")
	file := func(name, dsn string) string { return write(t, filepath.Join(e.Dir, name), dsn+"\n") }
	c := DefaultConfig()
	c.Data, c.Listen = filepath.Join(e.Dir, "data"), "127.0.0.1:0"
	c.Database = Database{
		Engine: db.Postgres, DSNFile: file("m", e.Main.DSN), OwnerDSNFile: file("mo", e.Main.OwnerDSN),
		KeysDSNFile: file("k", e.KeyStore.DSN), KeysOwnerDSN: file("ko", e.KeyStore.OwnerDSN),
	}
	return c, e
}

// TestErasedPeopleStayErasedAtAnyInstant: somebody is erased after an instant to which the records are brought
// back, by the verb that an operator has. The ledger is replayed before anybody opens them: the person's rows are
// gone, the key is gone, and everybody else is there.
func TestErasedPeopleStayErasedAtAnyInstant(t *testing.T) {
	c, e := apart(t)
	c.sabotage = map[string]bool{"none": true} // no probes beside the test
	r, err := Start(t.Context(), c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	files, err := blob.Local(c.path("blobs"))
	must(err)
	s, err := backup.Open(t.Context(), backup.Options{
		Physical: &backup.Physical{DSN: e.Main.DSN, Dir: c.path("wal"), Beat: 200 * time.Millisecond},
		Main:     r.DB, Keys: r.Keys, Vault: r.Vault, Root: r.root, Log: r.Audit, Blobs: files, Target: &backupPlace{dir: c.backupDir()},
		Environment: r.environment, Temp: c.path("tmp"), Policy: backup.DefaultPolicy(), Ledger: r.replay, Build: "test", Logger: slog.New(slog.DiscardHandler),
	})
	must(err)
	host := actor.HostOperator(ids.System, "backup")
	_, err = s.Run(t.Context(), host)
	must(err)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); _ = s.Follow(ctx) }()
	var at time.Time
	for end := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
		all, err := s.List(t.Context())
		must(err)
		if i := slices.IndexFunc(all, func(g backup.Generation) bool {
			return g.Restores != nil && g.Restores.Until.After(g.Restores.From.Add(time.Second))
		}); i >= 0 {
			at = all[i].Restores.From.Add(time.Second)
			break
		}
		if time.Now().After(end) {
			st, _ := s.Standing()
			t.Fatalf("no window within a minute: %+v", st)
		}
	}
	stop()
	<-done

	tenant, victim := r.probes.tenants[0], r.probes.people[0]
	order := erasure.Order{Reason: "試験", RequestedBy: "a", ApprovedBy: []string{"a", "b"}}
	if rec, err := r.Erasure.ErasePersons(t.Context(), actor.System(ids.System, "test"), tenant, []ids.Person{victim}, order); err != nil || rec.State != erasure.Done {
		t.Fatalf("%+v %v", rec, err)
	}
	before, err := r.Org.Directory(t.Context(), tenant)
	must(err)
	must(r.Close())

	to := filepath.Join(e.Dir, "restored")
	ask := cli.RestoreRequest{To: to, Instant: at, From: c.backupDir(), RootKey: c.path("root.key"), Ledger: c.path(ledgerDir)}
	got, err := houseBackups().Restore(t.Context(), cli.Options{Data: filepath.Join(e.Dir, "none")}, ask)
	must(err)
	if got.Ledger != "1件を適用" || got.Point == nil || got.Point.Commit.After(at) {
		t.Errorf("%+v %+v", got, got.Point)
	}
	n := DefaultConfig()
	n.Data = to
	a, err := Open(t.Context(), n, slog.New(slog.DiscardHandler))
	must(err)
	defer func() { _ = a.Close(context.WithoutCancel(t.Context())) }()
	list, err := a.Org.Directory(t.Context(), tenant)
	if err != nil || list.Len() != before.Len() || list.Len() == 0 {
		t.Errorf("%d people, %d after the erasure: %v", list.Len(), before.Len(), err)
	}
	for p := range list.All() {
		if p.ID == victim {
			t.Error("the erased person is back")
		}
	}
	if keys, err := a.Vault.Persons(t.Context(), tenant, []ids.Person{victim}); err == nil && len(keys) > 0 {
		t.Error("the erased person's key is back")
	}

	// Without the ledger nothing is given out at all, although the records themselves could be had.
	must(os.Rename(c.path(ledgerDir), c.path("away")))
	ask.To = filepath.Join(e.Dir, "without")
	if _, err := houseBackups().Restore(t.Context(), cli.Options{Data: filepath.Join(e.Dir, "none")}, ask); fault.Of(err).Code != "backup.ledger" && fault.Of(err).Code != "erasure.ledger_missing" {
		t.Errorf("without a ledger: %v", err)
	}
	if left, _ := os.ReadDir(ask.To); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestWhoCopiesTheCluster: the DSN of the replication's own role when there is one, the service's otherwise, and
// nothing on SQLite, in a sandbox, or from a file that others read.
func TestWhoCopiesTheCluster(t *testing.T) {
	dir := t.TempDir()
	own, rep := write(t, filepath.Join(dir, "own"), "host=own\n"), write(t, filepath.Join(dir, "rep"), "host=rep\n")
	c := DefaultConfig()
	if p, err := c.physical(); p != nil || err != nil {
		t.Errorf("sqlite: %+v %v", p, err)
	}
	c.Database.Engine, c.Database.DSNFile = db.Postgres, own
	if p, err := c.physical(); err != nil || p.DSN != "host=own" || p.Beat != time.Minute || p.Dir != filepath.Join("data", "wal") {
		t.Errorf("%+v %v", p, err)
	}
	c.Backup.ReplicationDSNFile = rep
	if p, err := c.physical(); err != nil || p.DSN != "host=rep" {
		t.Errorf("%+v %v", p, err)
	}
	if err := os.Chmod(rep, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := c.physical(); err == nil {
		t.Error("a secret that others read is taken")
	}
	c.sabotage = map[string]bool{"x": true}
	if p, err := c.physical(); p != nil || err != nil {
		t.Errorf("sandbox: %+v %v", p, err)
	}
}
