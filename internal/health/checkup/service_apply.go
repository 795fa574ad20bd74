package checkup

import (
	"context"
	"crypto/subtle"
	"encoding/hex"
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
	"rakudos/internal/people/access"
)

const (
	jobRead    = "checkup.read"
	jobApply   = "checkup.apply"
	jobRejudge = "checkup.rejudge"
)

var jobOptions = job.Options{MaxAttempts: 4, Timeout: 30 * time.Minute, Concurrency: 1}

// handle makes a job of a step. What cannot get better by trying again ends the import as failed, with
// nothing of it in the database.
func (s *Service) handle(step func(context.Context, *batch) error) job.Handler {
	return func(ctx context.Context, j job.Job) error {
		b, err := s.batch(ctx, j.Tenant, ids.Import(j.Payload), true)
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

// read makes the preview.
func (s *Service) read(ctx context.Context, b *batch) error {
	if b.state != Reading {
		return nil // a job delivered twice
	}
	m, err := s.mappingFor(ctx, b)
	if err != nil {
		return err
	}
	out, err := s.run(ctx, b, m, false, s.opener(ctx, b))
	if err != nil {
		return err
	}
	return s.ready(ctx, b, out, nil)
}

// ready writes the preview and, when there was none, the mapping that was guessed.
func (s *Service) ready(ctx context.Context, b *batch, out *outcome, note *fault.Fault) error {
	k, err := s.vault.Tenant(ctx, b.tenant)
	if err != nil {
		return err
	}
	b.about.Body, b.about.Header = out.info.Body, out.info.Header
	b.detail = out.detail
	b.detail.Note = messageOf(note)
	aboutCol, detailCol, err := b.sealed(k)
	if err != nil {
		return err
	}
	return s.db.Tx(ctx, b.tenant, func(tx *db.Tx) error {
		mapping, err := s.saveMapping(tx, k, b, out.info.Mapping, b.startedBy)
		if err != nil {
			return err
		}
		n, err := tx.Exec(qBatchReady, b.tenant, b.id, mapping, out.info.Rows, out.accepted, out.unchanged, out.mac[:], aboutCol, detailCol)
		if err != nil || n != 1 {
			return err // somebody else was quicker
		}
		_, err = s.audit.Append(tx, audit.Event{Verb: "checkup.import.preview", Actor: b.by(b.startedBy), Kind: "checkup.import", Detail: out.counts(b)})
		return err
	})
}

func (o *outcome) counts(b *batch) map[string]any {
	return map[string]any{
		"import": b.id, "rows": o.info.Rows, "accepted": o.accepted, "unchanged": o.unchanged,
		"rejected": len(o.detail.Rejected), "unmatched": len(o.detail.Unmatched), "mac": hex.EncodeToString(o.mac[:]),
	}
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

// failed ends an import with the reason; nothing of it stays in the tables of results.
func (s *Service) failed(ctx context.Context, b *batch, f *fault.Fault) error {
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
		n, err := tx.Exec(qBatchFail, b.tenant, b.id, aboutCol, detailCol, db.Micros(time.Now()))
		if err != nil || n != 1 {
			return err
		}
		_, err = s.audit.Append(tx, audit.Event{Verb: "checkup.import.failed", Actor: b.by(b.startedBy), Kind: "checkup.import", Result: "failed",
			Detail: map[string]any{"import": b.id, "code": f.Code}})
		return err
	})
}

// dropUnpublished removes what an earlier attempt has left, a little at a time.
func (s *Service) dropUnpublished(ctx context.Context, b *batch) error {
	for {
		var n int64
		err := s.db.Tx(ctx, b.tenant, func(tx *db.Tx) (err error) {
			if _, err = tx.Exec(qUnpublishedJudgements, b.tenant, b.id); err != nil {
				return err
			}
			n, err = tx.Exec(qUnpublishedResults, b.tenant, b.id)
			return err
		})
		if err != nil || n == 0 {
			return err
		}
	}
}

// ImportNow is the same import in one call, for the command line: read, and with confirm applied. Without
// confirm nothing is kept but the audit event.
func (s *Service) ImportNow(ctx context.Context, a actor.Actor, fileName string, r io.Reader, confirm bool) (*Import, error) {
	if err := s.require(ctx, a, access.CheckupImport, "checkup.import"); err != nil {
		return nil, err
	}
	if !confirm {
		return s.dryRun(ctx, a, fileName, r)
	}
	b, err := s.newBatch(ctx, a, fileName, "call", r, nil)
	if err != nil {
		return nil, err
	}
	defer s.progress.end(b.id)
	if err := s.applyNow(ctx, a, b); err != nil {
		return nil, errors.Join(err, s.failed(ctx, b, fault.Of(err)), s.blobs.Delete(context.WithoutCancel(ctx), b.tenant, b.blob))
	}
	return s.Import(ctx, a, b.id)
}

func (s *Service) applyNow(ctx context.Context, a actor.Actor, b *batch) error {
	m, err := s.mappingFor(ctx, b)
	if err != nil {
		return err
	}
	err = s.db.Tx(ctx, b.tenant, func(tx *db.Tx) error {
		_, err := tx.Exec(qBatchMove, b.tenant, b.id, Applying, Reading)
		return err
	})
	if err != nil {
		return err
	}
	out, err := s.run(ctx, b, m, true, s.opener(ctx, b))
	if err != nil {
		return err
	}
	s.at("written")
	return s.publish(ctx, b, out, a)
}

func (s *Service) dryRun(ctx context.Context, a actor.Actor, fileName string, r io.Reader) (*Import, error) {
	id := ids.New[ids.Import]()
	b := &batch{tenant: a.Tenant, id: id, state: Preview, blob: blobKey(id), startedBy: a.Account, startedAt: time.Now(), about: about{File: cutName(fileName)}}
	if err := s.keep(ctx, a.Tenant, b.blob, r); err != nil {
		return nil, err
	}
	defer s.progress.end(id)
	out, err := s.preview(ctx, b)
	if err = errors.Join(err, s.blobs.Delete(context.WithoutCancel(ctx), a.Tenant, b.blob)); err != nil {
		return nil, err
	}
	if err := s.record(ctx, a, "checkup.import.dry_run", "checkup.import", nil, out.counts(b)); err != nil {
		return nil, err
	}
	b.rows, b.accepted, b.unchanged, b.detail, b.about.Body = out.info.Rows, out.accepted, out.unchanged, out.detail, out.info.Body
	return b.view(0, access.Allows(a, access.CheckupValues)), nil
}

func (s *Service) preview(ctx context.Context, b *batch) (*outcome, error) {
	m, err := s.mappingFor(ctx, b)
	if err != nil {
		return nil, err
	}
	return s.run(ctx, b, m, false, s.opener(ctx, b))
}

// Sweep clears away what a killed process has left: rows of imports that nobody will take up again, and
// uploads without an import that needs them. Call it at start, before the queue runs.
func (s *Service) Sweep(ctx context.Context) error {
	type ref struct {
		t  ids.Tenant
		id ids.Import
	}
	var calls []ref
	var tenants []ids.Tenant
	err := s.db.View(ctx, db.Global, func(tx *db.Tx) (err error) {
		calls, err = db.All(tx, qBatchCalls, func(sc db.Scanner) (r ref, err error) { return r, sc.Scan(&r.t, &r.id) })
		if err != nil {
			return err
		}
		tenants, err = db.Column[ids.Tenant](tx, qBatchTenants)
		return err
	})
	if err != nil {
		return err
	}
	for _, c := range calls {
		b, err := s.batch(ctx, c.t, c.id, false)
		if err == nil {
			err = s.failed(ctx, b, fault.New(fault.Conflict, "checkup.import_interrupted"))
		}
		if err != nil && !fault.Is(err, fault.Missing) { // a tenant whose key is gone has nothing left to sweep
			return err
		}
	}
	for _, t := range tenants {
		if err := s.sweepBlobs(ctx, t); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) sweepBlobs(ctx context.Context, t ids.Tenant) error {
	stored, err := s.blobs.List(ctx, t, blobPrefix)
	if err != nil || len(stored) == 0 {
		return err
	}
	needed := map[string]bool{}
	err = s.db.View(ctx, t, func(tx *db.Tx) error {
		keys, err := db.Column[string](tx, qBatchKeys, t)
		for _, k := range keys {
			needed[k] = true
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, key := range stored {
		if !needed[key] {
			if err := s.blobs.Delete(ctx, t, key); err != nil {
				return err
			}
		}
	}
	return nil
}
