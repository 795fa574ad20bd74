package job

import (
	"context"
	"testing"
	"time"

	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/testdb"
)

// abandon claims a job as a process would that is then killed.
func abandon(t *testing.T, q *Queue, name string) {
	t.Helper()
	jobs, err := q.claim(t.Context(), q.kinds[name], 1)
	if err != nil || len(jobs) != 1 {
		t.Fatalf("%v %v", jobs, err)
	}
}

func TestLeasesOfAnEarlierProcessAreVoidAtStart(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		long := Options{Lease: time.Hour}
		killed := New(e.DB, quiet, WithNode("here"))
		killed.Handle("k", nil, long)
		elsewhere := New(e.DB, quiet, WithNode("elsewhere"))
		elsewhere.Handle("k", nil, long)
		first := enqueue(t, e.DB, killed, tenant, "k", "", EnqueueOptions{})
		abandon(t, killed, "k")
		other := enqueue(t, e.DB, killed, neighbour, "k", "", EnqueueOptions{})
		abandon(t, elsewhere, "k")

		q := New(e.DB, quiet, WithNode("here"))
		got := make(chan Job, 4)
		q.Handle("k", func(_ context.Context, j Job) error { got <- j; return nil }, long)
		start(t, q)
		if j := <-got; j.ID != first || j.Attempt != 2 {
			t.Fatalf("%+v", j)
		}
		eventually(t, "done", func() bool { return state(t, e.DB, first).State == "done" })
		if s := state(t, e.DB, other); s.State != "running" {
			t.Fatalf("the other node's job was taken: %+v", s)
		}
	})
}

func TestLapsedLeaseIsTakenOver(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		opt := Options{Lease: 300 * time.Millisecond, MaxAttempts: 2}
		killed := New(e.DB, quiet, WithNode("a"))
		killed.Handle("k", nil, opt)
		id := enqueue(t, e.DB, killed, tenant, "k", "", EnqueueOptions{})
		abandon(t, killed, "k")
		q := New(e.DB, quiet, WithNode("b"), WithPoll(time.Second))
		q.Handle("k", func(_ context.Context, j Job) error { return nil }, opt)
		start(t, q)
		eventually(t, "done", func() bool { return state(t, e.DB, id).State == "done" })

		// What kills its process again and again ends as a dead letter.
		deadly := enqueue(t, e.DB, killed, tenant, "deadly", "", EnqueueOptions{})
		for range 2 {
			p := New(e.DB, quiet, WithNode("a"))
			p.Handle("deadly", nil, opt)
			if err := p.void(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := p.reclaim(t.Context()); err != nil {
				t.Fatal(err)
			}
			abandon(t, p, "deadly")
		}
		last := New(e.DB, quiet, WithNode("a"))
		last.Handle("deadly", nil, opt)
		if n, err := last.Drain(t.Context()); n != 0 || err != nil {
			t.Fatalf("ran %d, %v", n, err)
		}
		if s := state(t, e.DB, deadly); s.State != "dead" {
			t.Fatalf("%+v", s)
		}
	})
}

func TestHeartbeatKeepsALongJob(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		opt := Options{Lease: 1500 * time.Millisecond}
		ran := make(chan string, 8)
		for _, node := range []string{"a", "b"} {
			q := New(e.DB, quiet, WithNode(node), WithPoll(time.Second))
			q.Handle("k", func(context.Context, Job) error {
				ran <- node
				time.Sleep(4 * time.Second)
				return nil
			}, opt)
			if node == "a" {
				enqueue(t, e.DB, q, tenant, "k", "", EnqueueOptions{})
			}
			start(t, q)
		}
		time.Sleep(5 * time.Second)
		if len(ran) != 1 {
			t.Fatalf("began %d times", len(ran))
		}
	})
}

func TestLostLeaseEndsTheHandlerAndChangesNothing(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		q := New(e.DB, quiet, WithNode("a"))
		begun, ended := make(chan bool), make(chan error, 1)
		q.Handle("k", func(ctx context.Context, _ Job) error {
			close(begun)
			<-ctx.Done()
			ended <- context.Cause(ctx)
			return ctx.Err()
		}, Options{Lease: 6 * time.Second}) // the holder is not heard of before the thief is through
		id := enqueue(t, e.DB, q, tenant, "k", "", EnqueueOptions{})
		start(t, q)
		<-begun
		thief := New(e.DB, quiet, WithNode("a"))
		thief.Handle("k", nil, Options{Lease: time.Hour})
		if err := thief.void(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := thief.reclaim(t.Context()); err != nil {
			t.Fatal(err)
		}
		abandon(t, thief, "k")
		if err := <-ended; err != errLeaseLost {
			t.Fatal(err)
		}
		time.Sleep(50 * time.Millisecond)
		if s := state(t, e.DB, id); s.State != "running" || s.Attempt != 2 {
			t.Fatalf("the thief's lease was touched: %+v", s)
		}
	})
}

func TestCleanStopReleasesTheJob(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		q := New(e.DB, quiet)
		begun := make(chan bool, 1)
		returned := false
		q.Handle("k", func(ctx context.Context, _ Job) error {
			begun <- true
			<-ctx.Done()
			time.Sleep(100 * time.Millisecond)
			returned = true
			return ctx.Err()
		}, Options{MaxAttempts: 1})
		id := enqueue(t, e.DB, q, tenant, "k", "", EnqueueOptions{})
		stop := start(t, q)
		<-begun
		stop()
		if !returned {
			t.Fatal("Run did not wait for the handler")
		}
		if s := state(t, e.DB, id); s.State != "ready" || s.Attempt != 0 {
			t.Fatalf("%+v", s)
		}
	})
}

func TestTimeoutIsAFailedAttempt(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		q := New(e.DB, quiet)
		q.Handle("k", func(ctx context.Context, _ Job) error { <-ctx.Done(); return ctx.Err() }, Options{MaxAttempts: 1, Timeout: 50 * time.Millisecond})
		id := enqueue(t, e.DB, q, tenant, "k", "", EnqueueOptions{})
		if n, err := q.Drain(t.Context()); n != 1 || err != nil {
			t.Fatalf("%d %v", n, err)
		}
		if s := state(t, e.DB, id); s.State != "dead" || s.Error != context.DeadlineExceeded.Error() {
			t.Fatalf("%+v", s)
		}
	})
}

func TestMissedSlotsAreCaughtUpOnce(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		count := func(kind string) (n int) {
			t.Helper()
			if err := e.DB.View(t.Context(), db.Global, func(tx *db.Tx) (err error) {
				n, err = db.Value[int](tx, qCount, kind)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return n
		}
		day := 24 * time.Hour
		plan := func(opts ...ScheduleOption) {
			t.Helper()
			for _, node := range []string{"a", "b"} { // two nodes plan the same schedule
				q := New(e.DB, quiet, WithNode(node))
				q.Schedule("backup", Every(day), opts...)
				if next, err := q.plan(t.Context(), q.schedules[0]); err != nil || time.Until(next) <= 0 {
					t.Fatalf("%v %v", next, err)
				}
			}
		}
		down := func(d time.Duration) {
			t.Helper()
			if err := e.DB.Tx(t.Context(), db.Global, func(tx *db.Tx) error {
				if _, err := tx.Exec(qRewind, ids.System, "backup", db.Micros(time.Now().Add(-d))); err != nil {
					return err
				}
				_, err := tx.Exec(qClear, "backup")
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		plan()
		if n := count("backup"); n != 1 {
			t.Fatalf("the first time: %d jobs", n)
		}
		down(5 * day)
		plan()
		if n := count("backup"); n != 5 {
			t.Fatalf("after five days: %d jobs", n)
		}
		down(5 * day)
		plan(NewestOnly())
		if n := count("backup"); n != 1 {
			t.Fatalf("newest only: %d jobs", n)
		}
	})
}

var (
	qRewind = db.Q("jobtest.rewind", `update job_schedule set last_at = $3 where tenant_id = $1 and kind = $2`)
	qClear  = db.GlobalQ("jobtest.clear", `delete from job where kind = $1`)
)

func TestStatsAndForgetting(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		q := New(e.DB, quiet)
		q.Handle("k", func(context.Context, Job) error { return nil }, Options{})
		enqueue(t, e.DB, q, tenant, "k", "payload", EnqueueOptions{})
		enqueue(t, e.DB, q, neighbour, "unknown", "", EnqueueOptions{})
		if n, err := q.Drain(t.Context()); n != 1 || err != nil {
			t.Fatalf("%d %v", n, err)
		}
		s, err := q.Stats(t.Context())
		if err != nil || s.Ready != 1 || s.Running != 0 || s.Dead != 0 || s.Oldest.IsZero() {
			t.Fatalf("%+v %v", s, err)
		}
		if err := q.forget(t.Context(), time.Now().Add(keepDone+time.Minute)); err != nil {
			t.Fatal(err)
		}
		var left int
		if err := e.DB.View(t.Context(), db.Global, func(tx *db.Tx) (err error) {
			left, err = db.Value[int](tx, qCount, "k")
			return err
		}); err != nil || left != 0 {
			t.Fatalf("%d %v", left, err)
		}
	})
}
