package keys

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/job"
	"rakudos/internal/engine/vault"
	"rakudos/internal/testkit/pg"
	"rakudos/internal/testkit/testdb"
)

var (
	tTenant = db.Q("keys_test.tenant", `insert into tenant (tenant_id, code, kind, name, created_at) values ($1, $2, 'customer', $3, 1)`)
	tName   = db.Q("keys_test.name", `select name from tenant where tenant_id = $1`)
	tCanary = db.Q("keys_test.canary", `insert into vault_canary (tenant_id, written_at, by_tenant, by_person) values ($1, 1, $2, $3)`)
	tOf     = db.Q("keys_test.by_person", `select by_person from vault_canary where tenant_id = $1`)
	tAge    = db.Q("keys_test.age", `update key_tenant set created_at = created_at - $2 where tenant_id = $1`)
	tAgeP   = db.Q("keys_test.age_person", `update key_person set created_at = created_at - $2 where tenant_id = $1`)

	name   = vault.TenantColumn("tenant", "name", "tenant_id", func(id string) vault.Loc { return nameAt(ids.Tenant(id)) })
	record = vault.PersonColumn("vault_canary", "by_person", []string{"tenant_id"}, "$2 <> ''", func([]any) vault.Loc { return recordAt })
)

var recordAt = vault.Loc{Table: "vault_canary", ID: "x", Column: "by_person"}

func nameAt(t ids.Tenant) vault.Loc {
	return vault.Loc{Table: "tenant", ID: string(t), Column: "name"}
}

// shelf stands in for the backups: it counts how often the copies were made anew.
type shelf struct {
	mu      sync.Mutex
	renewed int
	copies  []Copy
	err     error
}

func (s *shelf) KeyCopies(context.Context) ([]Copy, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.copies), s.err
}

func (s *shelf) RenewKeys(context.Context, actor.Actor) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return s.err
	}
	s.renewed++
	s.copies = []Copy{{ID: fmt.Sprint(s.renewed), Taken: time.Now()}}
	return nil
}

// world is two tenants with people and records.
type world struct {
	t      testing.TB
	e      *testdb.Env
	vault  *vault.Vault
	log    *audit.Log
	jobs   *job.Queue
	shelf  *shelf
	a, b   ids.Tenant
	people []ids.Person
	*Service
}

var who = actor.HostOperator(ids.System, "keys")

func newWorld(t testing.TB, e *testdb.Env) *world {
	t.Helper()
	w := &world{t: t, e: e, shelf: &shelf{}}
	root, err := vault.FileRoot(filepath.Join(e.Dir, "root.key"))
	w.must(err)
	w.vault, err = vault.Open(t.Context(), e.Keys, root)
	w.must(err)
	w.log, err = audit.Open(t.Context(), e.DB, w.vault, audit.Config{Dir: filepath.Join(e.Dir, "log"), Logger: slog.New(slog.DiscardHandler)})
	w.must(err)
	t.Cleanup(func() { _ = w.log.Close() })
	w.jobs = job.New(e.DB, job.WithLog(slog.New(slog.DiscardHandler)))
	w.Service = New(Options{
		Main: e.DB, Keys: e.Keys, Vault: w.vault, Log: w.log, Jobs: w.jobs, Copies: w.shelf, Columns: []vault.Column{name, record},
		Guard: func(actor.Actor, string) error { return nil }, Policy: DefaultPolicy(), Logger: slog.New(slog.DiscardHandler),
	})
	return w
}

// furnish makes the tenants and their records.
func (w *world) furnish(n int) *world {
	w.t.Helper()
	w.a, w.b = w.tenant("a"), w.tenant("b")
	for range n {
		w.people = append(w.people, ids.New[ids.Person]())
	}
	for _, t := range []ids.Tenant{w.a, w.b} {
		w.must(w.vault.CreatePersons(ctx, t, w.people))
		tk, err := w.vault.Tenant(ctx, t)
		w.must(err)
		w.must(w.e.DB.Tx(ctx, t, func(tx *db.Tx) error {
			_, err := tx.Exec(tCanary, t, tk.Seal(recordAt, nil), w.person(t, w.people[0]).Seal(recordAt, []byte("value")))
			return err
		}))
	}
	return w
}

var ctx = context.Background()

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) tenant(code string) ids.Tenant {
	w.t.Helper()
	id := ids.New[ids.Tenant]()
	w.must(w.vault.CreateTenant(ctx, id))
	k, err := w.vault.Tenant(ctx, id)
	w.must(err)
	w.must(w.e.DB.Tx(ctx, id, func(tx *db.Tx) error {
		_, err := tx.Exec(tTenant, id, code+string(id), k.Seal(nameAt(id), []byte("みどり製作所")))
		return err
	}))
	return id
}

func (w *world) person(t ids.Tenant, p ids.Person) *vault.Key {
	w.t.Helper()
	keys, err := w.vault.Persons(ctx, t, []ids.Person{p})
	w.must(err)
	if keys[p] == nil {
		w.t.Fatalf("no key of %s", p)
	}
	return keys[p]
}

func (w *world) column(t ids.Tenant, q db.Query) (b []byte) {
	w.t.Helper()
	w.must(w.e.DB.View(ctx, t, func(tx *db.Tx) (err error) {
		b, err = db.Value[[]byte](tx, q, t)
		return err
	}))
	return b
}

// rotate begins and finishes a rotation.
func (w *world) rotate(r Request) *Work {
	w.t.Helper()
	r.Reason = "test"
	work, err := w.Begin(ctx, who, r)
	w.must(err)
	w.must(w.Do(ctx, work, nil))
	if work.State != Done || work.Step != stepDone {
		w.t.Fatalf("%+v", work)
	}
	return work
}

// readable checks every record of both tenants.
func (w *world) readable() {
	w.t.Helper()
	for _, t := range []ids.Tenant{w.a, w.b} {
		k, err := w.vault.Tenant(ctx, t)
		w.must(err)
		if got, err := k.Open(nameAt(t), w.column(t, tName)); err != nil || string(got) != "みどり製作所" {
			w.t.Fatalf("name: %q, %v", got, err)
		}
		if got, err := w.person(t, w.people[0]).Open(recordAt, w.column(t, tOf)); err != nil || string(got) != "value" {
			w.t.Fatalf("record: %q, %v", got, err)
		}
		keys, err := w.vault.Persons(ctx, t, w.people)
		if err != nil || len(keys) != len(w.people) {
			w.t.Fatalf("%d of %d keys, %v", len(keys), len(w.people), err)
		}
	}
}

func is(err error, want string) bool {
	var f *fault.Fault
	return errors.As(err, &f) && f.Code == want
}

func TestEachLevelRotates(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		w := newWorld(t, e).furnish(1200)
		before := w.column(w.a, tOf)
		neighbour, other := w.column(w.b, tName), w.column(w.b, tOf)

		w.rotate(Request{Kind: Tenant, Tenant: w.a})
		w.readable()
		if b := w.column(w.a, tName); b[4] != 2 {
			t.Errorf("the tenant's record stands under version %d", b[4])
		}
		if !slices.Equal(neighbour, w.column(w.b, tName)) || !slices.Equal(other, w.column(w.b, tOf)) {
			t.Error("the neighbour's rows were touched")
		}
		w.rotate(Request{Kind: Person, Tenant: w.a, Person: w.people[0]})
		w.readable()
		if b := w.column(w.a, tOf); b[4] != 2 {
			t.Errorf("the person's record stands under version %d", b[4])
		}
		if got, err := w.person(w.a, w.people[0]).Open(recordAt, before); err != nil || string(got) != "value" {
			t.Errorf("what a backup holds: %q, %v", got, err)
		}
		if w.person(w.a, w.people[1]).Version() != 1 || w.person(w.b, w.people[0]).Version() != 1 {
			t.Error("another person's key was rotated")
		}

		old, err := w.vault.RootName(ctx)
		w.must(err)
		w.rotate(Request{Kind: Root})
		w.readable()
		now, err := w.vault.RootName(ctx)
		w.must(err)
		used, err := w.vault.RootUse(ctx)
		w.must(err)
		if now == old || len(used) != 1 || used[now] < 4 { // the known value, the system's key and two tenants'
			t.Errorf("root %s, then %s: %v", old, now, used)
		}
		if w.shelf.renewed != 1 {
			t.Errorf("copies of the key store were renewed %d times", w.shelf.renewed)
		}
		newWorldAgain(t, w).readable() // another process opens all of it
	})
}

// newWorldAgain opens the same data anew.
func newWorldAgain(t testing.TB, w *world) *world {
	_ = w.log.Close()
	again := newWorld(t, w.e)
	again.a, again.b, again.people, again.shelf = w.a, w.b, w.people, w.shelf
	again.o.Copies = w.shelf
	return again
}

func TestABackupPlaceThatIsAwayKeepsTheOldRootKey(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		w := newWorld(t, e).furnish(1)
		w.shelf.err = fault.New(fault.Busy, "backup.place")
		work, err := w.Begin(ctx, who, Request{Kind: Root, Reason: "test"})
		w.must(err)
		if err := w.Do(ctx, work, nil); !is(err, "backup.place") || work.State != Running || work.Error != "backup.place" {
			t.Fatalf("%v, %+v", err, work)
		}
		if _, err := w.Begin(ctx, who, Request{Kind: Root, Reason: "test"}); !is(err, "keys.running") {
			t.Errorf("a second rotation meanwhile: %v", err)
		}
		first, err := w.vault.RootName(ctx)
		w.must(err)
		w.shelf.err = nil
		w.must(w.Do(ctx, work, nil))
		if now, _ := w.vault.RootName(ctx); now != first || work.State != Done {
			t.Errorf("resuming made one more version: %s, %s", first, now)
		}
		w.readable()
	})
}

func TestTheQueueDoesTheWork(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		w := newWorld(t, e).furnish(3)
		_, err := w.Begin(ctx, who, Request{Kind: Rewrap, Reason: "test"})
		w.must(err)
		_, err = w.Begin(ctx, who, Request{Kind: Tenant, Tenant: w.b, Reason: "test"})
		w.must(err)
		if n, err := w.jobs.Drain(ctx); n != 2 || err != nil {
			t.Fatalf("%d jobs, %v", n, err)
		}
		works, err := w.Works(ctx, who, 10)
		w.must(err)
		for _, x := range works {
			if x.State != Done {
				t.Errorf("%+v", x)
			}
		}
		w.readable()
	})
}

func TestVersionsAreDestroyedOnlyWhenNothingStandsUnderThem(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		w := newWorld(t, e).furnish(3)
		p := w.people[0]
		before := w.column(w.a, tOf)
		wrapped := w.wrapped(w.a, p)
		w.rotate(Request{Kind: Person, Tenant: w.a, Person: p})
		if err := w.Retire(ctx, who, w.a, p, 1, true); !is(err, "keys.too_early") {
			t.Errorf("at once: %v", err)
		}
		w.age(w.a, 2*24*time.Hour)
		if err := w.Retire(ctx, who, w.a, p, 1, false); !is(err, "keys.too_early") {
			t.Errorf("while backups hold it: %v", err)
		}
		// Somebody puts an old record back: the version is in use, whatever its age.
		now := w.column(w.a, tOf)
		w.put(w.a, before)
		if err := w.Retire(ctx, who, w.a, p, 1, true); !is(err, "keys.in_use") {
			t.Errorf("in use: %v", err)
		}
		w.put(w.a, now)
		w.must(w.Retire(ctx, who, w.a, p, 1, true))
		w.readable()
		fresh := w.person(w.a, p)
		if _, err := fresh.Open(recordAt, before); !is(err, "vault.key_missing") {
			t.Errorf("a record under the destroyed version: %v", err)
		}
		if _, err := newWorldAgain(t, w).person(w.a, p).Open(recordAt, before); err == nil {
			t.Error("another process opens it")
		}
		if w.shelf.renewed == 0 {
			t.Error("the copies of the key store still hold it")
		}
		pattern := filepath.Join(e.Dir, "keys.db*")
		if e.Engine == db.Postgres {
			base, _, err := pg.Files(ctx, e.KeyStore.OwnerDSN)
			w.must(err)
			pattern = filepath.Join(base, "*")
		}
		files, _ := filepath.Glob(pattern)
		if len(files) == 0 {
			t.Error("no file of the key store is found")
		}
		for _, f := range files {
			if b, err := os.ReadFile(f); err != nil && !errors.Is(err, fs.ErrNotExist) || bytes.Contains(b, wrapped) {
				t.Errorf("its wrapped form still stands in %s, %v", filepath.Base(f), err)
			}
		}
		if err := w.Retire(ctx, who, w.a, p, 2, true); !is(err, "keys.too_early") {
			t.Error("the newest version was destroyed")
		}
	})
}

var tWrapped = db.Q("keys_test.wrapped", `select wrapped from key_person where tenant_id = $1 and person_id = $2 and version = 1`)

func (w *world) wrapped(t ids.Tenant, p ids.Person) (b []byte) {
	w.t.Helper()
	w.must(w.e.Keys.View(ctx, t, func(tx *db.Tx) (err error) {
		b, err = db.Value[[]byte](tx, tWrapped, t, p)
		return err
	}))
	return b
}

func (w *world) age(t ids.Tenant, by time.Duration) {
	w.t.Helper()
	w.must(w.e.Keys.Tx(ctx, t, func(tx *db.Tx) error {
		for _, q := range []db.Query{tAge, tAgeP} {
			if _, err := tx.Exec(q, t, by.Microseconds()); err != nil {
				return err
			}
		}
		return nil
	}))
}

var tPut = db.Q("keys_test.put", `update vault_canary set by_person = $2 where tenant_id = $1`)

func (w *world) put(t ids.Tenant, b []byte) {
	w.t.Helper()
	w.must(w.e.DB.Tx(ctx, t, func(tx *db.Tx) error { _, err := tx.Exec(tPut, t, b); return err }))
}

func TestADayOfUpkeep(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		w := newWorld(t, e).furnish(2)
		w.must(w.Daily(ctx))
		if works, _ := w.Works(ctx, who, 10); len(works) != 0 {
			t.Errorf("young keys were rotated: %+v", works)
		}
		w.age(w.a, 340*24*time.Hour)
		w.must(w.Daily(ctx))
		w.must(w.Daily(ctx)) // it is under way already
		if n, err := w.jobs.Drain(ctx); n != 1 || err != nil {
			t.Fatalf("%d jobs, %v", n, err)
		}
		k, err := w.vault.Tenant(ctx, w.a)
		w.must(err)
		if k.Version() != 2 {
			t.Errorf("version %d", k.Version())
		}
		w.rotate(Request{Kind: Tenant, Tenant: w.a})
		w.age(w.a, 367*24*time.Hour)
		gone, err := w.retireOld(ctx)
		w.must(err)
		// The first stays for the indexes. The audit log stands under the second as well and cannot be sealed anew.
		if len(gone) != 0 {
			t.Errorf("destroyed although in use: %+v", gone)
		}
		inv, err := w.Inventory(ctx, who)
		w.must(err)
		if len(inv.Alerts) != 1 || inv.Alerts[0].Code != "age" || inv.Alerts[0].Tenant != w.a {
			t.Errorf("%+v", inv.Alerts)
		}
	})
}
