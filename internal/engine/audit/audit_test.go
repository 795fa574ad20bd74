package audit

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
	"rakudos/internal/testkit/testdb"
)

// world is a service with two tenants and their people.
type world struct {
	*testdb.Env
	t      testing.TB
	v      *vault.Vault
	cfg    Config
	a, b   ids.Tenant
	people []ids.Person
}

func newWorld(t testing.TB, e *testdb.Env) *world {
	t.Helper()
	w := &world{Env: e, t: t, a: ids.New[ids.Tenant](), b: ids.New[ids.Tenant]()}
	w.cfg = Config{Dir: filepath.Join(e.Dir, "log"), CheckpointInterval: 100 * time.Millisecond, Logger: slog.New(slog.DiscardHandler)}
	root, err := vault.FileRoot(filepath.Join(e.Dir, "root.key"))
	w.must(err)
	w.v, err = vault.Open(t.Context(), e.Keys, root)
	w.must(err)
	w.must(w.v.CreateTenant(t.Context(), w.a))
	w.must(w.v.CreateTenant(t.Context(), w.b))
	for range 5 {
		w.people = append(w.people, ids.New[ids.Person]())
	}
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) open() *Log {
	w.t.Helper()
	l, err := Open(w.t.Context(), w.DB, w.v, w.cfg)
	w.must(err)
	w.t.Cleanup(func() { _ = l.Close() })
	return l
}

func (w *world) event(t ids.Tenant, n int) Event {
	return Event{
		Verb:  "checkup.view",
		Actor: actor.Actor{Kind: actor.Human, Tenant: t, Account: "acc", Roles: []actor.Role{actor.Nurse}, Purpose: "follow-up", Addr: "192.0.2.1", Request: fmt.Sprint("req-", n)},
		Kind:  "checkup.values", Subjects: []ids.Person{w.people[n%len(w.people)], w.people[0]},
		Detail: map[string]any{"n": n},
	}
}

// fill appends n events for each tenant by turns, in one transaction.
func (w *world) fill(l *Log, n int) {
	w.t.Helper()
	w.must(w.DB.Tx(w.t.Context(), db.Global, func(tx *db.Tx) error {
		for i := range n {
			for _, t := range []ids.Tenant{w.a, w.b} {
				if _, err := l.Append(tx, w.event(t, i)); err != nil {
					return err
				}
			}
		}
		return nil
	}))
}

func (w *world) verify() Report {
	w.t.Helper()
	r, err := Verify(w.t.Context(), w.DB, w.v, w.cfg)
	w.must(err)
	return r
}

func (w *world) holds(why string) Report {
	w.t.Helper()
	r := w.verify()
	if !r.OK {
		w.t.Fatalf("%s: %v (%d found)", why, r.First, r.Found)
	}
	return r
}

func code(err error) string {
	if f := fault.Of(err); f != nil {
		return f.Code
	}
	return ""
}

func TestACleanLifeHolds(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		w := newWorld(t, e)
		if r := w.verify(); r.OK {
			t.Error("a log without any record holds")
		}
		l := w.open()
		w.fill(l, 10)
		if r := w.holds("before shipping"); r.Sealed || len(r.Notes) == 0 {
			t.Errorf("unshipped records are not mentioned: %+v", r)
		}
		w.must(l.shipAll(t.Context()))
		w.holds("shipped")
		w.must(l.Seal(t.Context()))
		r := w.holds("sealed")
		if !r.Sealed || r.Events != 22 || r.Leaves != 22 || r.Tenants != 3 || len(r.Notes) != 0 {
			t.Errorf("%+v", r)
		}
		if _, err := l.Record(t.Context(), w.event(w.a, 1)); code(err) != "audit.closed" {
			t.Errorf("append after the seal: %v", err)
		}
		l = w.open()
		w.fill(l, 200)
		w.holds("opened again")
		w.must(l.Seal(t.Context()))
		if r := w.holds("sealed again"); r.Leaves != 22+402 {
			t.Errorf("%+v", r)
		}
		if l.PublicKey() == "" {
			t.Error("no public key")
		}
	})
}

func TestRunShipsSoonAndIndexTells(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		w := newWorld(t, e)
		l := w.open()
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- l.Run(ctx) }()
		ref, err := l.Record(t.Context(), w.event(w.a, 1))
		w.must(err)
		deadline := time.Now().Add(10 * time.Second)
		for {
			if i, ok := l.Index(t.Context(), ref); ok {
				if i != 1 { // 0 is audit.opened
					t.Errorf("index %d", i)
				}
				break
			}
			if time.Now().After(deadline) {
				t.Fatal("not in the log after 10 s")
			}
			time.Sleep(20 * time.Millisecond)
		}
		if n, _, err := l.Waiting(t.Context()); err != nil || n != 0 {
			t.Errorf("%d waiting, %v", n, err)
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func TestFindSeesOneTenantOnly(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		w := newWorld(t, e)
		l := w.open()
		start := time.Now().Add(-time.Second)
		w.fill(l, 10)
		other := w.event(w.a, 3)
		other.Verb, other.Result, other.Subjects = "auth.sign_in", "failed", nil
		_, err := l.Record(t.Context(), other)
		w.must(err)
		me := actor.System(w.a, "test")
		find := func(f Filter) []Entry {
			got, err := l.Find(t.Context(), me, f)
			w.must(err)
			for _, e := range got {
				if e.Tenant != w.a || !e.Readable {
					t.Errorf("%+v", e)
				}
			}
			return got
		}
		if got := find(Filter{}); len(got) != 11 || got[0].Seq != 11 || got[10].Seq != 1 {
			t.Errorf("%d entries", len(got))
		}
		if got := find(Filter{Person: w.people[2]}); len(got) != 2 || got[0].Actor.Request != "req-7" || got[1].Purpose != "follow-up" {
			t.Errorf("%+v", got)
		}
		if got := find(Filter{Verb: "auth.sign_in"}); len(got) != 1 || got[0].Result != "failed" {
			t.Errorf("%+v", got)
		}
		if got := find(Filter{Before: 5, Limit: 2}); len(got) != 2 || got[0].Seq != 4 {
			t.Errorf("%+v", got)
		}
		if got := find(Filter{From: start, To: time.Now().Add(time.Second)}); len(got) != 11 {
			t.Errorf("%d in the period", len(got))
		}
		if got := find(Filter{To: start}); len(got) != 0 {
			t.Errorf("%d before the period", len(got))
		}
	})
}

func TestAppendIsUndoneWithItsTransaction(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		w := newWorld(t, e)
		l := w.open()
		w.fill(l, 1)
		refused := fault.New(fault.Invalid, "x")
		err := w.DB.Tx(t.Context(), w.a, func(tx *db.Tx) error {
			if _, err := l.Append(tx, w.event(w.a, 1)); err != nil {
				return err
			}
			return refused
		})
		if fault.Of(err) != refused {
			t.Fatal(err)
		}
		ref, err := l.Record(t.Context(), w.event(w.a, 2))
		w.must(err)
		if ref.Seq != 2 {
			t.Errorf("the undone event left a hole: %d", ref.Seq)
		}
		w.must(l.Seal(t.Context()))
		w.holds("after a rollback")
	})
}

func TestManyAtOnceKeepTheChain(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		w := newWorld(t, e)
		l := w.open()
		ctx, stop := context.WithCancel(t.Context())
		ran := make(chan error, 1)
		go func() { ran <- l.Run(ctx) }()
		errs := make(chan error)
		for i := range 8 {
			go func() {
				var err error
				for j := range 20 {
					if _, e := l.Record(t.Context(), w.event([]ids.Tenant{w.a, w.b}[j%2], i)); e != nil {
						err = e
					}
				}
				errs <- err
			}()
		}
		for range 3 { // beside a running service
			w.holds("while it runs")
		}
		for range 8 {
			w.must(<-errs)
		}
		stop()
		<-ran
		w.must(l.Seal(t.Context()))
		if r := w.holds("after 160 at once"); r.Events != 162 {
			t.Errorf("%+v", r)
		}
	})
}

func TestManySubjects(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		w := newWorld(t, e)
		l := w.open()
		ev := w.event(w.a, 0)
		ev.Subjects = nil
		for range 1234 {
			ev.Subjects = append(ev.Subjects, ids.New[ids.Person]())
		}
		_, err := l.Record(t.Context(), ev)
		w.must(err)
		w.must(l.Seal(t.Context()))
		w.holds("1,234 subjects")
	})
}

func TestErasedTenantStillVerifies(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		w := newWorld(t, e)
		l := w.open()
		w.fill(l, 5)
		w.must(w.v.DestroyTenant(t.Context(), w.a))
		w.must(l.Seal(t.Context()))
		r := w.holds("the key was destroyed")
		if len(r.Notes) != 1 {
			t.Errorf("notes: %q", r.Notes)
		}
		l = w.open()
		got, err := l.Find(t.Context(), actor.System(w.a, "test"), Filter{})
		w.must(err)
		if len(got) != 5 || got[0].Readable || got[0].Verb != "checkup.view" || got[0].Subjects != nil {
			t.Errorf("%+v", got)
		}
		if got, err := l.Find(t.Context(), actor.System(w.b, "test"), Filter{}); err != nil || !got[0].Readable {
			t.Errorf("the neighbour: %v", err)
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	for _, engine := range testdb.Engines {
		b.Run(string(engine), func(b *testing.B) {
			w := newWorld(b, testdb.New(b, engine))
			l, err := Open(b.Context(), w.DB, w.v, w.cfg)
			w.must(err)
			defer l.Close() //nolint:errcheck // a benchmark
			w.must(w.DB.Tx(b.Context(), w.a, func(tx *db.Tx) error {
				for b.Loop() {
					if _, err := l.Append(tx, w.event(w.a, 1)); err != nil {
						return err
					}
				}
				return nil
			}))
		})
	}
}

// newReader is a vault without anything in its cache.
func newReader(t testing.TB, w *world) *vault.Vault {
	t.Helper()
	root, err := vault.FileRoot(filepath.Join(w.Dir, "root.key"))
	w.must(err)
	v, err := vault.Open(t.Context(), w.Keys, root)
	w.must(err)
	return v
}
