// Package jobs shows operators the work that was given up, and lets them have it done again. It must never run
// work itself, show a payload, or touch work that has not been given up.
package jobs

import (
	"context"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/job"
)

// The permissions that it asks for.
const (
	canRead  = "job.read"
	canRetry = "job.retry"
)

// Shown is how many dead letters a view holds; the newest come first.
const Shown = 100

// Stuck is how long work that is due may wait before it counts as not getting done.
const Stuck = 30 * time.Minute

// Options of a Service.
type Options struct {
	DB    *db.DB
	Log   *audit.Log
	Queue *job.Queue
	Guard func(a actor.Actor, permission string) error
}

// Service looks after the queue.
type Service struct{ o Options }

// New binds the service to its engines.
func New(o Options) *Service { return &Service{o} }

// View is the state of the queue.
type View struct {
	job.Stats
	Dead []job.Dead
}

// Waits tells since when work that is due has waited too long; zero when none has.
func (v View) Waits(now time.Time) time.Time {
	if v.Oldest.IsZero() || now.Sub(v.Oldest) < Stuck {
		return time.Time{}
	}
	return v.Oldest
}

// View shows the queue to who may see it.
func (s *Service) View(ctx context.Context, a actor.Actor) (v View, err error) {
	if err := s.o.Guard(a, canRead); err != nil {
		return v, err
	}
	if v.Stats, err = s.o.Queue.Stats(ctx); err != nil {
		return v, err
	}
	if v.Stats.Dead > 0 {
		v.Dead, err = s.o.Queue.Dead(ctx, Shown)
	}
	return v, err
}

// Retry has a dead letter done again; the event and the change are one.
func (s *Service) Retry(ctx context.Context, a actor.Actor, id ids.Job) error {
	if err := s.o.Guard(a, canRetry); err != nil {
		return err
	}
	return s.o.DB.Tx(ctx, db.Global, func(tx *db.Tx) error {
		d, err := s.o.Queue.Revive(tx, id)
		if err != nil {
			return err
		}
		_, err = s.o.Log.Append(tx, audit.Event{Verb: "job.retried", Actor: a, Kind: "job", Result: "ok", Detail: map[string]any{"kind": d.Kind, "job": string(d.ID)}})
		return err
	})
}
