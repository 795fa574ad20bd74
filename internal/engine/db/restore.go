package db

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"strings"

	"github.com/pressly/goose/v3"

	"rakudos/internal/base/pack"
)

// Restore makes a SQLite database out of a dump of either form, in a file that must not exist yet. A dump
// of PostgreSQL so comes back on any machine: the migrations make the tables as of the dump's version, and
// the rows follow. fsys holds the migrations of that database.
func Restore(ctx context.Context, form string, r io.Reader, path string, fsys fs.FS) (err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("db: restore: %w", err)
	}
	switch form {
	case FormPages:
		_, err = io.CopyBuffer(struct{ io.Writer }{f}, &untilDone{ctx, r}, make([]byte, 1<<18)) // not by pieces of 32 KiB
		if err == nil {
			err = f.Sync()
		}
	case FormCopy:
	default:
		err = fmt.Errorf("a dump of unknown form %q", form)
	}
	err = errors.Join(err, f.Close())
	if err == nil && form == FormCopy {
		err = errors.Join(load(ctx, r, path, fsys), syncFile(path))
	}
	if err != nil {
		return fmt.Errorf("db: restore: %w", err)
	}
	return nil
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// untilDone stops reading when the context ends.
type untilDone struct {
	ctx context.Context
	r   io.Reader
}

func (u *untilDone) Read(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.r.Read(p)
}

// load fills a new SQLite database from a FormCopy dump.
func load(ctx context.Context, r io.Reader, path string, fsys fs.FS) (err error) {
	p := pack.NewReader(&untilDone{ctx, r})
	name, body, err := p.Next()
	if err != nil {
		return err
	}
	var head dumped
	if err := json.NewDecoder(body).Decode(&head); err != nil || name != dumpHead {
		return errors.Join(pack.ErrFormat, err)
	}
	d, err := Open(ctx, Config{Engine: SQLite, Path: path, Readers: 1})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	g, err := goose.NewProvider(goose.DialectSQLite3, d.write, &expanded{fsys, SQLite}, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	if _, err := g.UpTo(ctx, head.Version); err != nil {
		return err
	}
	// Tables come in the order of their names, so references are checked at the end. What breaks off is
	// thrown away, so there is no journal. The pool has one connection.
	if err := d.pragmas(ctx, "foreign_keys = 0", "journal_mode = off", "synchronous = off"); err != nil {
		return err
	}
	for _, t := range head.Tables {
		name, body, err := p.Next()
		if err != nil {
			return err
		}
		if name != t.Name {
			return fmt.Errorf("table %q where %q should be", name, t.Name)
		}
		if err := d.fill(ctx, t, body); err != nil {
			return fmt.Errorf("%s: %w", t.Name, err)
		}
	}
	if _, _, err := p.Next(); !errors.Is(err, io.EOF) {
		return errors.Join(pack.ErrFormat, err)
	}
	if err := d.checkReferences(ctx); err != nil {
		return err
	}
	return d.pragmas(ctx, "synchronous = full", "journal_mode = wal")
}

func (d *DB) pragmas(ctx context.Context, all ...string) error {
	for _, p := range all {
		if _, err := d.write.ExecContext(ctx, "pragma "+p); err != nil {
			return err
		}
	}
	return nil
}

func (d *DB) checkReferences(ctx context.Context) error {
	rows, err := d.write.QueryContext(ctx, "pragma foreign_key_check")
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // the error that matters is rows.Err below
	if rows.Next() {
		return errors.New("a row refers to one that is not there")
	}
	return rows.Err()
}

// fill replaces what the migrations put into a table by the rows of the dump.
func (d *DB) fill(ctx context.Context, t table, r io.Reader) error {
	tx, err := d.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after a commit it has nothing to do
	if _, err := tx.ExecContext(ctx, "delete from "+quoted(t.Name)); err != nil {
		return err
	}
	places := strings.TrimSuffix(strings.Repeat("?, ", len(t.Columns)), ", ")
	insert, err := tx.PrepareContext(ctx, "insert into "+quoted(t.Name)+" ("+t.columns()+") values ("+places+")")
	if err != nil {
		return err
	}
	defer insert.Close() //nolint:errcheck // belongs to the transaction
	values := make([]any, len(t.Columns))
	err = eachTuple(bufio.NewReader(r), t.Columns, func(fields [][]byte) error {
		for i, f := range fields {
			if values[i], err = forSQLite(t.Columns[i].Type, f); err != nil {
				return err
			}
		}
		_, err := insert.Exec(values...)
		return err
	})
	if err != nil {
		return err
	}
	return tx.Commit()
}

func forSQLite(kind string, f []byte) (any, error) {
	if f == nil {
		return nil, nil
	}
	switch kind {
	case "text", "character varying":
		return string(f), nil
	case "bytea":
		return f, nil
	}
	n, err := number(kind, f)
	if err == nil && kind == "double precision" {
		return math.Float64frombits(uint64(n)), nil
	}
	return n, err
}

// Sound asks SQLite whether the file's structure holds; PostgreSQL answers for itself.
func (d *DB) Sound(ctx context.Context) error {
	if d.cfg.Engine != SQLite {
		return nil
	}
	p, err := d.extra()
	if err != nil {
		return err
	}
	defer p.Close() //nolint:errcheck // nothing is pending on it
	var answer string
	if err := p.QueryRowContext(ctx, "pragma quick_check(1)").Scan(&answer); err != nil {
		return d.wrap("check", err)
	}
	if answer != "ok" {
		return fmt.Errorf("db: %s", answer)
	}
	return nil
}
