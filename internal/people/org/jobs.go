package org

import (
	"context"
	"errors"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/job"
)

const (
	jobRead  = "roster.read"
	jobApply = "roster.apply"
	jobSweep = "roster.sweep"

	attempts = 5
)

// How long an import may stand still before the sweep ends it.
const (
	idleAttended = 10 * time.Minute
	idleJob      = 6 * time.Hour
	idlePreview  = 7 * 24 * time.Hour
)

func (s *Service) registerJobs() {
	if s.jobs == nil {
		return
	}
	o := job.Options{MaxAttempts: attempts, GivenUp: s.givenUp}
	s.jobs.Handle(jobRead, s.handler(s.read), o)
	s.jobs.Handle(jobApply, s.handler(s.apply), o)
	s.jobs.Handle(jobSweep, func(ctx context.Context, _ job.Job) error { return s.Sweep(ctx) }, job.Options{})
	s.jobs.Schedule(jobSweep, job.Every(time.Hour), job.NewestOnly())
}

// handler runs one phase of an import; when it will not be tried again the import fails visibly.
func (s *Service) handler(phase func(context.Context, ids.Tenant, ids.Import) error) job.Handler {
	return func(ctx context.Context, j job.Job) error {
		id := ids.Import(j.Payload)
		err := phase(ctx, j.Tenant, id)
		if err == nil || ctx.Err() != nil {
			return err
		}
		f := fault.Of(err)
		if transient := f.Kind == fault.Internal || f.Kind == fault.Busy || f.Kind == fault.Locked; transient && j.Attempt < attempts {
			return err
		}
		return errors.Join(job.Permanent(err), s.end(ctx, j.Tenant, id, Failed, f))
	}
}

// givenUp ends the import of a job that will not come again: one whose process was killed once too often, or whose
// handler panicked. One that has gone on since, or has ended, is left alone.
func (s *Service) givenUp(ctx context.Context, j job.Job) error {
	id := ids.Import(j.Payload)
	r, err := s.get(ctx, j.Tenant, id)
	if fault.Is(err, fault.Missing) {
		return nil
	}
	if err != nil || j.Kind != map[State]string{Reading: jobRead, Applying: jobApply}[r.state] {
		return err
	}
	return s.end(ctx, j.Tenant, id, Failed, fault.New(fault.Internal, "org.import_interrupted"))
}

// Sweep ends imports that nobody works on any more and removes what ended ones left behind. The hourly
// job does it; it is also right at start.
func (s *Service) Sweep(ctx context.Context) error {
	type idle struct {
		tenant ids.Tenant
		id     ids.Import
		state  State
	}
	now := time.Now()
	var list []idle
	err := s.db.View(ctx, db.Global, func(tx *db.Tx) (err error) {
		list, err = db.All(tx, qSweep, func(r db.Scanner) (x idle, err error) {
			return x, r.Scan(&x.tenant, &x.id, &x.state)
		}, db.Micros(now.Add(-idleAttended)), db.Micros(now.Add(-idleJob)), db.Micros(now.Add(-idlePreview)))
		return err
	})
	if err != nil {
		return err
	}
	var errs []error
	for _, x := range list {
		switch x.state {
		case Applied, Withdrawn, Failed:
			errs = append(errs, s.tidy(ctx, x.tenant, x.id))
		case Preview:
			errs = append(errs, s.end(ctx, x.tenant, x.id, Withdrawn, nil))
		default:
			errs = append(errs, s.end(ctx, x.tenant, x.id, Failed, fault.New(fault.Internal, "org.import_interrupted")))
		}
	}
	return errors.Join(errs...)
}
