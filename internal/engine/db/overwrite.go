package db

import (
	"context"
	"database/sql"
)

// LogKept is why a server's log of changes may still hold what was deleted; nothing when it does not.
type LogKept string

// What keeps the log.
const (
	LogRights   LogKept = "rights"  // the owner's role may not ask the server for what it takes
	LogArchived LogKept = "archive" // the server hands its log to an archive
	LogHeld     LogKept = "held"    // the server keeps old parts, for a replica, a slot or by its settings
)

// OverwriteLog has the server write over its log of changes, up to everything that it holds now. A part that is no
// longer needed is not deleted: it gets the name of one to come and keeps what stands in it until the log arrives there,
// on a quiet server after months. SQLite's log is cut by Scrub.
//
// It takes a role with pg_checkpoint and pg_monitor (PostgreSQL 15) and the right to pg_switch_wal. Parts that are
// 16 MiB each are written whole; there are as many as the server keeps ahead (min_wal_size to max_wal_size).
func (d *DB) OverwriteLog(ctx context.Context) (LogKept, error) {
	if d.cfg.Engine == SQLite {
		return "", nil
	}
	p, err := d.owner()
	if err != nil {
		return "", err
	}
	defer p.Close() //nolint:errcheck // nothing is pending on it
	c, err := p.Conn(ctx)
	if err != nil {
		return "", d.wrap("log", err)
	}
	defer c.Close() //nolint:errcheck // the pool closes it
	kept, err := overwrite(ctx, c)
	return kept, d.wrap("log", err)
}

func overwrite(ctx context.Context, c *sql.Conn) (LogKept, error) {
	var may bool
	var archive string
	if err := c.QueryRowContext(ctx, qMayOverwrite).Scan(&may, &archive); err != nil {
		return "", err
	}
	if !may {
		return LogRights, nil
	}
	ended, err := endPart(ctx, c)
	if err != nil {
		return "", err
	}
	if _, err := c.ExecContext(ctx, "checkpoint"); err != nil { // the parts up to that one are needed no longer
		return "", err
	}
	var last string
	if err := c.QueryRowContext(ctx, "select max(name) from ("+qParts+") p").Scan(&last); err != nil {
		return "", err
	}
	for now := ended; now < last; {
		if now, err = endPart(ctx, c); err != nil {
			return "", err
		}
	}
	if archive != "off" {
		return LogArchived, nil
	}
	var older int
	err = c.QueryRowContext(ctx, "select count(*) from ("+qParts+") p where name <= $1", ended).Scan(&older)
	if err == nil && older > 0 {
		return LogHeld, nil
	}
	return "", err
}

// endPart fills the part of the log that is being written and tells its name. The message makes sure that something is
// in it: an empty part is not ended.
func endPart(ctx context.Context, c *sql.Conn) (name string, err error) {
	if _, err := c.ExecContext(ctx, "select pg_logical_emit_message(false, 'rakudos', '')"); err != nil {
		return "", err
	}
	err = c.QueryRowContext(ctx, "select pg_walfile_name(pg_switch_wal())").Scan(&name)
	return name, err
}

const (
	qMayOverwrite = `select has_function_privilege('pg_switch_wal()', 'execute') and has_function_privilege('pg_ls_waldir()', 'execute')
	and exists (select 1 from pg_roles where rolname = 'pg_checkpoint' and pg_has_role(oid, 'usage')), current_setting('archive_mode')`
	qParts = `select name from pg_ls_waldir() where name ~ '^[0-9A-F]{24}$'`
)
