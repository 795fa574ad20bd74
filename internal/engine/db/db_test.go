package db

import (
	"context"
	"errors"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
)

var (
	tPut   = Q("test.put", "insert into note (tenant_id, id, body) values ($2, $1, $3)")
	tGet   = Q("test.get", "select body from note where tenant_id = $1 and id = $2")
	tCount = GlobalQ("test.count", "select count(*) from note")
	tBump  = Q("test.bump", "update note set n = n + 1 where tenant_id = $1 and id = $2 returning n")
	tSame  = GlobalQ("test.same", "select $2 || $1 || $2")
)

func openTest(t *testing.T) *DB {
	t.Helper()
	d, err := Open(t.Context(), Config{Engine: SQLite, Path: filepath.Join(t.TempDir(), "with space", "t.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	fsys := fstest.MapFS{
		"0001_note.sql":          {Data: []byte("-- +goose Up\ncreate table note (tenant_id text not null, id text not null, body @blob not null, n @int not null default 0, primary key (tenant_id, id)) @strict;")},
		"0002_only.sqlite.sql":   {Data: []byte("-- +goose Up\ncreate table lite (a text) strict;")},
		"0002_only.postgres.sql": {Data: []byte("-- +goose Up\ncreate extension nothing;")},
	}
	done, err := d.Migrate(t.Context(), fsys)
	if err != nil {
		t.Fatal(err)
	}
	if len(done) != 2 {
		t.Fatalf("applied %v", done)
	}
	if again, err := d.Migrate(t.Context(), fsys); err != nil || len(again) != 0 {
		t.Fatalf("a second run applied %v, %v", again, err)
	}
	return d
}

func TestParametersBindByNumber(t *testing.T) {
	d := openTest(t)
	// Other drivers bind $n by first appearance and store wrong rows silently (engines.md).
	err := d.Tx(t.Context(), "a", func(x *Tx) error {
		if _, err := x.Exec(tPut, "id1", ids.Tenant("a"), []byte("body")); err != nil {
			return err
		}
		s, err := Value[string](x, tSame, "1", "2")
		if s != "212" {
			t.Errorf("reused and reordered parameters gave %q", s)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.View(t.Context(), "a", func(x *Tx) error {
		b, err := Value[[]byte](x, tGet, "a", "id1")
		if string(b) != "body" {
			t.Errorf("read %q", b)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

func TestForeignTenantIsRefused(t *testing.T) {
	d := openTest(t)
	err := d.Tx(t.Context(), "a", func(x *Tx) error {
		_, err := x.Exec(tPut, "id1", ids.Tenant("b"), []byte("x"))
		return err
	})
	if f := fault.Of(err); f == nil || f.Code != "db.foreign_tenant" {
		t.Fatalf("a statement of tenant b ran in a transaction of a: %v", err)
	}
	if err := d.Tx(t.Context(), "", func(*Tx) error { return nil }); err == nil {
		t.Fatal("a transaction without scope was opened")
	}
}

func TestErrorsAreMapped(t *testing.T) {
	d := openTest(t)
	put := func() error {
		return d.Tx(t.Context(), "a", func(x *Tx) error { _, err := x.Exec(tPut, "id1", "a", []byte("x")); return err })
	}
	if err := put(); err != nil {
		t.Fatal(err)
	}
	if f := fault.Of(put()); f.Code != "db.duplicate" || f.Kind != fault.Conflict {
		t.Errorf("duplicate gave %v", f)
	}
	err := d.View(t.Context(), "a", func(x *Tx) error { _, err := Value[[]byte](x, tGet, "a", "none"); return err })
	if f := fault.Of(err); f.Code != "db.missing" {
		t.Errorf("missing gave %v", f)
	}
	err = d.View(t.Context(), "a", func(x *Tx) error { _, err := x.Exec(tPut, "id2", "a", []byte("x")); return err })
	if err == nil {
		t.Error("a reading transaction wrote")
	}
}

func TestRollbackAndOnCommit(t *testing.T) {
	d := openTest(t)
	ran := 0
	_ = d.Tx(t.Context(), "a", func(x *Tx) error {
		x.OnCommit(func() { ran++ })
		_, _ = x.Exec(tPut, "id1", "a", []byte("x"))
		return fault.New(fault.Invalid, "test.no")
	})
	func() {
		defer func() { _ = recover() }()
		_ = d.Tx(t.Context(), "a", func(x *Tx) error { _, _ = x.Exec(tPut, "id2", "a", []byte("x")); panic("boom") })
	}()
	if err := d.Tx(t.Context(), "a", func(x *Tx) error {
		n, err := Value[int64](x, tCount)
		if n != 0 {
			t.Errorf("%d rows survived", n)
		}
		x.OnCommit(func() { ran += 10 })
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if ran != 10 {
		t.Errorf("hooks ran %d", ran)
	}
}

func TestCountersDecideInSQL(t *testing.T) {
	d := openTest(t)
	if err := d.Tx(t.Context(), "a", func(x *Tx) error { _, err := x.Exec(tPut, "c", "a", []byte("x")); return err }); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	seen := map[int64]bool{}
	for range 20 {
		wg.Go(func() {
			err := d.Tx(t.Context(), "a", func(x *Tx) error {
				n, err := Value[int64](x, tBump, "a", "c")
				mu.Lock()
				defer mu.Unlock()
				seen[n] = true
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if len(seen) != 20 {
		t.Errorf("%d different values of 20", len(seen))
	}
}

func TestSecureDeleteAndSyncAreOn(t *testing.T) {
	d := openTest(t)
	for name, want := range map[string]int64{"secure_delete": 1, "foreign_keys": 1, "synchronous": 2} {
		if got, err := d.pragmaInt(t.Context(), name); err != nil || got != want {
			t.Errorf("pragma %s = %d, %v; want %d", name, got, err, want)
		}
	}
}

func TestCancelledContext(t *testing.T) {
	d := openTest(t)
	ctx, cancel := context.WithCancel(t.Context())
	err := d.Tx(ctx, "a", func(x *Tx) error {
		cancel()
		_, err := x.Exec(tPut, "id9", "a", []byte("x"))
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "context canceled") {
		t.Fatalf("want a cancelled context, got %v", err)
	}
	ctx, cancel = context.WithCancel(t.Context())
	err = d.Tx(ctx, "a", func(*Tx) error { // nothing fails before the end
		cancel()
		for range 1000 {
			runtime.Gosched()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("want a cancelled context at the end, got %v", err)
	}
}

func TestMicros(t *testing.T) {
	now := time.Date(2026, 12, 31, 15, 0, 0, 123456000, time.UTC)
	if got := Time(Micros(now)); !got.Equal(now) || !Time(0).IsZero() || Micros(time.Time{}) != 0 {
		t.Errorf("round trip gave %v", got)
	}
}

// pragmaInt reads one integer pragma of the writing connection.
func (d *DB) pragmaInt(ctx context.Context, name string) (int64, error) {
	var s string
	if err := d.write.QueryRowContext(ctx, "pragma "+name).Scan(&s); err != nil {
		return 0, err
	}
	return strconv.ParseInt(s, 10, 64)
}
