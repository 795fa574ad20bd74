package checkup

import (
	"context"
	"errors"
	"io"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/people/access"
)

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
	b := &batch{tenant: a.Tenant, id: id, state: Preview, blob: blobKey(id), startedBy: a.Account, startedAt: time.Now(), about: about{File: cutName(fileName), Reach: reachOf(a)}}
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
	return b.view(0, access.ReachOf(a, access.CheckupValues).Contains(b.reach())), nil
}

func (s *Service) preview(ctx context.Context, b *batch) (*outcome, error) {
	m, err := s.mappingFor(ctx, b)
	if err != nil {
		return nil, err
	}
	return s.run(ctx, b, m, false, s.opener(ctx, b))
}
