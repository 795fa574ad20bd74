package backup

import (
	"context"
	"errors"
	"io"
	"slices"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/blob"
	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/testdb"
)

// moody is a store that can fail.
type moody struct {
	blob.Store
	err   error // of every Put, when set
	after int   // bytes that a Put takes before it fails; 0: at once
}

func (m *moody) Put(ctx context.Context, key string, r io.Reader) (int64, error) {
	if m.err != nil {
		_, _ = io.CopyN(io.Discard, r, int64(m.after))
		return 0, m.err
	}
	return m.Store.Put(ctx, key, r)
}

func (w *world) verbs(verb string) (n int) {
	w.t.Helper()
	all, err := w.log.Find(context.Background(), actor.System(ids.System, "test"), audit.Filter{Verb: verb})
	w.must(err)
	return len(all)
}

var tSince = db.Q("backup_test.since", `update backup_since set since = $2 where tenant_id = $1`)

func (w *world) bornOn(at time.Time) {
	w.t.Helper()
	w.must(w.e.DB.Tx(context.Background(), ids.System, func(tx *db.Tx) error {
		_, err := tx.Exec(tSince, ids.System, db.Micros(at))
		return err
	}))
}

func TestTargetUnreachableForThreeDaysThenCaughtUp(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		w := newWorld(t, e)
		now := time.Now()
		today := jst.Of(now)
		w.must(second(w.Service.run(t.Context(), operator, now.AddDate(0, 0, -4))))
		w.bornOn(now.AddDate(0, 0, -10))
		store := &moody{Store: w.o.Target, err: errors.New("no route to the store")}
		s := w.over(store)
		var told []jst.Date
		s.o.Missed = func(_ context.Context, days []jst.Date) { told = append(told, days...) }
		for range 3 {
			if err := s.Daily(t.Context(), today); err == nil {
				t.Fatal("no error although the target is gone")
			}
		}
		if n := w.verbs("backup.missed"); n != 3 { // the three whole days since, each told once
			t.Fatalf("%d missed days told", n)
		}
		store.err = nil
		for d := -3; d <= 0; d++ { // the slots of the missed days, then today's
			w.must(s.Daily(t.Context(), today.AddDays(d)))
		}
		if rep, err := s.Verify(t.Context()); err != nil || !rep.OK {
			t.Fatalf("%+v %v", rep, err)
		}
		all, err := s.registeredData(t.Context())
		w.must(err)
		if len(newestOfDay(all)) != 2 || all[len(all)-1].Day != today {
			t.Fatalf("%+v", all)
		}
		if n := w.verbs("backup.missed"); n != 3 {
			t.Fatalf("%d missed days told after the catch-up", n)
		}
		if want := []jst.Date{today.AddDays(-3), today.AddDays(-2), today.AddDays(-1)}; !slices.Equal(told, want) {
			t.Errorf("people heard of %v, want %v", told, want)
		}
		if _, err := s.NewestDrill(t.Context()); err != nil {
			t.Fatalf("the first backup was not tried: %v", err)
		}
	})
}

func TestDiskFullKeepsTheOldGenerations(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		w := newWorld(t, e)
		first := w.run()
		full := fault.New(fault.Busy, "blob.full").Because(syscall.ENOSPC)
		for _, after := range []int{0, 100} {
			s := w.over(&moody{Store: w.o.Target, err: full, after: after})
			_, err := s.Run(t.Context(), operator)
			if !errors.Is(err, syscall.ENOSPC) {
				t.Fatalf("after %d bytes: %v", after, err)
			}
		}
		if w.verbs("backup.failed") != 2 {
			t.Error("the failure is not in the log")
		}
		rep, err := w.Verify(t.Context())
		w.must(err)
		if !rep.OK || rep.Sets != 2 || len(rep.Notes) != 0 {
			t.Fatalf("%+v", rep)
		}
		if d, err := w.Drill(t.Context(), operator); err != nil || !d.OK || d.Set != first.ID {
			t.Fatalf("%+v %v", d, err)
		}
	})
}

// breaking gives up in the middle of a stream, at the nth file, as a killed process would: nothing is cleaned up.
type breaking struct {
	blob.Store
	left int
}

var errKilled = errors.New("killed")

func (b *breaking) Put(ctx context.Context, key string, r io.Reader) (int64, error) {
	if b.left--; b.left < 0 {
		return 0, errKilled
	}
	return b.Store.Put(ctx, key, r)
}

func (b *breaking) Delete(ctx context.Context, key string) error {
	if b.left < 0 {
		return errKilled
	}
	return b.Store.Delete(ctx, key)
}

func TestBrokenOffAtEveryFileLeavesTheOldAndIsSwept(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		w := newWorld(t, e)
		first := w.run()
		for n := range 8 { // 4 parts, 2 of the key store, 2 tables of contents
			if _, err := w.over(&breaking{w.o.Target, n}).Run(t.Context(), operator); !errors.Is(err, errKilled) {
				t.Fatalf("at file %d: %v", n, err)
			}
			rep, err := w.Verify(t.Context())
			w.must(err)
			if !rep.OK {
				t.Fatalf("at file %d: %+v", n, rep)
			}
			if d, err := w.Drill(t.Context(), operator); err != nil || !d.OK || d.Set != first.ID {
				t.Fatalf("at file %d: %+v %v", n, d, err)
			}
		}
		last := w.run()
		names, err := w.o.Target.List(t.Context(), "")
		w.must(err)
		if i := slices.IndexFunc(names, func(n string) bool { return n == "sets/"+last.ID+"/manifest" }); i < 0 || len(names) != 8 {
			t.Fatalf("leftovers: %v", names)
		}
	})
}

func TestEnterWaitsForTheOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &Service{busy: make(chan struct{}, 1)}
		leave, err := s.enter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if _, err := s.enter(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("%v", err)
		}
		leave()
		if _, err := s.enter(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}
