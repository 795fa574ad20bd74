package db

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/pressly/goose/v3"
)

// Applied is one migration step that has just run.
type Applied struct {
	Version int64
	Name    string
	Took    time.Duration
}

// Migrate brings the schema forward. Files are *.sql in the root of fsys; `name.sqlite.sql` and
// `name.postgres.sql` are a pair of which one runs. On PostgreSQL every table with a tenant_id then gets
// forced row-level security, and no column of bytes is sampled for the planner, so that no new table can be forgotten.
func (d *DB) Migrate(ctx context.Context, fsys fs.FS) ([]Applied, error) {
	pool, dialect := d.write, goose.DialectSQLite3
	if d.cfg.Engine == Postgres {
		dialect = goose.DialectPostgres
		p, err := d.owner()
		if err != nil {
			return nil, err
		}
		defer p.Close() //nolint:errcheck // nothing is pending on it
		pool = p
	}
	g, err := goose.NewProvider(dialect, pool, &expanded{fsys, d.cfg.Engine}, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return nil, fmt.Errorf("db: migrations: %w", err)
	}
	res, err := g.Up(ctx)
	if err != nil {
		return nil, d.wrap("migrate", err)
	}
	var out []Applied
	for _, r := range res {
		out = append(out, Applied{r.Source.Version, path.Base(r.Source.Path), r.Duration})
	}
	if d.cfg.Engine == Postgres {
		if err := d.secureRows(ctx, pool); err != nil {
			return out, err
		}
		if _, err := pool.ExecContext(ctx, unsampled); err != nil {
			return out, d.wrap("statistics", err)
		}
	}
	return out, nil
}

// secureRows puts row-level security on every table that has a tenant_id and lets the service's role,
// which owns nothing, work on the rows.
func (d *DB) secureRows(ctx context.Context, owner *sql.DB) error {
	app, err := pgx.ParseConfig(d.cfg.DSN)
	if err != nil {
		return fmt.Errorf("db: dsn: %w", err)
	}
	if _, err := owner.ExecContext(ctx, "select set_config('app.role', $1, false)", app.User); err != nil {
		return d.wrap("row security", err)
	}
	_, err = owner.ExecContext(ctx, rowSecurity)
	return d.wrap("row security", err)
}

// rowSecurity is idempotent. The service's role comes through a session setting because DDL takes no
// parameters; format('%I') quotes it.
const rowSecurity = `
do $body$
declare t record; r text := current_setting('app.role');
begin
  for t in select c.table_name from information_schema.columns c
           join information_schema.tables b on b.table_schema = c.table_schema and b.table_name = c.table_name and b.table_type = 'BASE TABLE'
           where c.table_schema = current_schema() and c.column_name = 'tenant_id'
             and not exists (select 1 from pg_policies p where p.schemaname = c.table_schema and p.tablename = c.table_name and p.policyname = 'tenant_rows')
  loop
    execute format('alter table %I enable row level security', t.table_name);
    execute format('alter table %I force row level security', t.table_name);
    execute format('create policy tenant_rows on %I using (current_setting(''app.tenant'', true) in (''*'', tenant_id)) with check (current_setting(''app.tenant'', true) in (''*'', tenant_id))', t.table_name);
  end loop;
  if r <> current_user then
    execute format('grant usage on schema %I to %I', current_schema(), r);
    execute format('grant select, insert, update, delete on all tables in schema %I to %I', current_schema(), r);
    execute format('grant usage, select on all sequences in schema %I to %I', current_schema(), r);
  end if;
end $body$`

// unsampled is idempotent. The planner's statistics hold values of the columns they describe, and keep those of deleted
// rows: sealed values, and wrapped keys that were destroyed. A column's type said anew takes its statistics away, and the
// next Scrub what they leave in the file.
const unsampled = `
do $body$
declare c record;
begin
  for c in select r.relname, a.attname from pg_attribute a join pg_class r on r.oid = a.attrelid
           where r.relkind = 'r' and r.relnamespace = current_schema()::regnamespace and a.atttypid = 'bytea'::regtype
             and not a.attisdropped and coalesce(a.attstattarget, -1) <> 0
  loop
    execute format('alter table %I alter column %I set statistics 0', c.relname, c.attname);
    begin
      execute format('alter table %I alter column %I type bytea', c.relname, c.attname);
    exception when feature_not_supported then null; -- named in a trigger: the log's, whose rows stay
    end;
  end loop;
end $body$`

// expanded shows the migrations of one engine with the tokens replaced.
type expanded struct {
	fs     fs.FS
	engine Engine
}

func (e *expanded) tokens() *strings.Replacer {
	if e.engine == Postgres {
		return strings.NewReplacer("@int", "bigint", "@blob", "bytea", "@bool", "boolean", "@strict", "")
	}
	return strings.NewReplacer("@int", "integer", "@blob", "blob", "@bool", "integer", "@strict", "strict")
}

func (e *expanded) other(name string) bool {
	if e.engine == Postgres {
		return strings.HasSuffix(name, ".sqlite.sql")
	}
	return strings.HasSuffix(name, ".postgres.sql")
}

func (e *expanded) Open(name string) (fs.File, error) {
	f, err := e.fs.Open(name)
	if err != nil || !strings.HasSuffix(name, ".sql") {
		return f, err
	}
	defer f.Close() //nolint:errcheck // read only
	b, err := io.ReadAll(f)
	if err != nil {
		return nil, err
	}
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	s := e.tokens().Replace(string(b))
	return &textFile{bytes.NewReader([]byte(s)), textInfo{st, int64(len(s))}}, nil
}

func (e *expanded) ReadDir(name string) ([]fs.DirEntry, error) {
	all, err := fs.ReadDir(e.fs, name)
	if err != nil {
		return nil, err
	}
	var out []fs.DirEntry
	for _, d := range all {
		if !e.other(d.Name()) {
			out = append(out, d)
		}
	}
	return out, nil
}

type textFile struct {
	*bytes.Reader
	info textInfo
}

func (f *textFile) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *textFile) Close() error               { return nil }

type textInfo struct {
	fs.FileInfo
	size int64
}

func (i textInfo) Size() int64 { return i.size }
