package checkup

import (
	"context"
	"log/slog"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

// Why a line was refused may quote its cells, and with them what is not known whose it is: somebody's values, words of a
// physician. The line, the column and the kind of fault stay; what was quoted goes some time after the import has ended.

type ended struct {
	t  ids.Tenant
	id ids.Import
}

// sweepCells drops what was quoted of refused lines, a little at a time, 30 days after their import has ended.
func (s *Service) sweepCells(ctx context.Context) error {
	var spent []ended
	err := s.db.View(ctx, db.Global, func(tx *db.Tx) (err error) {
		spent, err = db.All(tx, qBatchSpent, func(sc db.Scanner) (e ended, err error) { return e, sc.Scan(&e.t, &e.id) }, db.Micros(time.Now().Add(-keepCells)))
		return err
	})
	for _, e := range spent {
		if err != nil {
			return err
		}
		_, err = s.emptyCells(ctx, e.t, e.id)
		if fault.Is(err, fault.Missing) { // a tenant whose key is gone has nothing left to sweep
			err = nil
		}
	}
	return err
}

// DropCells drops what was quoted of refused lines in every import of a tenant that has ended, and tells how many
// imports that were: nobody knows whose lines they are, so an erasure of people drops all. It needs the tenant's key.
func (s *Service) DropCells(ctx context.Context, t ids.Tenant) (n int, err error) {
	var all []ids.Import
	if err := s.db.View(ctx, t, func(tx *db.Tx) (err error) { all, err = db.Column[ids.Import](tx, qBatchEnded, t); return err }); err != nil {
		return 0, err
	}
	for _, id := range all {
		did, err := s.emptyCells(ctx, t, id)
		if err != nil {
			return n, err
		}
		if did {
			n++
		}
	}
	return n, nil
}

// emptyCells rewrites the lines of one import without the contents of cells. Lines that don't open are left as they
// are: whoever looks at the import finds that out.
func (s *Service) emptyCells(ctx context.Context, t ids.Tenant, id ids.Import) (quoted bool, err error) {
	k, err := s.vault.Tenant(ctx, t)
	if err != nil {
		return false, err
	}
	for range 3 { // a rotation of keys may seal the lines again meanwhile
		var blob string
		var was []byte
		err := s.db.View(ctx, t, func(tx *db.Tx) error {
			return db.Each(tx, qBatchCells, func(sc db.Scanner) error { return sc.Scan(&blob, &was) }, t, id)
		})
		if err != nil || blob == "" {
			return false, err
		}
		now, quoted, err := withoutCells(k, id, was)
		if err != nil {
			slog.Warn("the refused lines of an import do not open; they stay as they are", "tenant", t, "import", id)
			return false, nil
		}
		var n int64
		err = s.db.Tx(ctx, t, func(tx *db.Tx) (err error) { n, err = tx.Exec(qBatchEmpty, t, id, was, now); return err })
		if err != nil || n == 1 {
			return quoted, err
		}
	}
	return false, fault.New(fault.Busy, "checkup.import_running")
}

func withoutCells(k *vault.Key, id ids.Import, sealed []byte) (now []byte, quoted bool, err error) {
	var d detail
	if err := openJSON(k, locBatch(id, "detail"), sealed, &d); err != nil {
		return nil, false, err
	}
	for _, r := range d.Rejected {
		for _, e := range r.Errors {
			for _, name := range cellArgs {
				if _, ok := e.Args[name]; ok {
					quoted = true
				}
			}
		}
	}
	if !quoted {
		return sealed, false, nil
	}
	d.Rejected, d.Emptied = masked(d.Rejected, ""), true
	now, err = sealJSON(k, locBatch(id, "detail"), d)
	return now, true, err
}
