package checkup

import (
	"context"
	"slices"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
)

// dropUnpublished removes what an earlier attempt has left, a little at a time.
func (s *Service) dropUnpublished(ctx context.Context, b *batch) error {
	for {
		var n int64
		err := s.db.Tx(ctx, b.tenant, func(tx *db.Tx) (err error) {
			if err = tx.Replan(); err != nil { // every row looks for those that refer to it
				return err
			}
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

// How long an upload waits: that of a failed import for a corrected mapping, a preview for being confirmed.
const (
	keepFailed  = 30 * 24 * time.Hour
	keepPreview = 30 * 24 * time.Hour
	keepCells   = 30 * 24 * time.Hour // contents of refused cells, after the end
)

// underWay is how long a call or an upload of a living process may take: the hourly sweep leaves younger ones alone.
const underWay = 2 * time.Hour

// Sweep clears away what a killed process has left: imports that nobody will take up again, previews that nobody has
// confirmed, and uploads without an import that needs them. Call it at start, before the queue runs; the hourly job
// does the same among what is under way.
func (s *Service) Sweep(ctx context.Context) error { return s.sweep(ctx, 0) }

func (s *Service) sweep(ctx context.Context, young time.Duration) error {
	type ref struct {
		t  ids.Tenant
		id ids.Import
	}
	var running, idle []ref
	var tenants []ids.Tenant
	err := s.db.View(ctx, db.Global, func(tx *db.Tx) (err error) {
		running, err = db.All(tx, qBatchRunning, func(sc db.Scanner) (r ref, err error) { return r, sc.Scan(&r.t, &r.id) })
		if err != nil {
			return err
		}
		idle, err = db.All(tx, qBatchIdle, func(sc db.Scanner) (r ref, err error) { return r, sc.Scan(&r.t, &r.id) }, db.Micros(time.Now().Add(-keepPreview)))
		if err != nil {
			return err
		}
		tenants, err = db.Column[ids.Tenant](tx, qBatchTenants)
		return err
	})
	if err != nil {
		return err
	}
	for _, t := range tenants {
		if err := s.endFileless(ctx, t); err != nil {
			return err
		}
	}
	for _, r := range running {
		if err := s.sweepRunning(ctx, r.t, r.id, young); err != nil && !fault.Is(err, fault.Missing) { // a tenant whose key is gone has nothing left to sweep
			return err
		}
	}
	for _, r := range idle {
		b, err := s.batch(ctx, r.t, r.id, false)
		if err == nil {
			err = s.withdraw(ctx, b, b.by(b.startedBy), "確認しないまま30日が過ぎました")
		}
		if err != nil && !fault.Is(err, fault.Missing) && !fault.Is(err, fault.Conflict) { // confirmed or withdrawn meanwhile
			return err
		}
	}
	for _, t := range tenants {
		if err := s.sweepBlobs(ctx, t, young); err != nil {
			return err
		}
	}
	return s.sweepCells(ctx)
}

// endFileless ends imports whose upload is not there, and says why: a restore to an instant brings files back only
// from the daily backup before it. Nobody is left to confirm what can't be read any more. An upload comes before its
// import and goes after it has ended, so that the imports are asked for first.
func (s *Service) endFileless(ctx context.Context, t ids.Tenant) error {
	waiting := map[ids.Import]string{}
	err := s.db.View(ctx, t, func(tx *db.Tx) error {
		return db.Each(tx, qBatchWaits, func(sc db.Scanner) error {
			var id ids.Import
			var key string
			err := sc.Scan(&id, &key)
			waiting[id] = key
			return err
		}, t)
	})
	if err != nil || len(waiting) == 0 {
		return err
	}
	stored, err := s.blobs.List(ctx, t, blobPrefix)
	if err != nil {
		return err
	}
	for id, key := range waiting {
		if slices.Contains(stored, key) {
			continue
		}
		b, err := s.batch(ctx, t, id, false)
		if err == nil {
			err = s.fail(ctx, b, fault.New(fault.Missing, "checkup.import_file_gone"), qBatchLost)
		}
		if err != nil && !fault.Is(err, fault.Missing) { // a tenant whose key is gone has nothing left to end
			return err
		}
	}
	return nil
}

// sweepRunning ends an import that waits for work which will not come: of a call in a process that has ended, or of a
// job that is no longer in the queue.
func (s *Service) sweepRunning(ctx context.Context, t ids.Tenant, id ids.Import, young time.Duration) error {
	b, err := s.batch(ctx, t, id, false)
	if err != nil {
		return err
	}
	waits := false
	switch {
	case b.job() == "":
		waits = true
	case b.runner == "call":
		waits = time.Since(b.startedAt) < young
	case s.jobs != nil:
		err = s.db.View(ctx, t, func(tx *db.Tx) error {
			pending, err := s.jobs.Pending(tx, t, b.job(), []byte(id))
			if err != nil {
				return err
			}
			// Asked in this order: a step changes the state before its job ends.
			now, err := db.Value[string](tx, qBatchState, t, id)
			waits = pending || State(now) != b.state
			return err
		})
	default:
		waits = true
	}
	if err != nil || waits {
		return err
	}
	return s.failed(ctx, b, fault.New(fault.Conflict, "checkup.import_interrupted"))
}

// sweepBlobs deletes the uploads that no import needs. An upload comes before its import, so that one which may be under
// way is deleted only when it is still needed by none after so long.
func (s *Service) sweepBlobs(ctx context.Context, t ids.Tenant, young time.Duration) error {
	stored, err := s.blobs.List(ctx, t, blobPrefix)
	if err != nil || len(stored) == 0 {
		return err
	}
	needed := map[string]bool{}
	err = s.db.View(ctx, t, func(tx *db.Tx) error {
		keys, err := db.Column[string](tx, qBatchKeys, t, db.Micros(time.Now().Add(-keepFailed)))
		for _, k := range keys {
			needed[k] = true
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, key := range stored {
		at := string(t) + "/" + key
		if needed[key] {
			s.stray.Delete(at)
			continue
		}
		if first, _ := s.stray.LoadOrStore(at, time.Now()); time.Since(first.(time.Time)) < young {
			continue
		}
		if err := s.blobs.Delete(ctx, t, key); err != nil {
			return err
		}
		s.stray.Delete(at)
	}
	return nil
}
