package keys

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
	"rakudos/internal/testkit/testdb"
)

const envLife = "RAKUDOS_TEST_KEYS_LIFE"

// life is what the process that is killed is told.
type life struct {
	Main, Keys db.Config
	Dir        string
	A, B       ids.Tenant
	People     []ids.Person
}

// TestLife is no test: it is the process that is killed. It resumes what was broken off, and rotates on.
func TestLife(t *testing.T) {
	raw := os.Getenv(envLife)
	if raw == "" {
		return // it runs as the child of TestKilledAtAnyStep
	}
	var l life
	if err := json.Unmarshal([]byte(raw), &l); err != nil {
		t.Fatal(err)
	}
	e := &testdb.Env{Engine: l.Main.Engine, Dir: l.Dir, Main: l.Main, KeyStore: l.Keys}
	var err error
	if e.DB, err = db.Open(t.Context(), l.Main); err != nil {
		t.Fatal(err)
	}
	if e.Keys, err = db.Open(t.Context(), l.Keys); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, e)
	w.a, w.b, w.people = l.A, l.B, l.People
	for n := 0; ; n++ {
		w.finish()
		w.readable()
		fmt.Println("round")
		for _, r := range []Request{{Kind: Tenant, Tenant: w.a}, {Kind: Root}, {Kind: Person, Tenant: w.b, Person: w.people[0]}, {Kind: Rewrap}} {
			r.Reason = "test"
			if _, err := w.Begin(ctx, who, r); err != nil && !is(err, "keys.running") {
				t.Fatal(err)
			}
		}
	}
}

// finish resumes whatever is open.
func (w *world) finish() {
	w.t.Helper()
	open, err := w.open(ctx)
	w.must(err)
	for _, x := range open {
		w.must(w.Do(ctx, x, nil))
	}
}

func TestKilledAtAnyStep(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		w := newWorld(t, e).furnish(2500)
		told, err := json.Marshal(life{e.Main, e.KeyStore, e.Dir, w.a, w.b, w.people})
		w.must(err)
		_ = w.log.Close() // the children write it
		rounds, broken := 0, 0
		for n := range 8 {
			c := exec.Command(os.Args[0], "-test.run=^TestLife$", "-test.v")
			c.Env = append(os.Environ(), envLife+"="+string(told))
			var out bytes.Buffer
			c.Stdout, c.Stderr = &out, &out
			w.must(c.Start())
			time.Sleep(400*time.Millisecond + time.Duration(n)*170*time.Millisecond)
			_ = c.Process.Kill()
			_ = c.Wait()
			if strings.Contains(out.String(), "FAIL") {
				t.Fatalf("the process failed by itself:\n%s", out.String())
			}
			rounds += strings.Count(out.String(), "round\n")
			again := newWorldAgain(t, w)
			again.readable() // half-way, too, everything opens
			open, err := again.open(ctx)
			w.must(err)
			_ = again.log.Close()
			broken += len(open)
		}
		if rounds == 0 || broken == 0 {
			t.Fatalf("%d rounds, %d rotations were broken off: nothing was tried", rounds, broken)
		}
		again := newWorldAgain(t, w)
		again.must(again.Register(ctx))
		if _, err := again.jobs.Drain(ctx); err != nil {
			t.Fatal(err)
		}
		if open, _ := again.open(ctx); len(open) > 0 {
			t.Errorf("%d rotations never end", len(open))
		}
		again.readable()
		used, err := again.vault.RootUse(ctx)
		if err != nil || len(used) != 1 {
			t.Errorf("things stand under %d root keys: %v", len(used), err)
		}
		if left, _ := filepath.Glob(filepath.Join(e.Dir, ".root-*")); len(left) > 8 {
			t.Errorf("half-written root key files: %v", left)
		}
	})
}

// TestNobodyWaitsForARotation: readers and writers who hold keys from before go on while each level rotates.
func TestNobodyWaitsForARotation(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		w := newWorld(t, e).furnish(1500)
		elsewhere, err := vault.Open(ctx, e.Keys, mustRoot(t, e)) // another process, whose cache knows nothing of it
		w.must(err)
		heldTenant, err := elsewhere.Tenant(ctx, w.a)
		w.must(err)
		heldPerson := w.person(w.a, w.people[0])
		var stop atomic.Bool
		var g errgroup.Group
		var reads atomic.Int64
		g.Go(func() error {
			for !stop.Load() {
				if _, err := heldTenant.Open(nameAt(w.a), w.column(w.a, tName)); err != nil {
					return fmt.Errorf("name: %w", err)
				}
				if _, err := heldPerson.Open(recordAt, w.column(w.a, tOf)); err != nil {
					return fmt.Errorf("record: %w", err)
				}
				reads.Add(1)
			}
			return nil
		})
		g.Go(func() error { // a writer: what it wrote last is what stays
			for n := 0; !stop.Load(); n++ {
				keys, err := w.vault.Persons(ctx, w.a, w.people[:1])
				if err != nil {
					return err
				}
				if err := e.DB.Tx(ctx, w.a, func(tx *db.Tx) error {
					_, err := tx.Exec(tPut, w.a, keys[w.people[0]].Seal(recordAt, []byte("value")))
					return err
				}); err != nil {
					return err
				}
			}
			return nil
		})
		g.Go(func() error { // newcomers get keys meanwhile
			for !stop.Load() {
				p := []ids.Person{ids.New[ids.Person]()}
				if err := w.vault.CreatePersons(ctx, w.a, p); err != nil {
					return err
				}
				if keys, err := w.vault.Persons(ctx, w.a, p); err != nil || keys[p[0]] == nil {
					return errors.Join(err, fmt.Errorf("a newcomer has no key"))
				}
			}
			return nil
		})
		for range 2 {
			for _, r := range []Request{{Kind: Tenant, Tenant: w.a}, {Kind: Root}, {Kind: Person, Tenant: w.a, Person: w.people[0]}} {
				r.Reason = "test"
				work, err := w.Begin(ctx, who, r)
				w.must(err)
				for err = w.Do(ctx, work, nil); is(err, "vault.rewrap_left"); { // a newcomer came between
					err = w.Do(ctx, work, nil)
				}
				w.must(err)
			}
		}
		stop.Store(true)
		if err := g.Wait(); err != nil {
			t.Error(err)
		}
		if reads.Load() == 0 {
			t.Error("nothing was read")
		}
		w.readable()
	})
}

func mustRoot(t testing.TB, e *testdb.Env) vault.Root {
	t.Helper()
	r, err := vault.FileRoot(filepath.Join(e.Dir, "root.key"))
	if err != nil {
		t.Fatal(err)
	}
	return r
}
