package db_test

import (
	"testing"

	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/pg"
	"rakudos/internal/testkit/testdb"
)

// TestOverwriteLog: what was written before is in no part of the server's log of changes, those that it keeps for later
// among them; and whatever stands in the way of that is said.
func TestOverwriteLog(t *testing.T) {
	e, c := testdb.Apart(t, "")
	ctx, mark := t.Context(), []byte("a row that the log has seen")
	turn := func() { // as the server does on busy days: what is past gets the name of a part to come
		for _, s := range []string{"select pg_logical_emit_message(false, 'x', 'x')", "select pg_switch_wal()", "checkpoint"} {
			if err := c.Exec(ctx, s); err != nil {
				t.Fatal(err)
			}
		}
	}
	writes := func() {
		for range 3 {
			turn()
		}
		id := ids.New[ids.Tenant]()
		if err := e.DB.Tx(ctx, id, func(tx *db.Tx) error {
			_, err := tx.Exec(snapTenant, id, string(id), mark, int64(1))
			return err
		}); err != nil {
			t.Fatal(err)
		}
		turn()
	}
	logged := func() bool { return holds(t, c.WAL(), mark) }
	overwrites := func(want db.LogKept) {
		t.Helper()
		if got, err := e.DB.OverwriteLog(ctx); err != nil || got != want {
			t.Errorf("%q %v, want %q", got, err, want)
		}
	}
	writes()
	overwrites(db.LogRights)
	if !logged() {
		t.Fatal("the log does not hold the row: this proves nothing")
	}
	for _, grant := range []string{"grant pg_checkpoint, pg_monitor to ", "grant execute on function pg_switch_wal() to "} {
		if err := c.ExecIn(ctx, "records", grant+pg.OwnerRole); err != nil {
			t.Fatal(err)
		}
	}
	overwrites("")
	if logged() {
		t.Error("the log still holds the row")
	}
	if err := c.Exec(ctx, "select pg_create_physical_replication_slot('replica', true)"); err != nil {
		t.Fatal(err)
	}
	writes()
	overwrites(db.LogHeld)
}

// TestOverwriteLogOfAFile: SQLite's log is cut by Scrub, and nothing is left to say.
func TestOverwriteLogOfAFile(t *testing.T) {
	if kept, err := testdb.New(t, db.SQLite).DB.OverwriteLog(t.Context()); err != nil || kept != "" {
		t.Errorf("%q %v", kept, err)
	}
}
