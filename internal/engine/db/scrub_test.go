package db_test

import (
	"bytes"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/pg"
	"rakudos/internal/testkit/testdb"
	"rakudos/migrations"

	_ "github.com/jackc/pgx/v5/stdlib"
)

// TestScrubWaitsForReaders: while somebody reads a state in which a deleted row was there, the server keeps the row.
// Scrub says that it did not come to its end, or waits until it can. Whoever writes in another database of the same
// server is not waited for.
func TestScrubWaitsForReaders(t *testing.T) {
	e := testdb.New(t, db.Postgres)
	ctx := t.Context()
	id, mark := ids.New[ids.Tenant](), []byte("a row that is to leave no trace")
	gone := func() bool {
		dir, _, err := pg.Files(ctx, e.Main.OwnerDSN)
		if err != nil {
			t.Fatal(err)
		}
		return !holds(t, dir, mark)
	}
	for tenant, name := range map[ids.Tenant][]byte{id: mark, ids.New[ids.Tenant](): []byte("stays")} {
		if err := e.DB.Tx(ctx, tenant, func(tx *db.Tx) error {
			_, err := tx.Exec(snapTenant, tenant, "code-"+string(name[:5]), name, int64(1))
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	for _, dsn := range []string{e.Main.OwnerDSN, e.KeyStore.OwnerDSN} {
		if n := sampled(t, dsn); n != 0 {
			t.Errorf("the planner's statistics may hold values of %d columns", n)
		}
	}
	// A server from before: it has sampled the row, and goes on to until it is migrated.
	if _, err := pool(t, e.Main.OwnerDSN).ExecContext(ctx, "alter table tenant alter column name set statistics -1; analyze tenant"); err != nil {
		t.Fatal(err)
	}
	if _, err := e.DB.Migrate(ctx, migrations.Main()); err != nil {
		t.Fatal(err)
	}
	begin(t, e.KeyStore.OwnerDSN, "select pg_current_xact_id()::text")
	reader := begin(t, e.Main.OwnerDSN, "select 1::text")
	if err := e.DB.Tx(ctx, id, func(tx *db.Tx) error {
		_, err := tx.Exec(qLeaves, id)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if err := e.DB.Scrub(ctx, "tenant"); err == nil {
		t.Error("done, says Scrub, while a reader keeps the row")
	}
	if gone() {
		t.Error("the reader keeps nothing: this proves nothing")
	}
	done := make(chan error, 1)
	go func() { done <- e.DB.Scrub(ctx, "tenant") }()
	time.Sleep(300 * time.Millisecond)
	if err := reader.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil || !gone() {
		t.Errorf("the reader has gone, and the row has not: %v", err)
	}
}

// TestScrubTakesTheOwner: the server passes over a table that the role does not own, with a notice only; Scrub says so.
func TestScrubTakesTheOwner(t *testing.T) {
	e := testdb.New(t, db.Postgres)
	c := e.Main
	c.OwnerDSN = ""
	d, err := db.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close() //nolint:errcheck // a test's
	if err := d.Scrub(t.Context(), "tenant"); err == nil || fault.Of(err).Code != "db.owner" {
		t.Errorf("%v", err)
	}
}

// sampled has the server look at every table for its planner's sake, as it does by itself now and then, and counts the
// columns of bytes that it may keep values of.
func sampled(t *testing.T, dsn string) (n int) {
	t.Helper()
	p := pool(t, dsn)
	if _, err := p.ExecContext(t.Context(), "analyze"); err != nil {
		t.Fatal(err)
	}
	if err := p.QueryRowContext(t.Context(), `select count(*) from pg_attribute a join pg_class r on r.oid = a.attrelid
		where r.relkind = 'r' and r.relnamespace = current_schema()::regnamespace and a.atttypid = 'bytea'::regtype
		and a.attstattarget <> 0`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func pool(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	p, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

// begin opens a transaction that reads one state and has asked something.
func begin(t *testing.T, dsn, question string) *sql.Tx {
	t.Helper()
	tx, err := pool(t, dsn).BeginTx(t.Context(), &sql.TxOptions{Isolation: sql.LevelRepeatableRead})
	if err != nil {
		t.Fatal(err)
	}
	var answer string
	if err := tx.QueryRowContext(t.Context(), question).Scan(&answer); err != nil {
		t.Fatal(err)
	}
	return tx
}

var qLeaves = db.Q("db_test.leaves", `delete from tenant where tenant_id = $1`)

func holds(t *testing.T, dir string, mark []byte) (found bool) {
	t.Helper()
	if err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) || err == nil && !d.Type().IsRegular() {
			return nil // the server takes files away meanwhile
		}
		b, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		found = found || bytes.Contains(b, mark)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return found
}
