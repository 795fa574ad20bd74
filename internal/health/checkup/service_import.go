package checkup

import (
	"context"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/job"
	"rakudos/internal/people/access"
)

// Import shows one import. The content of refused cells is masked for who may not see values.
func (s *Service) Import(ctx context.Context, a actor.Actor, id ids.Import) (*Import, error) {
	b, err := s.batchFor(ctx, a, access.ImportRead, id, true)
	if err != nil {
		return nil, err
	}
	values := access.ReachOf(a, access.CheckupValues).Contains(b.reach())
	if values && !b.state.Running() && len(b.detail.Rejected) > 0 && !b.detail.Emptied { // refused cells may be somebody's values
		if err := s.record(ctx, a, "checkup.import.view", "checkup.values", nil, map[string]any{"import": id, "rejected": b.detail.rejected()}); err != nil {
			return nil, err
		}
	}
	return b.view(s.progress.get(id), values), nil
}

// Progress is Import without the lines: cheap enough to be asked again and again while it runs.
func (s *Service) Progress(ctx context.Context, a actor.Actor, id ids.Import) (*Import, error) {
	b, err := s.batchFor(ctx, a, access.ImportRead, id, false)
	if err != nil {
		return nil, err
	}
	return b.view(s.progress.get(id), false), nil
}

// Imports lists the newest fifty, without their lines.
func (s *Service) Imports(ctx context.Context, a actor.Actor) ([]*Import, error) {
	if err := access.Require(a, access.ImportRead); err != nil {
		return nil, err
	}
	k, err := s.vault.Tenant(ctx, a.Tenant)
	if err != nil {
		return nil, err
	}
	var rows []*batch
	err = s.db.View(ctx, a.Tenant, func(tx *db.Tx) (err error) {
		rows, err = db.All(tx, qBatches, scanBatch(a.Tenant, k, false), a.Tenant)
		return err
	})
	out, reach := make([]*Import, 0, len(rows)), access.ReachOf(a, access.ImportRead)
	for _, b := range rows {
		if reach.Contains(b.reach()) {
			out = append(out, b.view(s.progress.get(b.id), false))
		}
	}
	return out, err
}

// Watch wakes whenever the progress or the state of an import of this process moves; it is closed when
// ctx ends.
func (s *Service) Watch(ctx context.Context, a actor.Actor, id ids.Import) (<-chan struct{}, error) {
	if _, err := s.batchFor(ctx, a, access.ImportRead, id, false); err != nil {
		return nil, err
	}
	return s.progress.watch(ctx, id), nil
}

// batchFor is a batch of somebody who reaches no further than the permission does: one of other people is missing.
func (s *Service) batchFor(ctx context.Context, a actor.Actor, with access.Permission, id ids.Import, whole bool) (*batch, error) {
	if err := access.Require(a, with); err != nil {
		return nil, err
	}
	b, err := s.batch(ctx, a.Tenant, id, whole)
	if err == nil && !access.ReachOf(a, with).Contains(b.reach()) {
		return nil, missing("checkup.import_missing")
	}
	return b, err
}

func (s *Service) batch(ctx context.Context, t ids.Tenant, id ids.Import, whole bool) (*batch, error) {
	k, err := s.vault.Tenant(ctx, t)
	if err != nil {
		return nil, err
	}
	var b *batch
	err = s.db.View(ctx, t, func(tx *db.Tx) (err error) {
		b, err = db.One(tx, qBatch, scanBatch(t, k, whole), t, id)
		return err
	})
	if fault.Is(err, fault.Missing) && fault.Of(err).Code == "db.missing" {
		return nil, missing("checkup.import_missing")
	}
	return b, err
}

// Confirm has the previewed lines taken in, in the background.
func (s *Service) Confirm(ctx context.Context, a actor.Actor, id ids.Import) error {
	if err := s.require(ctx, a, access.CheckupImport, "checkup.import.confirm"); err != nil {
		return err
	}
	if _, err := s.batchFor(ctx, a, access.CheckupImport, id, false); err != nil {
		return err
	}
	return s.db.Tx(ctx, a.Tenant, func(tx *db.Tx) error {
		n, err := tx.Exec(qBatchConfirm, a.Tenant, id, a.Account)
		if err != nil {
			return err
		}
		if n != 1 {
			return fault.New(fault.Conflict, "checkup.not_in_preview")
		}
		if _, err := s.audit.Append(tx, audit.Event{Verb: "checkup.import.confirm", Actor: a, Kind: "checkup.import", Detail: map[string]any{"import": id}}); err != nil {
			return err
		}
		_, err = s.jobs.Enqueue(tx, a.Tenant, jobApply, []byte(id), job.EnqueueOptions{})
		return err
	})
}
