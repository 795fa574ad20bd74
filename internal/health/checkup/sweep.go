package checkup

import (
	"context"
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

// keepFailed is how long the upload of a failed import waits for a corrected mapping.
const keepFailed = 30 * 24 * time.Hour

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
		if !needed[key] {
			if err := s.blobs.Delete(ctx, t, key); err != nil {
				return err
			}
		}
	}
	return nil
}
