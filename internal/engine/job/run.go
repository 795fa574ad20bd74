package job

import (
	"context"
	"slices"
	"strings"
	"time"

	"rakudos/internal/engine/db"
)

// keepDone is how long finished jobs stay visible.
const keepDone = 30 * 24 * time.Hour

// Run hands out jobs until ctx ends, then waits for the handlers to return. A failing database is told
// to the log and tried again.
func (q *Queue) Run(ctx context.Context) error {
	defer q.working.Wait()
	timer := time.NewTimer(0) // the first round begins at once
	defer timer.Stop()
	started := false
	var forgetAt time.Time
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-q.wake:
		case <-timer.C:
		}
		if ctx.Err() != nil {
			return nil
		}
		var next time.Time
		err := func() (err error) {
			if !started {
				if err := q.void(ctx); err != nil {
					return err
				}
				started = true
			}
			if now := time.Now(); now.After(forgetAt) {
				if err := q.forget(ctx, now); err != nil {
					return err
				}
				forgetAt = now.Add(time.Hour)
			}
			next, err = q.round(ctx)
			return err
		}()
		wait := q.poll
		if err != nil {
			if ctx.Err() == nil {
				q.log.Error("jobs cannot be read", "error", err)
			}
		} else if d := time.Until(next); !next.IsZero() && d < wait {
			wait = max(d, 0)
		}
		timer.Reset(wait)
	}
}

// Drain runs, one after another in this goroutine, every job that is due, and those that fall due
// meanwhile, until none is left; it returns how many ran. Schedules are left alone.
func (q *Queue) Drain(ctx context.Context) (int, error) {
	if err := q.void(ctx); err != nil {
		return 0, err
	}
	ran := 0
	for {
		before := ran
		if err := q.reclaim(ctx); err != nil {
			return ran, err
		}
		for _, k := range q.ordered() {
			jobs, err := q.claim(ctx, k, 1)
			if err != nil {
				return ran, err
			}
			for _, j := range jobs {
				q.work(ctx, k, j)
				ran++
			}
		}
		if ran == before || ctx.Err() != nil {
			return ran, ctx.Err()
		}
	}
}

func (q *Queue) ordered() []*kind {
	out := make([]*kind, 0, len(q.kinds))
	for _, k := range q.kinds {
		out = append(out, k)
	}
	slices.SortFunc(out, func(a, b *kind) int { return strings.Compare(a.name, b.name) })
	return out
}

// round starts what is due and can be started, and says when the next known thing falls due.
func (q *Queue) round(ctx context.Context) (next time.Time, err error) {
	sooner := func(t time.Time) {
		if !t.IsZero() && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	for _, s := range q.schedules {
		at, err := q.plan(ctx, s)
		if err != nil {
			return next, err
		}
		sooner(at)
	}
	if err := q.reclaim(ctx); err != nil {
		return next, err
	}
	due, err := q.due(ctx)
	if err != nil {
		return next, err
	}
	for _, k := range q.ordered() {
		at, ok := due[k.name]
		free := q.free(k)
		if !ok || free <= 0 { // a job that ends wakes the next round
			continue
		}
		if at.After(time.Now()) {
			sooner(at)
			continue
		}
		jobs, err := q.claim(ctx, k, free)
		if err != nil {
			return next, err
		}
		for _, j := range jobs {
			q.occupy(k, 1)
			q.working.Go(func() {
				defer q.Wake()
				defer q.occupy(k, -1)
				q.work(ctx, k, j)
			})
		}
		if len(jobs) > 0 {
			q.Wake() // more may be waiting behind them
		}
	}
	return next, nil
}

// due gives the earliest instant of each kind that has jobs waiting.
func (q *Queue) due(ctx context.Context) (map[string]time.Time, error) {
	out := map[string]time.Time{}
	return out, q.db.View(ctx, db.Global, func(tx *db.Tx) error {
		clear(out)
		return db.Each(tx, qDue, func(s db.Scanner) error {
			var kind string
			var at int64
			err := s.Scan(&kind, &at)
			out[kind] = db.Time(at)
			return err
		})
	})
}

func (q *Queue) claim(ctx context.Context, k *kind, limit int) ([]Job, error) {
	query := qClaim
	if k.opt.FairTurns {
		query, limit = qClaimFair, 1 // the next round sees whose turn it is not
	}
	var jobs []Job
	return jobs, q.db.Tx(ctx, db.Global, func(tx *db.Tx) (err error) {
		now := time.Now()
		jobs, err = db.All(tx, query, scanJob, q.node, q.process, db.Micros(now.Add(k.opt.Lease)), k.name, db.Micros(now), limit)
		return err
	})
}

// void ends the leases of earlier processes of this place.
func (q *Queue) void(ctx context.Context) error {
	return q.db.Tx(ctx, db.Global, func(tx *db.Tx) error {
		_, err := tx.Exec(qVoid, q.node, q.process)
		return err
	})
}

// reclaim takes back jobs whose holder let the lease lapse. It looks before it writes, so that an idle
// service does not touch the one writer.
func (q *Queue) reclaim(ctx context.Context) error {
	now := db.Micros(time.Now())
	var kinds []string
	err := q.db.View(ctx, db.Global, func(tx *db.Tx) (err error) {
		kinds, err = db.Column[string](tx, qLapsed, now)
		return err
	})
	if err != nil {
		return err
	}
	for _, name := range kinds {
		k := q.kinds[name]
		if k == nil { // another node's business
			continue
		}
		var dead []Job
		err := q.db.Tx(ctx, db.Global, func(tx *db.Tx) (err error) {
			if dead, err = db.All(tx, qReclaimDead, scanJob, name, now, k.opt.MaxAttempts); err == nil {
				_, err = tx.Exec(qReclaim, name, now)
			}
			return err
		})
		if err != nil {
			return err
		}
		for _, j := range dead {
			q.log.Error("a job's processes ended too often", "kind", j.Kind, "job", j.ID, "attempt", j.Attempt)
			q.givenUp(ctx, k, j)
		}
	}
	return nil
}

func (q *Queue) forget(ctx context.Context, now time.Time) error {
	return q.db.Tx(ctx, db.Global, func(tx *db.Tx) error {
		_, err := tx.Exec(qForget, db.Micros(now.Add(-keepDone)))
		return err
	})
}
