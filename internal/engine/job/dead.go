package job

import (
	"context"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
)

// Dead is a job that was given up.
type Dead struct {
	Tenant   ids.Tenant
	ID       ids.Job
	Kind     string
	Slot     string
	Attempts int
	Error    string
	Created  time.Time
	Finished time.Time
}

// Dead lists the dead letters of all tenants, newest first.
func (q *Queue) Dead(ctx context.Context, limit int) ([]Dead, error) {
	var out []Dead
	return out, q.db.View(ctx, db.Global, func(tx *db.Tx) (err error) {
		out, err = db.All(tx, qDead, func(s db.Scanner) (Dead, error) {
			var d Dead
			var created, finished int64
			err := s.Scan(&d.Tenant, &d.ID, &d.Kind, &d.Slot, &d.Attempts, &d.Error, &created, &finished)
			d.Created, d.Finished = db.Time(created), db.Time(finished)
			return d, err
		}, limit)
		return err
	})
}

// Alive tells whether the job of a slot is waiting or running. One that is done, dead or unknown will not come.
func (q *Queue) Alive(tx *db.Tx, t ids.Tenant, slot string) (bool, error) {
	n, err := db.Value[int64](tx, qAlive, t, slot)
	return n > 0, err
}

// Pending tells whether a job of a kind with that payload is waiting or running.
func (q *Queue) Pending(tx *db.Tx, t ids.Tenant, kind string, payload []byte) (bool, error) {
	n, err := db.Value[int64](tx, qPending, t, kind, payload)
	return n > 0, err
}

// Revive puts a dead letter back into the queue with its attempts at zero, in the caller's transaction, and tells
// whose it is.
func (q *Queue) Revive(tx *db.Tx, id ids.Job) (Dead, error) {
	d, err := db.One(tx, qDeadOne, func(s db.Scanner) (d Dead, err error) {
		return d, s.Scan(&d.Tenant, &d.ID, &d.Kind, &d.Slot)
	}, id)
	if fault.Is(err, fault.Missing) {
		return d, fault.New(fault.Missing, "job.not_dead")
	}
	if err != nil {
		return d, err
	}
	n, err := tx.Exec(qRevive, id, db.Micros(time.Now()))
	if err == nil && n == 0 {
		err = fault.New(fault.Missing, "job.not_dead")
	}
	tx.OnCommit(q.Wake)
	return d, err
}

// Stats counts the jobs that are not done.
type Stats struct {
	Ready, Running, Dead int
	Oldest               time.Time // since when the longest waiting job that is due has waited; zero when none is
}

// Stats of the whole database, for the status page.
func (q *Queue) Stats(ctx context.Context) (Stats, error) {
	var out Stats
	return out, q.db.View(ctx, db.Global, func(tx *db.Tx) error {
		out = Stats{}
		now := time.Now()
		return db.Each(tx, qCounts, func(s db.Scanner) error {
			var kind, state string
			var n int
			var first int64
			if err := s.Scan(&kind, &state, &n, &first); err != nil {
				return err
			}
			switch state {
			case "running":
				out.Running += n
			case "dead":
				out.Dead += n
			case "ready":
				out.Ready += n
				if at := db.Time(first); at.Before(now) && (out.Oldest.IsZero() || at.Before(out.Oldest)) {
					out.Oldest = at
				}
			}
			return nil
		})
	})
}
