package db

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"rakudos/internal/base/fault"
)

// Scrub takes what was deleted or overwritten out of the database's own working files too. SQLite zeroes freed pages at
// once, but the write-ahead log keeps earlier ones until it is folded in and cut; PostgreSQL keeps deleted rows in the
// table's file until it is written anew, and what it knew of them for its planner in a table of its own. The names come
// from the program's own register of stores. On PostgreSQL the owner's role does it, since the service's owns no table.
// It is fault.Busy "db.settle" while somebody reads an older state.
//
// What it cannot reach: the server's log of changes (see OverwriteLog), and copies that the host makes below the
// database (snapshots of disks, archived WAL).
func (d *DB) Scrub(ctx context.Context, tables ...string) error {
	if d.cfg.Engine == SQLite {
		return d.cutLog(ctx)
	}
	if len(tables) == 0 {
		return nil
	}
	p, err := d.owner()
	if err != nil {
		return err
	}
	defer p.Close() //nolint:errcheck // nothing is pending on it
	return d.wrap("scrub", rewrite(ctx, p, slices.Concat(tables, []string{statistics})))
}

// statistics is PostgreSQL's table of values that its planner has sampled.
const statistics = "pg_statistic"

// owner is a pool of the role that owns the tables; who asks closes it.
func (d *DB) owner() (*sql.DB, error) {
	dsn := d.cfg.OwnerDSN
	if dsn == "" {
		dsn = d.cfg.DSN
	}
	return pgPool(dsn, d.cfg.Schema)
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
	if ours, err := mayRewrite(ctx, c, table); err != nil || !ours {
		return err
	}
	if _, err := c.ExecContext(ctx, "vacuum (freeze) "+table); err != nil {
		return err
	}
	var kept int
	if err := c.QueryRowContext(ctx, qKept, table, begun).Scan(&kept); err != nil {
		return err
	}
	if kept > 0 {
		return inUse(fmt.Errorf("db: somebody reads an older state (tables: %d)", kept))
	}
	_, err := c.ExecContext(ctx, "vacuum (full) "+table)
	return err
}

// mayRewrite asks first, since the server skips what a role may not write anew with a notice only. The statistics are
// the database owner's: where that is another role they stay, without any sealed value (see Migrate).
func mayRewrite(ctx context.Context, c *sql.Conn, table string) (bool, error) {
	var ours bool
	if err := c.QueryRowContext(ctx, qOurs, table).Scan(&ours); err != nil || ours {
		return ours, err
	}
	if table == quoted(statistics) {
		return false, nil
	}
	return false, fault.New(fault.Internal, "db.owner", "table", strings.Trim(table, `"`))
}

// inUse is what Scrub says while somebody reads; the next attempt finds him gone.
func inUse(err error) error { return fault.New(fault.Busy, "db.settle").Because(err) }

const (
	qKept = `select count(*) from pg_class where relkind = 'r' and ($1 = '' and relnamespace <> 'pg_catalog'::regnamespace or oid = to_regclass(nullif($1, '')))
	and age(relfrozenxid) >= age($2::text::xid)`
	qOurs = `select pg_has_role(d.datdba, 'usage') or exists (select 1 from pg_class where oid = to_regclass(nullif($1, '')) and pg_has_role(relowner, 'usage'))
	from pg_database d where d.datname = current_database()`
)

// insist tries for some seconds. The server's clock counts them, since it is what its other visitors take their time by.
func insist(ctx context.Context, c *sql.Conn, act func() error) (err error) {
	for try := range 10 {
		if err = act(); err == nil || fault.Of(err).Code == "db.owner" {
			return err
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
	return inUse(fmt.Errorf("db: readers of an older state keep the write-ahead log of %s", d.cfg.Path))
}
