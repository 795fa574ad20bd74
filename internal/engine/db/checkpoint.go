package db

import (
	"context"
	"fmt"
	"time"

	"rakudos/internal/base/fault"
)

// Checkpoint folds what has been committed into a SQLite file, so that what was deleted is blank in it. Readers are
// not disturbed: while one still reads an older state it tries again, and ends in fault.Busy "db.busy" after two
// seconds. On PostgreSQL there is nothing to do.
func (d *DB) Checkpoint(ctx context.Context) error {
	if d.cfg.Engine != SQLite {
		return nil
	}
	for try := 0; ; try++ {
		var busy, frames, folded int
		if err := d.write.QueryRowContext(ctx, "pragma wal_checkpoint(passive)").Scan(&busy, &frames, &folded); err != nil {
			return fmt.Errorf("db: checkpoint: %w", err)
		}
		if busy == 0 && frames == folded {
			return nil
		}
		if try == 40 {
			return fault.New(fault.Busy, "db.busy")
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}
