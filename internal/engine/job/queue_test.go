package job

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/testdb"
)

var (
	tenant    = ids.New[ids.Tenant]()
	neighbour = ids.New[ids.Tenant]()
	quiet     = WithLog(slog.New(slog.NewTextHandler(io.Discard, nil)))
	soon      = Options{Backoff: func(int) time.Duration { return 10 * time.Millisecond }}

	qState = db.GlobalQ("jobtest.state", `select state, attempt, error from job where job_id = $1`)
	qCount = db.GlobalQ("jobtest.count", `select count(*) from job where kind = $1`)
)

type row struct {
	State   string
	Attempt int
	Error   string
}

func state(t *testing.T, d *db.DB, id ids.Job) row {
	t.Helper()
	var r row
	err := d.View(t.Context(), db.Global, func(tx *db.Tx) (err error) {
		r, err = db.One(tx, qState, func(s db.Scanner) (r row, err error) { return r, s.Scan(&r.State, &r.Attempt, &r.Error) }, id)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func enqueue(t *testing.T, d *db.DB, q *Queue, who ids.Tenant, kind string, payload string, o EnqueueOptions) ids.Job {
	t.Helper()
	var id ids.Job
	err := d.Tx(t.Context(), who, func(tx *db.Tx) (err error) {
		id, err = q.Enqueue(tx, who, kind, []byte(payload), o)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// start runs the queue and returns what stops it and waits.
func start(t *testing.T, q *Queue) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); _ = q.Run(ctx) }()
	stop = sync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(stop)
	return stop
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for range 1000 {
		if ok() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("never: %s", what)
}

func TestJobRunsOnceAfterCommit(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		q := New(e.DB, quiet, WithPoll(time.Hour))
		got := make(chan Job, 10)
		q.Handle("k", func(_ context.Context, j Job) error { got <- j; return nil }, Options{})
		start(t, q)
		_ = e.DB.Tx(t.Context(), tenant, func(tx *db.Tx) error {
			_, _ = q.Enqueue(tx, tenant, "k", nil, EnqueueOptions{})
			return errors.New("rolled back")
		})
		id := enqueue(t, e.DB, q, tenant, "k", "p", EnqueueOptions{})
		var j Job
		select {
		case j = <-got:
		case <-time.After(time.Minute):
			t.Fatal("enqueueing did not wake the queue")
		}
		if j.ID != id || j.Tenant != tenant || string(j.Payload) != "p" || j.Attempt != 1 {
			t.Fatalf("%+v", j)
		}
		eventually(t, "done", func() bool { return state(t, e.DB, id).State == "done" })
		if len(got) != 0 {
			t.Fatal("it ran twice, or the rolled back one ran")
		}
	})
}

func TestSlotIsUniquePerTenant(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		q := New(e.DB, quiet)
		a := enqueue(t, e.DB, q, tenant, "k", "", EnqueueOptions{Slot: "s"})
		b := enqueue(t, e.DB, q, tenant, "k", "", EnqueueOptions{Slot: "s"})
		c := enqueue(t, e.DB, q, neighbour, "k", "", EnqueueOptions{Slot: "s"})
		if a != b || a == c {
			t.Fatalf("%s %s %s", a, b, c)
		}
		first, second := enqueue(t, e.DB, q, tenant, "k", "", EnqueueOptions{}), enqueue(t, e.DB, q, tenant, "k", "", EnqueueOptions{})
		if first == second {
			t.Fatal("jobs without a slot were joined")
		}
		if err := e.DB.Tx(t.Context(), neighbour, func(tx *db.Tx) error {
			_, err := q.Enqueue(tx, tenant, "k", nil, EnqueueOptions{})
			return err
		}); err == nil {
			t.Fatal("a job was put into another tenant")
		}
	})
}

func TestRetryThenDeadLetter(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		q := New(e.DB, quiet)
		opt := soon
		opt.MaxAttempts = 3
		var mu sync.Mutex
		tries := map[string]int{}
		q.Handle("k", func(_ context.Context, j Job) error {
			mu.Lock()
			defer mu.Unlock()
			tries[string(j.Payload)]++
			switch string(j.Payload) {
			case "panics":
				panic("secret value")
			case "hopeless":
				return fmt.Errorf("wrapped: %w", fault.New(fault.Invalid, "x.bad"))
			case "permanent":
				return Permanent(errors.New("never"))
			case "third-time":
				if j.Attempt == 3 {
					return nil
				}
			}
			return errors.New("not yet")
		}, opt)
		id := map[string]ids.Job{}
		for _, p := range []string{"panics", "hopeless", "permanent", "third-time", "always"} {
			id[p] = enqueue(t, e.DB, q, tenant, "k", p, EnqueueOptions{})
		}
		start(t, q)
		for p, want := range map[string]row{
			"panics":     {"dead", 3, "job: panic: string"},
			"hopeless":   {"dead", 1, "invalid: x.bad"},
			"permanent":  {"dead", 1, "never"},
			"third-time": {"done", 3, ""},
			"always":     {"dead", 3, "not yet"},
		} {
			eventually(t, p, func() bool { return state(t, e.DB, id[p]) == want })
		}
		dead, err := q.Dead(t.Context(), 10)
		if err != nil || len(dead) != 4 {
			t.Fatalf("%v %v", dead, err)
		}
		revive := func(name string) (d Dead, err error) {
			return d, e.DB.Tx(t.Context(), db.Global, func(tx *db.Tx) (err error) { d, err = q.Revive(tx, id[name]); return err })
		}
		if d, err := revive("always"); err != nil || d.ID != id["always"] || d.Kind == "" || d.Tenant == "" {
			t.Fatalf("%+v, %v", d, err)
		}
		if _, err := revive("third-time"); !fault.Is(err, fault.Missing) {
			t.Fatalf("a finished job was revived: %v", err)
		}
		eventually(t, "tried again", func() bool { mu.Lock(); defer mu.Unlock(); return tries["always"] == 6 })
	})
}

func TestDelayedJobWaitsAndIsThenPrompt(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		q := New(e.DB, quiet, WithPoll(time.Hour))
		ran := make(chan time.Time, 1)
		q.Handle("k", func(context.Context, Job) error { ran <- time.Now(); return nil }, Options{})
		start(t, q)
		at := time.Now().Add(400 * time.Millisecond)
		enqueue(t, e.DB, q, tenant, "k", "", EnqueueOptions{RunAt: at})
		if d := (<-ran).Sub(at); d < 0 || d > 30*time.Second {
			t.Fatalf("ran %v after its time", d)
		}
	})
}

func TestTwoQueuesNeverRunAJobTwice(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		const jobs = 120
		var mu sync.Mutex
		runs, by := map[string]int{}, map[string]int{}
		for _, node := range []string{"a", "b"} {
			q := New(e.DB, quiet, WithNode(node))
			q.Handle("k", func(_ context.Context, j Job) error {
				time.Sleep(2 * time.Millisecond)
				mu.Lock()
				defer mu.Unlock()
				runs[string(j.Payload)]++
				by[node]++
				return nil
			}, Options{Concurrency: 4})
			if node == "a" {
				for i := range jobs {
					enqueue(t, e.DB, q, []ids.Tenant{tenant, neighbour}[i%2], "k", strconv.Itoa(i), EnqueueOptions{})
				}
			}
			start(t, q)
		}
		eventually(t, "all ran", func() bool { mu.Lock(); defer mu.Unlock(); return len(runs) == jobs })
		time.Sleep(50 * time.Millisecond)
		mu.Lock()
		defer mu.Unlock()
		for p, n := range runs {
			if n != 1 {
				t.Errorf("job %s ran %d times", p, n)
			}
		}
		t.Logf("shared as %v", by)
	})
}

func TestConcurrencyIsPerKind(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		q := New(e.DB, quiet)
		var mu sync.Mutex
		now, peak, done := map[string]int{}, map[string]int{}, 0
		h := func(_ context.Context, j Job) error {
			mu.Lock()
			now[j.Kind]++
			peak[j.Kind] = max(peak[j.Kind], now[j.Kind])
			mu.Unlock()
			time.Sleep(20 * time.Millisecond)
			mu.Lock()
			now[j.Kind]--
			done++
			mu.Unlock()
			return nil
		}
		q.Handle("one", h, Options{})
		q.Handle("three", h, Options{Concurrency: 3})
		for range 9 {
			enqueue(t, e.DB, q, tenant, "one", "", EnqueueOptions{})
			enqueue(t, e.DB, q, tenant, "three", "", EnqueueOptions{})
		}
		start(t, q)
		eventually(t, "all done", func() bool { mu.Lock(); defer mu.Unlock(); return done == 18 })
		if peak["one"] != 1 || peak["three"] != 3 {
			t.Fatalf("peaks %v", peak)
		}
	})
}

// TestAPayloadIsANumber: what is said about people never waits in the queue.
func TestAPayloadIsANumber(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		q := New(e.DB)
		q.Handle("b", nil, Options{})
		q.Handle("a", nil, Options{})
		if got := q.Kinds(); !slices.Equal(got, []string{"a", "b"}) {
			t.Errorf("%v", got)
		}
		for payload, ok := range map[string]bool{
			"": true, "2026": true, "01a222e9-5d78-799e-aa95-27a614333d1f": true, "a.b:c_d": true,
			"佐藤": false, "a b": false, `{"a":1}`: false, strings.Repeat("1", 65): false,
		} {
			err := e.DB.Tx(t.Context(), tenant, func(tx *db.Tx) error {
				_, err := q.Enqueue(tx, tenant, "a", []byte(payload), EnqueueOptions{})
				return err
			})
			if f := fault.Of(err); ok != (err == nil) || !ok && (f == nil || f.Code != "job.payload") {
				t.Errorf("%q: %v", payload, err)
			}
		}
	})
}
