// Package db runs one SQL text on SQLite and PostgreSQL, inside transactions bound to a tenant.
// It must never run SQL whose text was built at run time, and never let a transaction of one tenant
// touch rows of another.
package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite" // registers "sqlite"; the only driver that binds $n by number (engines.md)

	"rakudos/internal/base/ids"
)

// Engine names the database behind the SQL.
type Engine string

const (
	SQLite   Engine = "sqlite"
	Postgres Engine = "postgres"
)

// Global is the scope of work that spans tenants: sign-in, sessions, jobs, verification.
const Global ids.Tenant = "*"

// Config says which database to open.
type Config struct {
	Engine   Engine
	Path     string // SQLite: the file
	DSN      string // PostgreSQL: the service's role, which must not own the tables
	OwnerDSN string // PostgreSQL: the role that migrates; empty: DSN migrates too
	Schema   string // PostgreSQL: schema for every table; empty: the role's default
	Readers  int    // concurrent readers; 0 means 4 (SQLite) or 16 connections (PostgreSQL)
}

// DB is an open database: one writer and several readers on SQLite, one pool on PostgreSQL.
type DB struct {
	cfg    Config
	write  *sql.DB
	read   *sql.DB
	stmts  map[*sql.DB]map[string]*sql.Stmt // SQLite: prepared once per pool
	stmtMu sync.RWMutex

	warming sync.Mutex // held while statements are being prepared for later, and from Close on
	still   sync.Once  // Close may be called twice
}

// Open connects; it does not migrate.
func Open(ctx context.Context, c Config) (*DB, error) {
	d := &DB{cfg: c, stmts: map[*sql.DB]map[string]*sql.Stmt{}}
	var err error
	switch c.Engine {
	case SQLite:
		err = d.openSQLite()
	case Postgres:
		err = d.openPostgres()
	default:
		return nil, fmt.Errorf("db: unknown engine %q (sqlite or postgres)", c.Engine)
	}
	if err != nil {
		descriptors.leave(d)
		return nil, err
	}
	if err := d.write.PingContext(ctx); err != nil {
		_ = d.Close()
		return nil, fmt.Errorf("db: open %s: %w", c.Engine, err)
	}
	return d, nil
}

func (d *DB) openSQLite() error {
	if err := os.MkdirAll(filepath.Dir(d.cfg.Path), 0o700); err != nil {
		return fmt.Errorf("db: %w", err)
	}
	descriptors.enter(d)
	err := create(d.cfg.Path)
	if err != nil {
		return fmt.Errorf("db: %w", err)
	}
	v := url.Values{"_pragma": {
		"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)",
		"secure_delete(1)", "temp_store(2)", "journal_size_limit(67108864)", "cache_size(-16384)",
	}}
	name := (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: d.cfg.Path}).EscapedPath()}).String()
	v.Set("_txlock", "immediate")
	if d.write, err = sql.Open("sqlite", name+"?"+v.Encode()); err != nil {
		return fmt.Errorf("db: %w", err)
	}
	d.write.SetMaxOpenConns(1)
	v.Set("_txlock", "deferred")
	// Every connection has a cache of its own, and four keep the same pages: the operating system's serves readers.
	v["_pragma"] = append(v["_pragma"], "query_only(1)", "cache_size(-4096)")
	if d.read, err = sql.Open("sqlite", name+"?"+v.Encode()); err != nil {
		return fmt.Errorf("db: %w", err)
	}
	n := d.cfg.Readers
	if n <= 0 {
		n = 4
	}
	d.read.SetMaxOpenConns(n)
	d.read.SetMaxIdleConns(n)
	return nil
}

// create makes the file, so that it is never readable by others, whatever the umask. One that is there is not opened:
// closing it again would cost the locks of whoever in this process has it open.
func create(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return f.Close()
}

func (d *DB) openPostgres() error {
	p, err := pgPool(d.cfg.DSN, d.cfg.Schema)
	if err != nil {
		return err
	}
	n := d.cfg.Readers
	if n <= 0 {
		n = 16
	}
	p.SetMaxOpenConns(n)
	p.SetMaxIdleConns(n)
	d.write, d.read = p, p
	return nil
}

// pgPool opens a pool whose sessions live in one schema and speak UTC.
func pgPool(dsn, schema string) (*sql.DB, error) {
	cc, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("db: dsn: %w", err)
	}
	cc.RuntimeParams["timezone"] = "UTC"
	if schema != "" {
		cc.RuntimeParams["search_path"] = schema
	}
	return stdlib.OpenDB(*cc), nil
}

// Engine tells which engine is behind.
func (d *DB) Engine() Engine { return d.cfg.Engine }

// Path is the SQLite file; empty on PostgreSQL.
func (d *DB) Path() string { return d.cfg.Path }

// Close releases every connection. On SQLite the write-ahead log is folded into the file first.
func (d *DB) Close() error {
	// Whoever prepares statements opens connections, and with them files, after the caller believes them all closed.
	d.still.Do(d.warming.Lock)
	var errs []error
	if d.cfg.Engine == SQLite && d.write != nil {
		if d.read != nil {
			errs = append(errs, d.read.Close())
		}
		if _, err := d.write.Exec("pragma wal_checkpoint(truncate)"); err != nil {
			errs = append(errs, err)
		}
	}
	if d.write != nil {
		errs = append(errs, d.write.Close())
	}
	descriptors.leave(d)
	return errors.Join(errs...)
}

// Copy writes a consistent copy of a SQLite database into a new file, for drills and backups.
func (d *DB) Copy(ctx context.Context, to string) error {
	if d.cfg.Engine != SQLite {
		return fmt.Errorf("db: copy works on sqlite only")
	}
	f, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("db: copy: %w", err)
	}
	_ = f.Close()
	if _, err := d.read.ExecContext(ctx, "vacuum into $1", to); err != nil {
		return fmt.Errorf("db: copy: %w", err)
	}
	return nil
}
