package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Scrub takes what was deleted out of the database's own working files too. SQLite zeroes freed pages at
// once, but the write-ahead log keeps earlier ones until it is folded in and cut; PostgreSQL keeps deleted
// rows in the table's file until it is written anew. The names come from the program's own register of
// stores. On PostgreSQL the owner's role does it, since the service's owns no table.
//
// What it cannot reach: copies that the host makes below the database (snapshots of disks, archived WAL).
func (d *DB) Scrub(ctx context.Context, tables ...string) error {
	if d.cfg.Engine == SQLite {
		return d.cutLog(ctx)
	}
	dsn := d.cfg.OwnerDSN
	if dsn == "" {
		dsn = d.cfg.DSN
	}
	p, err := pgPool(dsn, d.cfg.Schema)
	if err != nil {
		return err
	}
	defer p.Close() //nolint:errcheck // nothing is pending on it
	for _, t := range tables {
		if err := rewrite(ctx, p, t); err != nil {
			return d.wrap("scrub "+t, err)
		}
	}
	return nil
}

// rewrite waits for the table only for a moment at a time, so that nobody queues behind it for long.
func rewrite(ctx context.Context, p *sql.DB, table string) error {
	c, err := p.Conn(ctx)
	if err != nil {
		return err
	}
	defer c.Close() //nolint:errcheck // the pool closes it
	if _, err := c.ExecContext(ctx, "set lock_timeout = '2s'"); err != nil {
		return err
	}
	for try := range 5 {
		if _, err = c.ExecContext(ctx, "vacuum (full) "+quoted(table)); err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Duration(try+1) * 200 * time.Millisecond):
		}
	}
	return err
}

// cutLog folds the write-ahead log into the file and cuts it to nothing. A reader of an old state keeps it
// from that, so it is tried for a while.
func (d *DB) cutLog(ctx context.Context) error {
	for try := range 20 {
		var busy, log, done int
		if err := d.write.QueryRowContext(ctx, "pragma wal_checkpoint(truncate)").Scan(&busy, &log, &done); err != nil {
			return d.wrap("scrub", err)
		}
		if busy == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Duration(try+1) * 50 * time.Millisecond):
		}
	}
	return d.wrap("scrub", errors.Join(errReaders, fmt.Errorf("db: %s", d.cfg.Path)))
}

var errReaders = errors.New("db: readers of an older state keep the write-ahead log")
