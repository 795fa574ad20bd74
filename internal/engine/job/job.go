// Package job does work later, surely and at least once: jobs are enqueued in the caller's transaction,
// held under a lease, retried with growing pauses and kept as dead letters when they never succeed.
// It must never run one job twice at the same time, lose a slot of a schedule, or store a name or a
// health value in a payload.
package job

import (
	"context"
	"errors"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
)

// Job is one piece of work as its handler sees it.
type Job struct {
	ID      ids.Job
	Tenant  ids.Tenant // ids.System for the service's own work
	Kind    string
	Slot    string // the unique key it was enqueued under; empty when none
	Payload []byte
	Attempt int // 1 for the first
}

// Handler does the work. It may be called again for the same job after a crash, so it must be repeatable.
// When ctx ends it should return soon; after a stop of the service the job then goes back to the queue
// without having used up an attempt.
type Handler func(ctx context.Context, j Job) error

// Options of one kind; zero fields take the defaults.
type Options struct {
	MaxAttempts int                             // default 5; then the job is a dead letter
	Backoff     func(attempt int) time.Duration // pause after the given attempt; default Exponential
	Timeout     time.Duration                   // of one attempt; default none
	Lease       time.Duration                   // renewed at a third of it while the handler runs; default 60 s
	Concurrency int                             // how many at once in this process; default 1
	FairTurns   bool                            // at most one at once of each tenant, so that nobody fills the places

	// GivenUp is told of a job that became a dead letter, however it came to that: the handler failed, panicked or ran
	// out of time, or its process was killed once too often. What stands for the job elsewhere can end there. A process
	// that ends in between tells nobody: who needs certainty asks Pending too.
	GivenUp func(ctx context.Context, j Job) error
}

func (o Options) filled() Options {
	if o.MaxAttempts <= 0 {
		o.MaxAttempts = 5
	}
	if o.Backoff == nil {
		o.Backoff = Exponential
	}
	if o.Lease <= 0 {
		o.Lease = time.Minute
	}
	if o.Concurrency <= 0 {
		o.Concurrency = 1
	}
	return o
}

// Exponential pauses 2 s after the first attempt and four times as long after each further one, at most
// an hour.
func Exponential(attempt int) time.Duration {
	d := 2 * time.Second
	for range attempt - 1 {
		if d *= 4; d >= time.Hour {
			return time.Hour
		}
	}
	return d
}

// EnqueueOptions of one job.
type EnqueueOptions struct {
	Slot  string    // unique within the tenant; enqueueing it again gives the job that is there already
	RunAt time.Time // not before; the zero time means now
}

type permanent struct{ error }

func (p permanent) Unwrap() error { return p.error }

// Permanent marks an error that no further attempt would cure: the job becomes a dead letter at once.
func Permanent(err error) error { return permanent{err} }

// hopeless also counts faults of the caller: what was invalid or missing stays so.
func hopeless(err error) bool {
	if errors.As(err, &permanent{}) {
		return true
	}
	var f *fault.Fault
	if !errors.As(err, &f) {
		return false
	}
	switch f.Kind {
	case fault.Invalid, fault.Denied, fault.Missing, fault.Conflict, fault.TooLarge:
		return true
	}
	return false
}

// maxError bounds the error text kept with a job, in bytes.
const maxError = 400

// describe keeps the code of a fault, or the text of any other error.
func describe(err error) string {
	var f *fault.Fault
	if errors.As(err, &f) {
		return string(f.Kind) + ": " + f.Code
	}
	s := err.Error()
	if len(s) > maxError {
		s = s[:maxError]
	}
	return s
}
