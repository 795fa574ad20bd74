package db_test

import (
	"slices"
	"testing"
	"time"

	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/testdb"
)

// TestClusterKnowsItself: the service's own role learns what a copy of the cluster would hold, and where its WAL is.
func TestClusterKnowsItself(t *testing.T) {
	e, c := testdb.Apart(t, "")
	ctx := t.Context()
	got, err := e.DB.Cluster(ctx)
	if err != nil || got.Major < 13 || got.System == "" || got.Timeline != 1 || got.Segment != 16<<20 || got.Database != "records" || got.Role != "rakudos_app" || len(got.Others) != 0 || got.Tablespaces != 0 || got.Keys {
		t.Fatalf("%+v %v", got, err)
	}
	keys, err := e.Keys.Cluster(ctx)
	if err != nil || keys.System == got.System || !keys.Keys {
		t.Errorf("the key store's: %+v %v", keys, err)
	}
	for _, s := range []string{"create database other", "select pg_create_physical_replication_slot('probe', true)"} {
		if err := c.Exec(ctx, s); err != nil {
			t.Fatal(err)
		}
	}
	if got, err = e.DB.Cluster(ctx); err != nil || !slices.Equal(got.Others, []string{"other"}) {
		t.Errorf("%+v %v", got, err)
	}
	before, err := e.DB.Position(ctx, "probe")
	if err != nil || before.Slot != "reserved" || before.Active || before.Received == 0 || before.Kept <= 0 || time.Since(before.Clock).Abs() > time.Minute {
		t.Errorf("%+v %v", before, err)
	}
	// A durable commit is on the server's disk when it is answered, although this server's default is otherwise.
	err = e.DB.Tx(ctx, ids.System, func(tx *db.Tx) error {
		if err := tx.Durable(); err != nil {
			return err
		}
		_, err := tx.Exec(qMark, ids.System)
		return err
	})
	after, err2 := e.DB.Position(ctx, "nobody")
	if err != nil || err2 != nil || after.Flushed <= before.Flushed || after.Slot != "" || after.Received != 0 {
		t.Errorf("%+v %v %v", after, err, err2)
	}
	if _, err := e.DB.Reached(ctx); err == nil {
		t.Error("a server that never recovered tells up to where it did")
	}
}

var qMark = db.Q("db_test.mark", `insert into backup_since (tenant_id, since) values ($1, 1)`)

// TestNoClusterBehindAFile: on SQLite there is nothing to ask, and a durable commit is nothing special.
func TestNoClusterBehindAFile(t *testing.T) {
	e := testdb.New(t, db.SQLite)
	_, err1 := e.DB.Cluster(t.Context())
	_, err2 := e.DB.Position(t.Context(), "x")
	_, err3 := e.DB.Reached(t.Context())
	err4 := e.DB.Rewrite(t.Context())
	for i, err := range []error{err1, err2, err3, err4} {
		if err == nil {
			t.Errorf("question %d is answered", i)
		}
	}
	if err := e.DB.Tx(t.Context(), ids.System, func(tx *db.Tx) error { return tx.Durable() }); err != nil {
		t.Error(err)
	}
}
