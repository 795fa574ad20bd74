package job

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/testdb"
)

// TestTwoNodesShareASchedule: each slot runs once, whichever node takes it, and none is left out.
func TestTwoNodesShareASchedule(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		var mu sync.Mutex
		runs := map[string]int{}
		var stops []func()
		for _, node := range []string{"a", "b"} {
			q := New(e.DB, quiet, WithNode(node), WithPoll(time.Second))
			q.Handle("tick", func(_ context.Context, j Job) error {
				if j.Tenant != ids.System {
					t.Errorf("tenant %s", j.Tenant)
				}
				mu.Lock()
				defer mu.Unlock()
				runs[strings.TrimPrefix(j.Slot, "tick:")]++
				return nil
			}, Options{})
			q.Schedule("tick", Every(time.Second))
			stops = append(stops, start(t, q))
		}
		eventually(t, "four slots", func() bool { mu.Lock(); defer mu.Unlock(); return len(runs) >= 4 })
		for _, stop := range stops {
			stop()
		}
		var first, last time.Time
		for slot, n := range runs {
			at, err := time.Parse(time.RFC3339, slot)
			if err != nil || n != 1 {
				t.Errorf("slot %q ran %d times: %v", slot, n, err)
			}
			if first.IsZero() || at.Before(first) {
				first = at
			}
			if at.After(last) {
				last = at
			}
		}
		if got, want := len(runs), int(last.Sub(first)/time.Second)+1; got != want {
			t.Errorf("%d slots ran between %v and %v, there are %d", got, first, last, want)
		}
	})
}

// TestAHandlerMayEnqueue: what a handler adds in its own transaction runs after it.
func TestAHandlerMayEnqueue(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		q := New(e.DB, quiet)
		var order []string
		q.Handle("first", func(ctx context.Context, j Job) error {
			order = append(order, "first")
			return e.DB.Tx(ctx, j.Tenant, func(tx *db.Tx) error {
				_, err := q.Enqueue(tx, j.Tenant, "second", j.Payload, EnqueueOptions{Slot: "after:" + string(j.ID)})
				return err
			})
		}, Options{})
		q.Handle("second", func(_ context.Context, j Job) error {
			order = append(order, "second "+string(j.Payload)+" "+string(j.Tenant))
			return nil
		}, Options{})
		enqueue(t, e.DB, q, tenant, "first", "x", EnqueueOptions{})
		if n, err := q.Drain(t.Context()); n != 2 || err != nil {
			t.Fatalf("%d %v", n, err)
		}
		if len(order) != 2 || order[1] != "second x "+string(tenant) {
			t.Fatalf("%q", order)
		}
	})
}

func TestSlotStaysTakenWhenItsJobIsDone(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		q := New(e.DB, quiet)
		ran := 0
		q.Handle("k", func(context.Context, Job) error { ran++; return nil }, Options{})
		first := enqueue(t, e.DB, q, tenant, "k", "", EnqueueOptions{Slot: "s"})
		for range 2 {
			if _, err := q.Drain(t.Context()); err != nil {
				t.Fatal(err)
			}
			if again := enqueue(t, e.DB, q, tenant, "k", "", EnqueueOptions{Slot: "s"}); again != first {
				t.Fatalf("%s, then %s", first, again)
			}
		}
		if ran != 1 {
			t.Fatalf("ran %d times", ran)
		}
	})
}

func TestJobsOfUnknownKindsWait(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		q := New(e.DB, quiet)
		id := enqueue(t, e.DB, q, tenant, "of a newer version", "", EnqueueOptions{})
		if n, err := q.Drain(t.Context()); n != 0 || err != nil {
			t.Fatalf("%d %v", n, err)
		}
		if s := state(t, e.DB, id); s.State != "ready" || s.Attempt != 0 {
			t.Fatalf("%+v", s)
		}
	})
}

func TestTwoHandlersForAKindPanic(t *testing.T) {
	q := New(testdb.New(t, db.SQLite).DB)
	q.Handle("k", nil, Options{})
	defer func() {
		if recover() == nil {
			t.Error("the second handler was taken")
		}
	}()
	q.Handle("k", nil, Options{})
}

func TestPollIsNeverUnderASecond(t *testing.T) {
	q := &Queue{}
	WithPoll(time.Millisecond)(q)
	if q.poll != time.Second {
		t.Errorf("%v", q.poll)
	}
}

// TestFairTurns: a tenant with many jobs of a kind holds one place; another's single job does not wait behind them.
func TestFairTurns(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		q := New(e.DB, quiet)
		var mu sync.Mutex
		now, peak, done := map[ids.Tenant]int{}, map[ids.Tenant]int{}, 0
		held := make(chan struct{})
		q.Handle("read", func(_ context.Context, j Job) error {
			mu.Lock()
			now[j.Tenant]++
			peak[j.Tenant] = max(peak[j.Tenant], now[j.Tenant])
			mu.Unlock()
			if j.Tenant == tenant {
				<-held // the files of this one are slow
			}
			mu.Lock()
			defer mu.Unlock()
			now[j.Tenant]--
			done++
			return nil
		}, Options{Concurrency: 2, FairTurns: true})
		for range 4 {
			enqueue(t, e.DB, q, tenant, "read", "", EnqueueOptions{})
		}
		enqueue(t, e.DB, q, neighbour, "read", "", EnqueueOptions{})
		start(t, q)
		eventually(t, "the neighbour's turn", func() bool { mu.Lock(); defer mu.Unlock(); return peak[neighbour] == 1 && done == 1 })
		close(held)
		eventually(t, "all of them", func() bool { mu.Lock(); defer mu.Unlock(); return done == 5 })
		if peak[tenant] != 1 {
			t.Errorf("%d at once of one tenant", peak[tenant])
		}
	})
}
