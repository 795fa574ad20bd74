package checkup

import (
	"context"
	"crypto/subtle"
	"errors"
	"io"
	"log/slog"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/job"
)

const (
	jobRead    = "checkup.read"
	jobApply   = "checkup.apply"
	jobRejudge = "checkup.rejudge"
	jobSweep   = "checkup.sweep"
)

var jobOptions = job.Options{MaxAttempts: 4, Timeout: 30 * time.Minute, Concurrency: 1}

// Two files are read at once, of two customers: a slow one makes only its own customer wait.
var readOptions = job.Options{MaxAttempts: jobOptions.MaxAttempts, Timeout: jobOptions.Timeout, Concurrency: 2, FairTurns: true}

// handle makes a job of a step. What cannot get better by trying again ends the import as failed, with
// nothing of it in the database.
func (s *Service) handle(step func(context.Context, *batch) error) job.Handler {
	return func(ctx context.Context, j job.Job) error {
		b, err := s.batch(ctx, j.Tenant, ids.Import(j.Payload), false)
		if err != nil {
			return err
		}
		defer s.progress.end(b.id)
		if err = step(ctx, b); err == nil || ctx.Err() != nil {
			return err
		}
		switch f := fault.Of(err); {
		case f.Kind == fault.Invalid, f.Kind == fault.TooLarge, f.Kind == fault.Missing:
			return s.failed(ctx, b, f)
		case j.Attempt >= jobOptions.MaxAttempts:
			return errors.Join(job.Permanent(err), s.failed(ctx, b, f))
		}
		return err
	}
}

func (s *Service) opener(ctx context.Context, b *batch) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return s.blobs.Open(ctx, b.tenant, b.blob) }
}

// by is who an import's events belong to when a job acts: the machine, for the account that asked.
func (b *batch) by(account ids.Account) actor.Actor {
	a := actor.System(b.tenant, "checkup.import")
	a.Account = account
	return a
}

// apply stores the accepted lines under the unpublished batch and publishes them at the end. It may be
// run again after a crash at any point.
func (s *Service) apply(ctx context.Context, b *batch) error {
	if b.state != Applying {
		return nil
	}
	if err := s.dropUnpublished(ctx, b); err != nil {
		return err
	}
	m, err := s.mappingByID(ctx, b.tenant, b.mapping)
	if err != nil {
		return err
	}
	out, err := s.run(ctx, b, m, true, s.opener(ctx, b))
	if err != nil {
		return err
	}
	s.at("written")
	if out.accepted != b.accepted || subtle.ConstantTimeCompare(out.mac[:], b.mac) != 1 {
		if err := s.dropUnpublished(ctx, b); err != nil {
			return err
		}
		return s.ready(ctx, b, out, fault.New(fault.Conflict, "checkup.preview_changed"))
	}
	if err := s.publish(ctx, b, out, b.by(b.appliedBy)); err != nil {
		return err
	}
	s.progress.end(b.id)
	for year := range out.years { // so that the first reader does not wait; whoever comes meanwhile builds it
		if err := s.Warm(ctx, b.tenant, year); err != nil {
			slog.Warn("the list of a year could not be prepared", "tenant", b.tenant, "year", year, "error", err)
		}
	}
	return nil
}

// publish makes a batch visible, all at once.
func (s *Service) publish(ctx context.Context, b *batch, out *outcome, by actor.Actor) error {
	k, err := s.vault.Tenant(ctx, b.tenant)
	if err != nil {
		return err
	}
	b.about.Body, b.about.Header = out.info.Body, out.info.Header
	b.detail = out.detail
	aboutCol, detailCol, err := b.sealed(k)
	if err != nil {
		return err
	}
	err = s.db.Tx(ctx, b.tenant, func(tx *db.Tx) error {
		mapping, err := s.saveMapping(tx, k, b, out.info.Mapping, by.Account)
		if err != nil {
			return err
		}
		n, err := tx.Exec(qBatchPublish, b.tenant, b.id, mapping, out.info.Rows, out.accepted, out.unchanged, out.mac[:], aboutCol, detailCol,
			by.Account, db.Micros(time.Now()))
		if err != nil {
			return err
		}
		if n != 1 {
			return fault.New(fault.Conflict, "checkup.import_running")
		}
		for year := range out.years {
			if _, err := tx.Exec(qBatchYear, b.tenant, b.id, year); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(qBump, b.tenant); err != nil {
			return err
		}
		_, err = s.audit.Append(tx, audit.Event{Verb: "checkup.import.applied", Actor: by, Kind: "checkup.import", Detail: out.counts(b)})
		return err
	})
	if err != nil {
		return err
	}
	s.at("published")
	// The upload has served: what is stored is under the people's keys, and erasing them must erase this too.
	return s.blobs.Delete(context.WithoutCancel(ctx), b.tenant, b.blob)
}

// givenUp ends the import of a job that will not come again, whatever became of it. One that has gone on since, to its
// preview or by another job, is left alone.
func (s *Service) givenUp(ctx context.Context, j job.Job) error {
	b, err := s.batch(ctx, j.Tenant, ids.Import(j.Payload), false)
	if fault.Is(err, fault.Missing) {
		return nil
	}
	if err != nil || j.Kind != b.job() {
		return err
	}
	s.progress.end(b.id)
	return s.failed(ctx, b, fault.New(fault.Internal, "checkup.import_failed"))
}

// job is the kind of the job that a batch waits for; empty when it waits for none.
func (b *batch) job() string {
	return map[State]string{Reading: jobRead, Applying: jobApply}[b.state]
}

// failed ends an import with the reason; nothing of it stays in the tables of results.
func (s *Service) failed(ctx context.Context, b *batch, f *fault.Fault) error {
	return s.fail(ctx, b, f, qBatchFail)
}

func (s *Service) fail(ctx context.Context, b *batch, f *fault.Fault, q db.Query) error {
	ctx = context.WithoutCancel(ctx)
	if err := s.dropUnpublished(ctx, b); err != nil {
		return err
	}
	k, err := s.vault.Tenant(ctx, b.tenant)
	if err != nil {
		return err
	}
	if f.Kind == fault.Internal {
		f = fault.New(fault.Internal, "checkup.import_failed")
	}
	b.detail = detail{Failure: messageOf(f)}
	aboutCol, detailCol, err := b.sealed(k)
	if err != nil {
		return err
	}
	return s.db.Tx(ctx, b.tenant, func(tx *db.Tx) error {
		n, err := tx.Exec(q, b.tenant, b.id, aboutCol, detailCol, db.Micros(time.Now()))
		if err != nil || n != 1 {
			return err
		}
		_, err = s.audit.Append(tx, audit.Event{Verb: "checkup.import.failed", Actor: b.by(b.startedBy), Kind: "checkup.import", Result: "failed",
			Detail: map[string]any{"import": b.id, "code": f.Code}})
		return err
	})
}
