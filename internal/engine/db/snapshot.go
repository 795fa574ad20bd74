package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
)

// Forms of a dump.
const (
	FormPages = "sqlite-pages"  // the database file, page by page
	FormCopy  = "postgres-copy" // a pack: the tables, then each in PostgreSQL's binary COPY format
)

// Snapshot is one consistent state of a database, held while it is copied and while others go on writing.
// The names of tables and columns in its SQL come from the schema itself, quoted; it takes none from
// outside.
type Snapshot struct {
	Version int64 // of the schema: the newest migration
	engine  Engine
	pool    *sql.DB     // SQLite: connections of its own, so that nobody waits for them
	conns   []*sql.Conn // SQLite: two that see the same state; PostgreSQL: one
}

// Snapshot fixes the state as of now. Close releases it.
func (d *DB) Snapshot(ctx context.Context) (*Snapshot, error) {
	s := &Snapshot{engine: d.cfg.Engine}
	var err error
	if d.cfg.Engine == SQLite {
		err = d.fixSQLite(ctx, s)
	} else {
		err = d.fixPostgres(ctx, s)
	}
	if err == nil {
		err = s.conns[0].QueryRowContext(ctx, "select coalesce(max(version_id), 0) from goose_db_version").Scan(&s.Version)
	}
	if err != nil {
		return nil, errors.Join(d.wrap("snapshot", err), s.Close())
	}
	return s, nil
}

// fixSQLite opens two reading transactions while no writer can come between, so both see one state: one
// streams the pages, the other adds up the rows.
func (d *DB) fixSQLite(ctx context.Context, s *Snapshot) error {
	var err error
	if s.pool, err = d.extra(); err != nil {
		return err
	}
	return d.Tx(ctx, Global, func(*Tx) error {
		for range 2 {
			c, err := s.pool.Conn(ctx)
			if err != nil {
				return err
			}
			s.conns = append(s.conns, c)
			if _, err := c.ExecContext(ctx, "begin"); err != nil {
				return err
			}
			var n int
			if err := c.QueryRowContext(ctx, "select count(*) from sqlite_schema").Scan(&n); err != nil {
				return err
			}
		}
		return nil
	})
}

// fixPostgres begins a REPEATABLE READ transaction, which sees one state for as long as it lasts.
func (d *DB) fixPostgres(ctx context.Context, s *Snapshot) error {
	c, err := d.read.Conn(ctx)
	if err != nil {
		return err
	}
	s.conns = append(s.conns, c)
	if _, err := c.ExecContext(ctx, "begin isolation level repeatable read read only"); err != nil {
		return err
	}
	_, err = c.ExecContext(ctx, "select set_config('app.tenant', $1, true)", string(Global))
	return err
}

// Close ends the snapshot.
func (s *Snapshot) Close() error {
	var errs []error
	for _, c := range s.conns {
		if _, err := c.ExecContext(context.Background(), "rollback"); err != nil {
			errs = append(errs, err)
		}
		errs = append(errs, c.Close())
	}
	s.conns = nil
	if s.pool != nil {
		errs = append(errs, s.pool.Close())
	}
	return errors.Join(errs...)
}

// Form of what Dump writes.
func (s *Snapshot) Form() string {
	if s.engine == SQLite {
		return FormPages
	}
	return FormCopy
}

// Dump writes the whole state and returns the digests of its tables, sorted by name. Memory stays small
// whatever the size.
func (s *Snapshot) Dump(ctx context.Context, w io.Writer) (out []Digest, err error) {
	if s.engine == Postgres {
		out, err = s.dumpPostgres(ctx, w)
	} else {
		g, ctx := errgroup.WithContext(ctx)
		g.Go(func() error { return s.pages(ctx, w) })
		g.Go(func() (err error) {
			out, err = s.digestSQLite(ctx, s.conns[1])
			return err
		})
		err = g.Wait()
	}
	if err != nil {
		return nil, fmt.Errorf("db: dump: %w", err)
	}
	return out, nil
}

// Digests adds up every table of the state, for comparison with those of a dump.
func (s *Snapshot) Digests(ctx context.Context) ([]Digest, error) {
	if s.engine == Postgres {
		return s.dumpPostgres(ctx, io.Discard)
	}
	return s.digestSQLite(ctx, s.conns[0])
}

// pages streams the file as this transaction sees it, from the write-ahead log too.
func (s *Snapshot) pages(ctx context.Context, w io.Writer) error {
	c := s.conns[0]
	var size int
	if err := c.QueryRowContext(ctx, "pragma page_size").Scan(&size); err != nil {
		return err
	}
	rows, err := c.QueryContext(ctx, "select data from sqlite_dbpage order by pgno")
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // the error that matters is rows.Err below
	empty := make([]byte, size)
	var page sql.RawBytes
	for rows.Next() {
		if err := rows.Scan(&page); err != nil {
			return err
		}
		if len(page) == 0 { // the page that SQLite locks on holds nothing
			page = empty
		}
		if len(page) != size {
			return fmt.Errorf("a page of %d bytes instead of %d", len(page), size)
		}
		if _, err := w.Write(page); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (s *Snapshot) digestSQLite(ctx context.Context, c *sql.Conn) ([]Digest, error) {
	tables, err := tablesOf(ctx, c, SQLite)
	if err != nil {
		return nil, err
	}
	var out []Digest
	for _, t := range tables {
		d, err := t.digest(ctx, c)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", t.Name, err)
		}
		out = append(out, d)
	}
	return out, nil
}

// table is a table with its columns by name.
type table struct {
	Name    string   `json:"name"`
	Columns []column `json:"columns"`
}

type column struct {
	Name string `json:"name"`
	Type string `json:"type"` // as the engine calls it
}

// bookkeeping is goose's own table: Version stands for it.
const bookkeeping = "goose_db_version"

const tablesSQLiteText = `select t.name, c.name, lower(c.type) from sqlite_schema t, pragma_table_info(t.name) c
		where t.type = 'table' and t.name not like 'sqlite\_%' escape '\' and t.name <> $1 order by t.name, c.name`

// asker is a connection or a transaction.
type asker interface {
	QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error)
}

func tablesOf(ctx context.Context, a asker, e Engine) ([]table, error) {
	text := tablesPostgresText
	if e == SQLite {
		text = tablesSQLiteText
	}
	rows, err := a.QueryContext(ctx, text, bookkeeping)
	if err != nil {
		return nil, err
	}
	return collect(rows)
}

// collect gathers rows of table, column and type into tables.
func collect(rows *sql.Rows) ([]table, error) {
	defer rows.Close() //nolint:errcheck // the error that matters is rows.Err below
	var out []table
	for rows.Next() {
		var name string
		var c column
		if err := rows.Scan(&name, &c.Name, &c.Type); err != nil {
			return nil, err
		}
		if len(out) == 0 || out[len(out)-1].Name != name {
			out = append(out, table{Name: name})
		}
		last := &out[len(out)-1]
		last.Columns = append(last.Columns, c)
	}
	return out, rows.Err()
}

func (t table) digest(ctx context.Context, c *sql.Conn) (Digest, error) {
	rows, err := c.QueryContext(ctx, "select "+t.columns()+" from "+quoted(t.Name))
	if err != nil {
		return Digest{}, err
	}
	defer rows.Close() //nolint:errcheck // the error that matters is rows.Err below
	sum := newSummer()
	dest := make([]any, len(t.Columns))
	for i := range dest {
		dest[i] = cell{sum}
	}
	for rows.Next() {
		sum.begin()
		if err := rows.Scan(dest...); err != nil {
			return Digest{}, err
		}
		sum.end()
	}
	return sum.digest(t.Name), rows.Err()
}

// columns is the list for a select, in the order of their names, which is the same on every engine.
func (t table) columns() string {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = quoted(c.Name)
	}
	return strings.Join(names, ", ")
}

func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// extra is a pool of reading connections beside the usual ones.
func (d *DB) extra() (*sql.DB, error) {
	v := url.Values{"_pragma": {"busy_timeout(10000)", "query_only(1)", "temp_store(2)", "cache_size(-2048)"}}
	p, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: d.cfg.Path}).EscapedPath()}).String()+"?"+v.Encode())
	if err == nil {
		p.SetMaxOpenConns(2)
	}
	return p, err
}

// Differences lists the tables in which two lists of digests differ.
func Differences(want, got []Digest) []string {
	var out []string
	have := map[string]Digest{}
	for _, g := range got {
		have[g.Table] = g
	}
	for _, w := range want {
		g, ok := have[w.Table]
		delete(have, w.Table)
		switch {
		case !ok:
			out = append(out, w.Table+": missing")
		case g.Rows != w.Rows:
			out = append(out, fmt.Sprintf("%s: %d rows instead of %d", w.Table, g.Rows, w.Rows))
		case g.Sum != w.Sum:
			out = append(out, w.Table+": other content")
		}
	}
	for name := range have {
		out = append(out, name+": unexpected")
	}
	slices.Sort(out)
	return out
}
