package jobs

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/job"
	"rakudos/internal/engine/vault"
	"rakudos/internal/testkit/testdb"
)

// bed is a queue in which work of two customers has been given up, one piece each, and one waits.
func bed(t *testing.T, e *testdb.Env) (*Service, *audit.Log) {
	t.Helper()
	root, err := vault.FileRoot(e.Dir + "/root.key")
	if err != nil {
		t.Fatal(err)
	}
	v, err := vault.Open(t.Context(), e.Keys, root)
	if err != nil {
		t.Fatal(err)
	}
	quiet := slog.New(slog.DiscardHandler)
	log, err := audit.Open(t.Context(), e.DB, v, audit.Config{Dir: e.Dir + "/log", Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() })
	q := job.New(e.DB, job.WithLog(quiet))
	tries := 0
	q.Handle("k", func(context.Context, job.Job) error {
		if tries++; tries > 2 {
			return nil
		}
		return errors.New("not yet")
	}, job.Options{MaxAttempts: 1})
	for _, tenant := range []ids.Tenant{ids.System, "01935a00-0000-7000-8000-00000000000a"} {
		put(t, e, q, tenant, "k", time.Time{})
	}
	if n, err := q.Drain(t.Context()); n != 2 || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
	guard := func(a actor.Actor, _ string) error {
		if a.Has(actor.Operator) {
			return nil
		}
		return fault.New(fault.Denied, "access.denied")
	}
	return New(Options{DB: e.DB, Log: log, Queue: q, Guard: guard}), log
}

func put(t *testing.T, e *testdb.Env, q *job.Queue, tenant ids.Tenant, kind string, at time.Time) {
	t.Helper()
	if err := e.DB.Tx(t.Context(), tenant, func(tx *db.Tx) error {
		_, err := q.Enqueue(tx, tenant, kind, nil, job.EnqueueOptions{RunAt: at})
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

var operator = actor.Actor{Kind: actor.Human, Tenant: ids.System, Account: "01935a00-0000-7000-8000-0000000000aa", Roles: []actor.Role{actor.Operator}}

// TestWorkThatWasGivenUpIsDoneAgain: one of two dead letters is tried anew and done, the other stays, the log says
// who asked, and what is done is not done twice.
func TestWorkThatWasGivenUpIsDoneAgain(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		s, log := bed(t, e)
		v, err := s.View(t.Context(), operator)
		if err != nil || len(v.Dead) != 2 || v.Stats.Dead != 2 || v.Ready != 0 || v.Dead[0].Error != "not yet" {
			t.Fatalf("%+v, %v", v, err)
		}
		again, other := v.Dead[0], v.Dead[1]
		if err := s.Retry(t.Context(), operator, again.ID); err != nil {
			t.Fatal(err)
		}
		if n, err := s.o.Queue.Drain(t.Context()); n != 1 || err != nil {
			t.Fatalf("%d pieces ran, %v", n, err)
		}
		if v, err = s.View(t.Context(), operator); err != nil || len(v.Dead) != 1 || v.Dead[0].ID != other.ID {
			t.Errorf("what is left: %+v, %v", v, err)
		}
		if err := s.Retry(t.Context(), operator, again.ID); !fault.Is(err, fault.Missing) {
			t.Errorf("done twice: %v", err)
		}
		found, err := log.Find(t.Context(), actor.HostOperator(ids.System, "test"), audit.Filter{Verb: "job.retried", Limit: 10})
		if err != nil || len(found) != 1 || found[0].Detail["job"] != string(again.ID) || found[0].Actor.Account != operator.Account {
			t.Errorf("%+v, %v", found, err)
		}
	})
}

// TestOnlyOperatorsLookAfterTheQueue: nobody else sees it or changes anything.
func TestOnlyOperatorsLookAfterTheQueue(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		s, _ := bed(t, e)
		v, err := s.View(t.Context(), operator)
		if err != nil {
			t.Fatal(err)
		}
		stranger := operator
		stranger.Roles = []actor.Role{actor.TenantAdmin}
		if _, err := s.View(t.Context(), stranger); !fault.Is(err, fault.Denied) {
			t.Errorf("a stranger sees the queue: %v", err)
		}
		if err := s.Retry(t.Context(), stranger, v.Dead[0].ID); !fault.Is(err, fault.Denied) {
			t.Errorf("a stranger has work done: %v", err)
		}
		if after, err := s.View(t.Context(), operator); err != nil || len(after.Dead) != 2 {
			t.Errorf("something refused changed something: %+v, %v", after, err)
		}
	})
}

// TestWorkThatWaitsTooLong: half an hour late is late; what is planned for later, or just due, is not.
func TestWorkThatWaitsTooLong(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		s, _ := bed(t, e)
		now := time.Now()
		for _, c := range []struct {
			due  time.Duration
			late bool
		}{{time.Hour, false}, {-Stuck / 2, false}, {-2 * Stuck, true}} {
			put(t, e, s.o.Queue, ids.System, "nobody.handles", now.Add(c.due))
			v, err := s.View(t.Context(), operator)
			if err != nil || !v.Waits(now).IsZero() != c.late {
				t.Errorf("due %v: waits since %v, %v", c.due, v.Waits(now), err)
			}
		}
	})
}
