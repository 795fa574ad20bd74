package pg

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

func need(t *testing.T) {
	t.Helper()
	if _, err := find(); errors.Is(err, ErrNotInstalled) {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
}

func TestClusterEndsWithItsPipe(t *testing.T) {
	need(t)
	c, err := Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c.Stop()
	if _, err := os.Stat(c.dir); !os.IsNotExist(err) {
		t.Errorf("the folder is still there: %v", err)
	}
	if conn, err := pgx.Connect(t.Context(), c.DSN+" dbname=postgres"); err == nil {
		conn.Close(t.Context())
		t.Error("the server still answers")
	}
}

func TestCloneIsACopyOfItsOwn(t *testing.T) {
	need(t)
	ctx := t.Context()
	fill := func(d Database) error {
		c, err := pgx.Connect(ctx, d.OwnerDSN)
		if err != nil {
			return err
		}
		defer c.Close(ctx)
		_, err = c.Exec(ctx, "create table seed (n int); insert into seed values (1)")
		return err
	}
	calls := 0
	for range 2 {
		if err := Template(ctx, "tmpl_clone_test", func(d Database) error { calls++; return fill(d) }); err != nil {
			t.Fatal(err)
		}
	}
	if calls > 1 {
		t.Errorf("the template was built %d times", calls)
	}
	start := time.Now()
	a, err := Clone(ctx, "tmpl_clone_test")
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("clone: %v", time.Since(start))
	b, err := Clone(ctx, "tmpl_clone_test")
	if err != nil {
		t.Fatal(err)
	}
	defer b.Drop(context.WithoutCancel(ctx))
	count := func(d Database) (n int) {
		c, err := pgx.Connect(ctx, d.OwnerDSN)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close(ctx)
		if _, err := c.Exec(ctx, "insert into seed values (2)"); err != nil {
			t.Fatal(err)
		}
		if err := c.QueryRow(ctx, "select count(*) from seed").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := count(a); n != 2 {
		t.Errorf("first clone has %d rows, want 2", n)
	}
	if err := a.Drop(ctx); err != nil {
		t.Fatal(err)
	}
	if n := count(b); n != 2 {
		t.Errorf("second clone has %d rows, want 2: clones share rows", n)
	}
}
