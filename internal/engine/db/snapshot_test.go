package db_test

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/testdb"
	"rakudos/migrations"
)

var (
	snapTenant = db.Q("snapshot_test.tenant", `insert into tenant (tenant_id, code, kind, name, created_at) values ($1, $2, 'customer', $3, $4)`)
	snapRename = db.GlobalQ("snapshot_test.rename", `update tenant set code = code || 'x'`)
)

func add(t *testing.T, d *db.DB, n int) {
	t.Helper()
	for i := range n {
		id := ids.New[ids.Tenant]()
		err := d.Tx(t.Context(), id, func(tx *db.Tx) error {
			_, err := tx.Exec(snapTenant, id, fmt.Sprintf("%s-%d", id, i), []byte{0, 1, byte(i), 0xff}[:i%5], int64(i)-3)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestADumpIsTheStateAtItsBeginningAndComesBack(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		ctx := context.Background()
		add(t, e.DB, 300)
		s, err := e.DB.Snapshot(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = s.Close() }()
		add(t, e.DB, 20) // after the snapshot: not in it
		if err := e.DB.Tx(ctx, db.Global, func(tx *db.Tx) error { _, err := tx.Exec(snapRename); return err }); err != nil {
			t.Fatal(err)
		}
		var dump bytes.Buffer
		want, err := s.Dump(ctx, &dump)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(want, func(d db.Digest) bool { return d.Table == "tenant" })
		if i < 0 || want[i].Rows != 300 {
			t.Fatalf("digests %+v", want)
		}
		path := filepath.Join(e.Dir, "restored.db")
		if err := db.Restore(ctx, s.Form(), bytes.NewReader(dump.Bytes()), path, migrations.Main()); err != nil {
			t.Fatal(err)
		}
		got := digests(t, path)
		if d := db.Differences(want, got); len(d) != 0 {
			t.Fatalf("differences: %v", d)
		}
		other, err := e.DB.Snapshot(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = other.Close() }()
		now, err := other.Digests(ctx)
		if err != nil || !slices.Equal(db.Differences(now, got), []string{"tenant: 300 rows instead of 320"}) {
			t.Fatalf("%v %v", db.Differences(now, got), err)
		}
		if err := db.Restore(ctx, s.Form(), bytes.NewReader(dump.Bytes()), path, migrations.Main()); err == nil {
			t.Fatal("an existing file was overwritten")
		}
	})
}

func digests(t *testing.T, path string) []db.Digest {
	t.Helper()
	d, err := db.Open(t.Context(), db.Config{Engine: db.SQLite, Path: path})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	if err := d.Sound(t.Context()); err != nil {
		t.Fatal(err)
	}
	s, err := d.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	out, err := s.Digests(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestACutDumpIsRefused(t *testing.T) {
	e := testdb.New(t, db.Postgres)
	add(t, e.DB, 3)
	s, err := e.DB.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	var dump bytes.Buffer
	if _, err := s.Dump(t.Context(), &dump); err != nil {
		t.Fatal(err)
	}
	for i, cut := range []int{0, 10, dump.Len() / 2, dump.Len() - 1} {
		if err := db.Restore(t.Context(), s.Form(), bytes.NewReader(dump.Bytes()[:cut]), filepath.Join(e.Dir, fmt.Sprint(i)), migrations.Main()); err == nil {
			t.Errorf("cut at %d: accepted", cut)
		}
	}
}
