package db

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"rakudos/internal/base/fault"
)

// Cluster is the PostgreSQL server behind a database, as far as a copy of it is concerned. A copy takes all of
// its databases.
type Cluster struct {
	Major       int
	System      string // identifier of the cluster; a copy has it too
	Timeline    uint32
	Segment     int64 // bytes of a WAL segment
	Database    string
	Role        string
	Schema      string
	Others      []string // databases beside ours and the server's own
	Tablespaces int      // beside the server's own
	Keys        bool     // a key store's tables lie in this database
}

// errCluster: there is no server behind SQLite.
var errCluster = errors.New("db: no cluster behind sqlite")

// Cluster asks the server about itself. Any role may ask.
func (d *DB) Cluster(ctx context.Context) (c Cluster, err error) {
	if d.cfg.Engine != Postgres {
		return c, errCluster
	}
	var version int
	var timeline string // in the name of a WAL file: the control file may be older
	err = d.read.QueryRowContext(ctx, `select current_setting('server_version_num')::int, (select system_identifier::text from pg_control_system()),
		substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8), (select setting::bigint from pg_settings where name = 'wal_segment_size'),
		current_database(), current_user, current_schema(),
		(select count(*) from pg_tablespace where spcname not in ('pg_default', 'pg_global')),
		exists (select 1 from pg_class where relname in ('key_person', 'key_tenant', 'key_root') and relkind = 'r')`).
		Scan(&version, &c.System, &timeline, &c.Segment, &c.Database, &c.Role, &c.Schema, &c.Tablespaces, &c.Keys)
	if err != nil {
		return c, d.wrap("cluster", err)
	}
	n, err := strconv.ParseUint(timeline, 16, 32)
	if err != nil {
		return c, d.wrap("cluster", err)
	}
	c.Major, c.Timeline = version/10000, uint32(n)
	rows, err := d.read.QueryContext(ctx, `select datname from pg_database where not datistemplate and datname not in ('postgres', current_database()) order by 1`)
	if err != nil {
		return c, d.wrap("cluster", err)
	}
	defer rows.Close() //nolint:errcheck // the error that matters is rows.Err below
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return c, d.wrap("cluster", err)
		}
		c.Others = append(c.Others, name)
	}
	return c, d.wrap("cluster", rows.Err())
}

// Position is where the server's WAL stands.
type Position struct {
	Clock    time.Time // the server's
	LSN      uint64    // where the next record goes
	Flushed  uint64    // what is on the server's disk; a durable commit that was answered lies before it
	Received uint64    // what the receiver has acknowledged; 0: nothing yet
	Slot     string    // "" no slot, else what the server says of it: reserved, extended, unreserved, lost
	Active   bool      // somebody receives
	Kept     int64     // bytes that the server keeps for the slot
}

// Position asks for it, and for what the slot's receiver has acknowledged.
func (d *DB) Position(ctx context.Context, slot string) (p Position, err error) {
	if d.cfg.Engine != Postgres {
		return p, errCluster
	}
	var us, lsn, flushed, got int64
	err = d.read.QueryRowContext(ctx, `select (extract(epoch from clock_timestamp()) * 1000000)::bigint,
		pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint, pg_wal_lsn_diff(pg_current_wal_flush_lsn(), '0/0')::bigint,
		coalesce(pg_wal_lsn_diff(s.restart_lsn, '0/0'), 0)::bigint,
		case when s.slot_name is null then '' else coalesce(s.wal_status, 'reserved') end, coalesce(s.active, false)
		from (select 1) as one left join pg_replication_slots s on s.slot_name = $1`, slot).
		Scan(&us, &lsn, &flushed, &got, &p.Slot, &p.Active)
	p.Clock, p.LSN, p.Flushed, p.Received = Time(us), uint64(lsn), uint64(flushed), uint64(got)
	if got > 0 {
		p.Kept = lsn - got
	}
	return p, d.wrap("position", err)
}

// Reached is the newest commit that a recovery replayed, by the server's clock; fault.Missing when it replayed none.
func (d *DB) Reached(ctx context.Context) (time.Time, error) {
	if d.cfg.Engine != Postgres {
		return time.Time{}, errCluster
	}
	var us int64
	err := d.read.QueryRowContext(ctx, `select coalesce((extract(epoch from pg_last_xact_replay_timestamp()) * 1000000)::bigint, 0)`).Scan(&us)
	if err == nil && us == 0 {
		return time.Time{}, fault.New(fault.Missing, "db.missing")
	}
	return Time(us), d.wrap("reached", err)
}

// Durable has the commit answered only once it is on the server's disk, whatever the server's default is.
func (t *Tx) Durable() error {
	if t.Engine() != Postgres {
		return nil
	}
	_, err := t.tx.ExecContext(t.ctx, "set local synchronous_commit = on")
	return err
}

// Rewrite writes every table of this database anew, so that its files hold no deleted rows any more. It is for a
// private server, on which a role of the highest rank may sign in.
func (d *DB) Rewrite(ctx context.Context) error {
	if d.cfg.Engine != Postgres {
		return errCluster
	}
	var role string
	if err := d.read.QueryRowContext(ctx, `select rolname from pg_roles where rolsuper and rolcanlogin order by oid limit 1`).Scan(&role); err != nil {
		return d.wrap("rewrite", err)
	}
	cc, err := pgx.ParseConfig(d.cfg.DSN)
	if err != nil {
		return d.wrap("rewrite", err)
	}
	cc.User = role
	p := stdlib.OpenDB(*cc)
	defer p.Close() //nolint:errcheck // nothing is pending on it
	return d.wrap("rewrite", rewrite(ctx, p, nil))
}
