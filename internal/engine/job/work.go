package job

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"rakudos/internal/engine/db"
)

// errLeaseLost tells a handler that its job now belongs to another process.
var errLeaseLost = errors.New("job: the lease was lost")

// work runs one claimed job to its end and records the outcome.
func (q *Queue) work(ctx context.Context, k *kind, j Job) {
	jctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if k.opt.Timeout > 0 {
		var stop context.CancelFunc
		jctx, stop = context.WithTimeout(jctx, k.opt.Timeout)
		defer stop()
	}
	ended := make(chan struct{})
	beating := make(chan struct{})
	go func() {
		defer close(beating)
		q.beat(ctx, k, j, ended, cancel)
	}()
	err := q.call(jctx, k, j)
	close(ended)
	<-beating
	if errors.Is(context.Cause(jctx), errLeaseLost) {
		q.log.Warn("a job was taken over by another process", "kind", j.Kind, "job", j.ID)
		return
	}
	q.finish(ctx, k, j, err)
}

// call runs the handler and turns a panic into an error.
func (q *Queue) call(ctx context.Context, k *kind, j Job) (err error) {
	defer func() {
		if p := recover(); p != nil {
			q.log.Error("a job panicked", "kind", j.Kind, "job", j.ID, "stack", string(debug.Stack()))
			err = fmt.Errorf("job: panic: %T", p)
		}
	}()
	return k.handle(ctx, j)
}

// beat renews the lease until the handler has ended. It goes on while a stop is under way, for the
// handler may still need a moment.
func (q *Queue) beat(ctx context.Context, k *kind, j Job, ended <-chan struct{}, cancel context.CancelCauseFunc) {
	ctx = context.WithoutCancel(ctx)
	every := time.NewTicker(k.opt.Lease / 3)
	defer every.Stop()
	until := time.Now().Add(k.opt.Lease)
	for {
		select {
		case <-ended:
			return
		case <-every.C:
		}
		next := time.Now().Add(k.opt.Lease)
		n, err := q.settle(ctx, qRenew, j, next)
		if err == nil && n == 1 {
			until = next
			continue
		}
		if err == nil || time.Now().After(until) {
			cancel(errLeaseLost)
			return
		}
	}
}

// finish writes what became of the job. If that fails the lease lapses and the job is run again.
func (q *Queue) finish(ctx context.Context, k *kind, j Job, err error) {
	stopped := ctx.Err() != nil
	ctx = context.WithoutCancel(ctx)
	now := time.Now()
	var werr error
	var buried int64
	switch {
	case err == nil:
		_, werr = q.settle(ctx, qDone, j, now, []byte{})
	case stopped:
		_, werr = q.settle(ctx, qRelease, j, now)
	case hopeless(err) || j.Attempt >= k.opt.MaxAttempts:
		q.log.Error("a job failed for good", "kind", j.Kind, "job", j.ID, "attempt", j.Attempt, "error", describe(err))
		buried, werr = q.settle(ctx, qBury, j, now, describe(err))
	default:
		q.log.Warn("a job failed and will be tried again", "kind", j.Kind, "job", j.ID, "attempt", j.Attempt, "error", describe(err))
		_, werr = q.settle(ctx, qRetry, j, now.Add(k.opt.Backoff(j.Attempt)), describe(err))
	}
	if werr != nil {
		q.log.Error("the outcome of a job could not be written", "kind", j.Kind, "job", j.ID, "error", werr)
	}
	if buried > 0 {
		q.givenUp(ctx, k, j)
	}
}

// givenUp tells who waits for a job that it will not come.
func (q *Queue) givenUp(ctx context.Context, k *kind, j Job) {
	if k.opt.GivenUp == nil {
		return
	}
	tell := *k
	tell.handle = k.opt.GivenUp
	if err := q.call(ctx, &tell, j); err != nil {
		q.log.Error("what waits for a job that was given up could not be ended", "kind", j.Kind, "job", j.ID, "error", describe(err))
	}
}

// settle changes a job only while this process holds it in this very attempt.
func (q *Queue) settle(ctx context.Context, query db.Query, j Job, at time.Time, more ...any) (n int64, err error) {
	ctx, stop := context.WithTimeout(ctx, 15*time.Second)
	defer stop()
	args := append([]any{j.Tenant, j.ID, db.Micros(at), q.process, j.Attempt}, more...)
	return n, q.db.Tx(ctx, db.Global, func(tx *db.Tx) (err error) {
		n, err = tx.Exec(query, args...)
		return err
	})
}
