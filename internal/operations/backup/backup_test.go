package backup

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/blob"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
	"rakudos/internal/testkit/testdb"
)

var tAdd = db.Q("backup_test.tenant", `insert into tenant (tenant_id, code, kind, name, created_at) values ($1, $2, 'customer', $3, $4)`)

var tNames = db.GlobalQ("backup_test.names", `select tenant_id, name from tenant order by tenant_id`)

var operator = actor.HostOperator(ids.System, "backup")

const secretName = "みどり製作所"

// world is a small service with everything that a backup takes.
type world struct {
	t     testing.TB
	e     *testdb.Env
	vault *vault.Vault
	root  vault.Root
	log   *audit.Log
	blobs blob.Store
	*Service
	target string
	later  map[ids.Tenant]bool // tenants whose files no daily set holds yet
}

func newWorld(t testing.TB, e *testdb.Env) *world {
	t.Helper()
	w := &world{t: t, e: e, target: filepath.Join(e.Dir, "backups")}
	var err error
	w.root, err = vault.FileRoot(filepath.Join(e.Dir, "root.key"))
	w.must(err)
	w.vault, err = vault.Open(t.Context(), e.Keys, w.root)
	w.must(err)
	w.log, err = audit.Open(t.Context(), e.DB, w.vault, audit.Config{Dir: filepath.Join(e.Dir, "log"), Logger: slog.New(slog.DiscardHandler)})
	w.must(err)
	t.Cleanup(func() { _ = w.log.Close() })
	w.blobs, err = blob.Local(filepath.Join(e.Dir, "blobs"))
	w.must(err)
	store, err := blob.Local(w.target)
	w.must(err)
	w.Service = w.over(store)
	for n := range 3 {
		w.tenant(n)
	}
	return w
}

// over makes a service that keeps its backups in a store.
func (w *world) over(store blob.Store) *Service {
	w.t.Helper()
	s, err := Open(w.t.Context(), Options{
		Main: w.e.DB, Keys: w.e.Keys, Vault: w.vault, Root: w.root, Log: w.log, Blobs: w.blobs, Target: store,
		Environment: func(context.Context) ([]File, error) {
			return []File{{"environment.json", []byte(`{"name":"` + secretName + `"}`)}, {InData + "demo-accounts.txt", []byte("demo")}}, nil
		},
		Temp: filepath.Join(w.e.Dir, "tmp"), Policy: DefaultPolicy(), Build: "test", Logger: slog.New(slog.DiscardHandler),
	})
	w.must(err)
	return s
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func nameAt(t ids.Tenant) vault.Loc { return vault.Loc{Table: "tenant", ID: string(t), Column: "name"} }

// tenant adds a tenant with a sealed name, a file and an event.
func (w *world) tenant(n int) ids.Tenant {
	w.t.Helper()
	ctx := context.Background()
	id := ids.New[ids.Tenant]()
	w.must(w.vault.CreateTenant(ctx, id))
	k, err := w.vault.Tenant(ctx, id)
	w.must(err)
	w.must(w.e.DB.Tx(ctx, id, func(tx *db.Tx) error {
		if _, err := tx.Exec(tAdd, id, fmt.Sprintf("t%d-%s", n, id), k.Seal(nameAt(id), []byte(secretName)), int64(n)); err != nil {
			return err
		}
		_, err := w.log.Append(tx, audit.Event{Verb: "tenant.created", Actor: actor.System(id, "test"), Result: "ok"})
		return err
	}))
	var file bytes.Buffer
	into, err := k.SealWriter(&file, vault.FileAt(string(id)+"/file"))
	w.must(err)
	_, err = into.Write([]byte(secretName))
	w.must(err)
	w.must(into.Close())
	_, err = w.blobs.Put(ctx, string(id)+"/file", &file)
	w.must(err)
	return id
}

func (w *world) run() *Made {
	w.t.Helper()
	m, err := w.Run(context.Background(), operator)
	w.must(err)
	return m
}

func (w *world) files() (out []string) {
	w.t.Helper()
	w.must(filepath.WalkDir(w.target, func(p string, e os.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			out = append(out, p)
		}
		return err
	}))
	return out
}

func (w *world) restoreTo(dir string, at jst.Date) (*Restored, error) {
	return Source{Target: w.o.Target, Root: w.root}.Restore(context.Background(), dir, at)
}

func TestMadeVerifiedDrilledRestored(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		w := newWorld(t, e)
		ctx := context.Background()
		m := w.run()
		if m.Day != jst.Of(m.Taken) || m.Rows == 0 || len(m.Parts) != 6 {
			t.Fatalf("%+v", m)
		}
		for _, p := range w.files() {
			b, err := os.ReadFile(p)
			w.must(err)
			for _, open := range []string{"SQLite format 3", secretName, "tenant", "PGCOPY", "create table", "rakudos"} {
				if bytes.Contains(b, []byte(open)) {
					t.Errorf("%s shows %q", p, open)
				}
			}
			if info, _ := os.Stat(p); info.Mode().Perm() != 0o600 {
				t.Errorf("%s: %v", p, info.Mode())
			}
		}
		rep, err := w.Verify(ctx)
		w.must(err)
		if !rep.OK || rep.Sets != 2 {
			t.Fatalf("%+v", rep)
		}
		d, err := w.Drill(ctx, operator)
		w.must(err)
		if !d.OK || d.RTO <= 0 || d.RPO < 0 || d.Ledger != "台帳なし" || d.Events == 0 || d.Blobs != 3 {
			t.Fatalf("%+v", d)
		}
		if got, err := w.NewestDrill(ctx); err != nil || got.ID != d.ID || !got.OK {
			t.Fatalf("%+v %v", got, err)
		}
		if left, _ := filepath.Glob(filepath.Join(e.Dir, "tmp", "*")); len(left) != 0 {
			t.Fatalf("the sandbox is still there: %v", left)
		}
		to := filepath.Join(e.Dir, "new")
		r, err := w.restoreTo(to, jst.Date{})
		w.must(err)
		if r.Set != m.ID || r.Events == 0 {
			t.Fatalf("%+v", r)
		}
		w.same(to, 3)
		if _, err := w.restoreTo(to, jst.Date{}); fault.Of(err).Code != "backup.not_empty" {
			t.Fatalf("over existing data: %v", err)
		}
	})
}

// same opens a restored directory with the root key and reads every tenant's sealed name.
func (w *world) same(dir string, tenants int) {
	w.t.Helper()
	ctx := context.Background()
	keys, err := db.Open(ctx, db.Config{Engine: db.SQLite, Path: filepath.Join(dir, keysFile)})
	w.must(err)
	main, err := db.Open(ctx, db.Config{Engine: db.SQLite, Path: filepath.Join(dir, mainFile)})
	w.must(err)
	defer func() { _ = keys.Close(); _ = main.Close() }()
	v, err := vault.Open(ctx, keys, w.root)
	w.must(err)
	type row struct {
		id   ids.Tenant
		name []byte
	}
	var rows []row
	w.must(main.View(ctx, db.Global, func(tx *db.Tx) (err error) {
		rows, err = db.All(tx, tNames, func(s db.Scanner) (r row, err error) { return r, s.Scan(&r.id, &r.name) })
		return err
	}))
	if len(rows) != tenants {
		w.t.Fatalf("%d tenants", len(rows))
	}
	blobs, err := blob.Local(filepath.Join(dir, blobDir))
	w.must(err)
	for _, r := range rows {
		k, err := v.Tenant(ctx, r.id)
		w.must(err)
		if name, err := k.Open(nameAt(r.id), r.name); err != nil || string(name) != secretName {
			w.t.Fatalf("%q %v", name, err)
		}
		f, err := blobs.Open(ctx, string(r.id)+"/file")
		if missing(err) && w.later[r.id] {
			continue
		}
		w.must(err)
		plain, err := k.OpenReader(f, vault.FileAt(string(r.id)+"/file"))
		w.must(err)
		if text, err := io.ReadAll(plain); err != nil || string(text) != secretName {
			w.t.Fatalf("file: %q %v", text, err)
		}
		_ = f.Close()
	}
	// The log goes on in the new place, and then verifies as after any clean stop.
	cfg := audit.Config{Dir: filepath.Join(dir, logDir), Logger: slog.New(slog.DiscardHandler)}
	l, err := audit.Open(ctx, main, v, cfg)
	w.must(err)
	w.must(l.Seal(ctx))
	rep, err := audit.Verify(ctx, main, v, cfg)
	w.must(err)
	if !rep.OK || !rep.Sealed {
		w.t.Fatalf("audit: %+v %v", rep, rep.First)
	}
	for _, f := range []string{"demo-accounts.txt", "restored/environment.json", "log-key"} {
		if info, err := os.Stat(filepath.Join(dir, f)); err != nil || info.Mode().Perm() != 0o600 {
			w.t.Errorf("%s: %v", f, err)
		}
	}
}

func TestEveryFlippedBitIsNamed(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		w := newWorld(t, e)
		w.run()
		for _, p := range w.files() {
			b, err := os.ReadFile(p)
			w.must(err)
			for _, at := range []int{0, 1, 5, len(b) / 2, len(b) - 1} {
				b[at] ^= 4
				w.must(os.WriteFile(p, b, 0o600))
				rep, err := w.Verify(t.Context())
				w.must(err)
				b[at] ^= 4
				name, _ := filepath.Rel(w.target, p)
				if rep.OK || !strings.HasSuffix(name, rep.Bad[0].Set+"/"+rep.Bad[0].Piece) {
					t.Errorf("%s byte %d: %+v", name, at, rep.Bad)
				}
			}
			w.must(os.WriteFile(p, b, 0o600))
		}
		if rep, err := w.Verify(t.Context()); err != nil || !rep.OK {
			t.Fatalf("put right: %+v %v", rep, err)
		}
	})
}

func TestWhatIsMissingOrForeignIsNamed(t *testing.T) {
	w := newWorld(t, testdb.New(t, db.SQLite))
	m := w.run()
	for _, p := range w.files() {
		b, err := os.ReadFile(p)
		w.must(err)
		w.must(os.Remove(p))
		if rep, err := w.Verify(t.Context()); err != nil || rep.OK {
			t.Errorf("%s removed: %+v %v", p, rep, err)
		}
		// A run must not mistake a finished set for leftovers.
		w.must(w.sweep(t.Context()))
		w.must(os.WriteFile(p, b, 0o600))
	}
	for _, name := range []string{"sets/" + m.ID + "/main.00009", "note"} {
		p := filepath.Join(w.target, name)
		w.must(os.WriteFile(p, []byte("x"), 0o600))
		if rep, err := w.Verify(t.Context()); err != nil || rep.OK {
			t.Errorf("%s added: %+v %v", name, rep, err)
		}
		w.must(os.Remove(p))
	}
	if rep, err := w.Verify(t.Context()); err != nil || !rep.OK {
		t.Fatalf("put right: %+v %v", rep, err)
	}
	w.must(os.RemoveAll(filepath.Join(w.target, "sets")))
	rep, err := w.Verify(t.Context())
	w.must(err)
	if rep.OK || rep.Bad[0].Set != m.ID {
		t.Fatalf("the whole set is gone: %+v", rep)
	}
}

func TestWithoutTheRootKeyNothingOpens(t *testing.T) {
	w := newWorld(t, testdb.New(t, db.SQLite))
	w.run()
	other, err := vault.FileRoot(filepath.Join(t.TempDir(), "root.key"))
	w.must(err)
	dir := t.TempDir()
	_, err = Source{Target: w.o.Target, Root: other}.Restore(t.Context(), dir, jst.Date{})
	if fault.Of(err).Code != "backup.keys_closed" {
		t.Fatalf("%v", err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Fatalf("left behind: %v", left)
	}
}

func TestADayOfThePast(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		w := newWorld(t, e)
		past := jst.Date{Y: 2026, M: 11, D: 20}
		now := past.At(22, 0)
		old, err := w.Service.run(t.Context(), operator, now)
		w.must(err)
		w.tenant(7)
		w.must(second(w.Service.run(t.Context(), operator, now.AddDate(0, 0, 2))))
		for name, at := range map[string]jst.Date{"on the day": past, "the day after": past.AddDays(1)} {
			dir := t.TempDir()
			r, err := w.restoreTo(dir, at)
			w.must(err)
			if r.Set != old.ID {
				t.Errorf("%s: %s of %s", name, r.Set, r.Day)
			}
			w.same(dir, 3)
		}
		dir := t.TempDir()
		w.must(second(w.restoreTo(dir, past.AddDays(30))))
		w.same(dir, 4)
		if _, err := w.restoreTo(t.TempDir(), past.AddDays(-1)); fault.Of(err).Code != "backup.none_at" {
			t.Fatalf("%v", err)
		}
	})
}

func second[T any](_ T, err error) error { return err }

func TestAKeyDestroyedIsGoneFromEveryBackup(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		w := newWorld(t, e)
		gone := w.tenant(8)
		m := w.run()
		w.must(w.vault.DestroyTenant(t.Context(), gone))
		w.must(w.RenewKeys(t.Context(), operator))
		keys, err := w.shelf.list(t.Context(), Keys)
		w.must(err)
		if len(keys.sets) != 1 || keys.sets[0].ID == m.Keys {
			t.Fatalf("the copy with the key is still there")
		}
		dir := t.TempDir()
		r, err := w.restoreTo(dir, jst.Date{})
		w.must(err)
		if r.Set != m.ID {
			t.Fatalf("%+v", r)
		}
		kd, err := db.Open(t.Context(), db.Config{Engine: db.SQLite, Path: filepath.Join(dir, keysFile)})
		w.must(err)
		defer func() { _ = kd.Close() }()
		v, err := vault.Open(t.Context(), kd, w.root)
		w.must(err)
		if _, err := v.Tenant(t.Context(), gone); fault.Of(err).Code != "vault.key_destroyed" {
			t.Fatalf("the erased tenant's key came back: %v", err)
		}
		if rep, err := w.Verify(t.Context()); err != nil || !rep.OK {
			t.Fatalf("%+v %v", rep, err)
		}
	})
}

func TestADamagedTableOfContentsIsListedAndGoesInTime(t *testing.T) {
	w := newWorld(t, testdb.New(t, db.SQLite))
	now := time.Now()
	old, err := w.Service.run(t.Context(), operator, now.AddDate(0, 0, -364))
	w.must(err)
	file := filepath.Join(w.target, "sets", old.ID, manifestName)
	b, err := os.ReadFile(file)
	w.must(err)
	b[20] ^= 1
	w.must(os.WriteFile(file, b, 0o600))
	for back := 5; back >= 0; back-- {
		m, err := w.Service.run(t.Context(), operator, now.AddDate(0, 0, -back))
		w.must(err)
		all, err := w.List(t.Context())
		w.must(err)
		listed := slices.ContainsFunc(all, func(g Generation) bool { return g.ID == old.ID && g.Damaged && g.Day == old.Day })
		gone := slices.Contains(m.Dropped, old.ID)
		if back == 5 && (!listed || gone) {
			t.Fatalf("listed %v, gone %v: %+v", listed, gone, all)
		}
		if back == 0 && listed {
			t.Fatal("it outlived its time")
		}
	}
	if rep, err := w.Verify(t.Context()); err != nil || !rep.OK {
		t.Fatalf("%+v %v", rep, err)
	}
}
