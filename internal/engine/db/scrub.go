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
	if len(tables) == 0 {
		return nil
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
	return d.wrap("scrub", rewrite(ctx, p, tables))
}

// rewrite writes the tables' files anew, each table's of the database for none.
func rewrite(ctx context.Context, p *sql.DB, tables []string) error {
	c, err := p.Conn(ctx)
	if err != nil {
		return err
	}
	defer c.Close() //nolint:errcheck // the pool closes it
	var begun string
	if err := c.QueryRowContext(ctx, "select pg_current_xact_id()::xid::text").Scan(&begun); err != nil {
		return err
	}
	// A table is waited for only for a moment at a time, so that nobody queues behind it for long.
	if _, err := c.ExecContext(ctx, "set lock_timeout = '2s'"); err != nil {
		return err
	}
	if len(tables) == 0 {
		tables = []string{""}
	}
	for _, t := range tables {
		name := ""
		if t != "" {
			name = quoted(t)
		}
		if err := insist(ctx, c, func() error { return rewriteOne(ctx, c, name, begun) }); err != nil {
			return fmt.Errorf("%s: %w", t, err)
		}
	}
	return nil
}

// rewriteOne lets go of the deleted rows and then writes what is left into a new file. Both, for the second alone
// carries a row over that somebody could still see, and counts as such whoever writes in any database of the server;
// the first asks this database's transactions only. Its oldest transaction left is younger than the one that began
// all this when it has let go of every row deleted before.
func rewriteOne(ctx context.Context, c *sql.Conn, table, begun string) error {
	if _, err := c.ExecContext(ctx, "vacuum (freeze) "+table); err != nil {
		return err
	}
	var kept int
	if err := c.QueryRowContext(ctx, qKept, table, begun).Scan(&kept); err != nil {
		return err
	}
	if kept > 0 {
		return fmt.Errorf("%w (tables: %d)", errReaders, kept)
	}
	_, err := c.ExecContext(ctx, "vacuum (full) "+table)
	return err
}

const qKept = `select count(*) from pg_class where relkind = 'r' and relnamespace <> 'pg_catalog'::regnamespace
	and ($1 = '' or oid = to_regclass($1)) and age(relfrozenxid) >= age($2::text::xid)`

// insist tries for some seconds. The server's clock counts them, since it is what its other visitors take their time by.
func insist(ctx context.Context, c *sql.Conn, act func() error) (err error) {
	for try := range 10 {
		if err = act(); err == nil {
			return nil
		}
		if _, err := c.ExecContext(ctx, "select pg_sleep($1)", float64(try+1)/10); err != nil {
			return err
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

var errReaders = errors.New("db: somebody reads an older state")
