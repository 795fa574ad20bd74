package job

import (
	"context"
	"errors"
	"testing"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/testdb"
)

// TestWhoWaitsIsTold: however a job comes to be given up, what stands for it elsewhere hears of it, once; of a job that
// was done or will be tried again nobody hears.
func TestWhoWaitsIsTold(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		told := map[string]int{}
		opt := Options{MaxAttempts: 2, Lease: time.Hour, Backoff: func(int) time.Duration { return 0 }, GivenUp: func(_ context.Context, j Job) error {
			if told[string(j.Payload)]++; string(j.Payload) == "panics" {
				panic("again")
			}
			return nil
		}}
		handle := func(ctx context.Context, j Job) error {
			switch string(j.Payload) {
			case "panics":
				panic("?")
			case "fails":
				return errors.New("not yet")
			case "cannot":
				return fault.New(fault.Conflict, "x")
			case "late":
				<-ctx.Done()
				return ctx.Err()
			case "once":
				if j.Attempt == 1 {
					return errors.New("not yet")
				}
			}
			return nil
		}
		q := New(e.DB, quiet, WithNode("a"))
		opt.Timeout = 50 * time.Millisecond
		q.Handle("k", handle, opt)
		for _, p := range []string{"panics", "fails", "cannot", "late", "once", "done"} {
			enqueue(t, e.DB, q, tenant, "k", p, EnqueueOptions{})
		}
		if _, err := q.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		enqueue(t, e.DB, q, neighbour, "k", "killed", EnqueueOptions{})
		for range opt.MaxAttempts { // its process is killed each time
			p := New(e.DB, quiet, WithNode("a"))
			p.Handle("k", nil, opt)
			for _, step := range []func(context.Context) error{p.void, p.reclaim} {
				if err := step(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			abandon(t, p, "k")
			if told["killed"] != 0 {
				t.Fatal("told before the last attempt")
			}
			if waits := pending(t, e.DB, p, "killed"); !waits {
				t.Error("a running job is not pending")
			}
		}
		last := New(e.DB, quiet, WithNode("a"))
		last.Handle("k", nil, opt)
		if n, err := last.Drain(t.Context()); n != 0 || err != nil {
			t.Fatalf("ran %d, %v", n, err)
		}
		for p, want := range map[string]int{"panics": 1, "fails": 1, "cannot": 1, "late": 1, "once": 0, "done": 0, "killed": 1} {
			if told[p] != want {
				t.Errorf("%s: told %d times", p, told[p])
			}
		}
		if pending(t, e.DB, last, "killed") || pending(t, e.DB, last, "done") {
			t.Error("what has ended is pending")
		}
	})
}

func pending(t *testing.T, d *db.DB, q *Queue, payload string) (yes bool) {
	t.Helper()
	err := d.View(t.Context(), neighbour, func(tx *db.Tx) (err error) {
		yes, err = q.Pending(tx, neighbour, "k", []byte(payload))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return yes
}
