package keys

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
	"rakudos/internal/testkit/controltest"
	"rakudos/internal/testkit/pg"
	"rakudos/internal/testkit/testdb"
	"rakudos/migrations"
)

// copier really copies the key store, as the backups do.
type copier struct {
	w        *world
	form     string
	content  map[string][]byte
	order    []string
	taken    map[string]time.Time
	declared []string
	keep     bool // a broken backup: copies of before stay
}

func (c *copier) RenewKeys(ctx context.Context, _ actor.Actor) error {
	s, err := c.w.e.Keys.Snapshot(ctx)
	if err != nil {
		return err
	}
	defer s.Close() //nolint:errcheck // read only
	var b bytes.Buffer
	if _, err := s.Dump(ctx, &b); err != nil {
		return err
	}
	if !c.keep {
		c.order, c.content, c.taken = nil, map[string][]byte{}, map[string]time.Time{}
	}
	id := ids.New[string]()
	c.form, c.order = s.Form(), append(c.order, id)
	c.content[id], c.taken[id] = b.Bytes(), time.Now()
	c.declared = append([]string(nil), c.order...)
	return nil
}

func (c *copier) KeyCopies(context.Context) (out []Copy, err error) {
	for _, id := range c.order {
		out = append(out, Copy{ID: id, Taken: c.taken[id]})
	}
	return out, nil
}

func (c *copier) DeclaredKeys(context.Context) ([]string, error) { return c.declared, nil }

func (c *copier) InsideKeys(ctx context.Context, id string, use func(*db.DB) error) error {
	dir, err := os.MkdirTemp(c.w.e.Dir, "copy-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "keys.db")
	if err := db.Restore(ctx, c.form, bytes.NewReader(c.content[id]), file, migrations.Keys()); err != nil {
		return err
	}
	d, err := db.Open(ctx, db.Config{Engine: db.SQLite, Path: file})
	if err != nil {
		return err
	}
	defer d.Close() //nolint:errcheck // thrown away
	return use(d)
}

// probed is a world whose copies are real, and its probe.
func probed(t *testing.T, e *testdb.Env) (*world, *copier, Probing) {
	w := newWorld(t, e).furnish(2)
	c := &copier{w: w, content: map[string][]byte{}, taken: map[string]time.Time{}}
	w.o.Copies, w.o.Dir = c, e.Dir
	return w, c, Probing{
		Keys: w.Service, Root: mustRoot(t, e), Backups: c,
		Tenant: func() (ids.Tenant, error) { return w.a, nil },
		Known:  func(context.Context) ([]ids.Tenant, error) { return []ids.Tenant{w.a, w.b}, nil },
	}
}

func TestProofKeys(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		controltest.Proves(t, "KM-KEYS", func(sabotaged bool) error {
			_, _, p := probed(t, testdb.New(t, e.Engine))
			c := Controls(p)[0]
			look := c.Probe
			if sabotaged {
				look = c.Mutant
			}
			ev, err := look(t.Context())
			if err != nil {
				return err
			}
			if !ev.OK {
				return fmt.Errorf("%v", ev.Failed)
			}
			return nil
		})
	})
}

// TestEachBrokenProtectionIsFound breaks one thing at a time, as it might break by itself.
func TestEachBrokenProtectionIsFound(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		w, c, p := probed(t, e)
		honest := spoiled{w.vault.DestroyPersons, w.o.Policy.Age, true, w.seek, e.Keys.LogsBinds}
		look := func() []string {
			t.Helper()
			ev, err := p.look(ctx, honest)
			w.must(err)
			if ev.OK != (len(ev.Failed) == 0) || ev.Measured == "" {
				t.Errorf("%+v", ev)
			}
			return ev.Failed
		}
		if bad := look(); len(bad) != 0 {
			t.Fatalf("%v", bad)
		}
		c.keep = true
		if len(look()) == 0 {
			t.Error("copies that stay are not found")
		}
		c.keep = false
		w.must(c.RenewKeys(ctx, who))
		stranger := w.tenant("stranger")
		if len(look()) == 0 {
			t.Error("a key of nobody is not found")
		}
		p.Known = func(context.Context) ([]ids.Tenant, error) {
			return []ids.Tenant{w.a, w.b, stranger, ids.New[ids.Tenant]()}, nil
		}
		if len(look()) == 0 {
			t.Error("a tenant without a key is not found")
		}
		p.Known = func(context.Context) ([]ids.Tenant, error) { return []ids.Tenant{w.a, w.b, stranger}, nil }
		if bad := look(); len(bad) != 0 {
			t.Fatalf("%v", bad)
		}
		w.age(w.b, 366*24*time.Hour)
		if len(look()) == 0 {
			t.Error("an old key is not found")
		}
		w.rotate(Request{Kind: Tenant, Tenant: w.b})
		if bad := look(); len(bad) != 0 {
			t.Errorf("after its rotation: %v", bad)
		}
		// A copy that is too old, and one that the service does not know of.
		old := c.order[0]
		c.taken[old] = time.Now().Add(-8 * 24 * time.Hour)
		inv, err := w.inventory(ctx)
		if err != nil || len(inv.Alerts) != 1 || inv.Alerts[0].Code != "copy_age" {
			t.Errorf("%+v, %v", inv.Alerts, err)
		}
		c.declared = nil
		if n, err := p.undeclared(ctx, inv); err != nil || n == 0 {
			t.Errorf("%d, %v", n, err)
		}
		c.declared = []string{old, "gone"}
		if n, err := p.undeclared(ctx, inv); err != nil || n != 1 {
			t.Errorf("a copy that vanished: %d, %v", n, err)
		}
	})
}

// TestTheCanaryLeavesNothing: after the probe and its mutant no key of a canary is left, here or in a copy.
func TestTheCanaryLeavesNothing(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		w, c, p := probed(t, e)
		control := Controls(p)[0]
		for _, look := range []func(context.Context) error{
			func(ctx context.Context) error { _, err := control.Probe(ctx); return err },
			func(ctx context.Context) error { _, err := control.Mutant(ctx); return err },
		} {
			w.must(look(ctx))
			count := func(v *vault.Vault) (n int) {
				w.must(v.AllPersons(ctx, w.a, func(ids.Person, *vault.Key) error { n++; return nil }))
				return n
			}
			if n := count(w.vault); n != len(w.people) {
				t.Errorf("%d person keys, there are %d people", n, len(w.people))
			}
			for _, id := range c.order {
				w.must(c.InsideKeys(ctx, id, func(d *db.DB) error {
					v, err := vault.Open(ctx, d, p.Root)
					if err == nil && count(v) != len(w.people) {
						t.Error("a copy holds a canary's key")
					}
					return err
				}))
			}
		}
	})
}

// TestAServerThatLogsKeysIsFound: the key store's PostgreSQL may write what statements bind into its log.
func TestAServerThatLogsKeysIsFound(t *testing.T) {
	e := testdb.New(t, db.Postgres)
	_, _, p := probed(t, e)
	dsn, err := pg.Admin()
	if err != nil {
		t.Fatal(err)
	}
	super, err := pgx.Connect(t.Context(), dsn+" dbname=postgres")
	if err != nil {
		t.Fatal(err)
	}
	defer super.Close(t.Context()) //nolint:errcheck // nothing is pending on it
	c, err := e.Keys.Cluster(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	probe := Controls(p)[0].Probe
	for _, x := range []struct{ change, want string }{
		{"set log_min_duration_statement = 0", "log_min_duration_statement=0"},
		{"set log_parameter_max_length = 0", ""},
		{"set log_parameter_max_length_on_error = -1", "log_parameter_max_length_on_error=-1"},
		{"reset all", ""},
	} {
		if _, err := super.Exec(t.Context(), "alter database "+c.Database+" "+x.change); err != nil {
			t.Fatal(err)
		}
		ev, err := probe(t.Context())
		said := strings.Join(ev.Failed, "\n")
		if err != nil || ev.OK != (x.want == "") || !strings.Contains(said, x.want) || x.want != "" && !strings.Contains(said, "サーバーのログ") {
			t.Errorf("%s: %+v, %v", x.change, ev, err)
		}
	}
}
