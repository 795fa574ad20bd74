package db_test

import (
	"testing"

	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/testdb"
)

var (
	qTestRow     = db.Q("dbtest.row", `insert into identity_throttle (tenant_id, id, failures, next_at, expires_at) values ($1, 'x', 1, 0, 0)`)
	qTestAllRows = db.GlobalQ("dbtest.all_rows", `select tenant_id from identity_throttle order by tenant_id`)
	qTestTakeAll = db.GlobalQ("dbtest.take_all", `update identity_throttle set failures = 9`)
	qTestOpen    = db.GlobalQ("dbtest.open_tables", `select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace and n.nspname = current_schema()
		join information_schema.columns f on f.table_schema = n.nspname and f.table_name = c.relname and f.column_name = 'tenant_id'
		where c.relkind = 'r' and not (c.relrowsecurity and c.relforcerowsecurity) order by c.relname`)
)

// TestRowSecurity: on PostgreSQL a statement that forgets the tenant sees and changes the rows of the tenant of its
// transaction alone, and no table with tenants is without that wall.
func TestRowSecurity(t *testing.T) {
	e := testdb.New(t, db.Postgres)
	for _, tenant := range []ids.Tenant{"a", "b"} {
		if err := e.DB.Tx(t.Context(), tenant, func(tx *db.Tx) error { _, err := tx.Exec(qTestRow, tenant); return err }); err != nil {
			t.Fatal(err)
		}
	}
	one := func(s db.Scanner) (v string, err error) { return v, s.Scan(&v) }
	for scope, want := range map[ids.Tenant]int{"a": 1, "b": 1, "c": 0, db.Global: 2} {
		if err := e.DB.Tx(t.Context(), scope, func(tx *db.Tx) error {
			rows, err := db.All(tx, qTestAllRows, one)
			if err != nil || len(rows) != want || want == 1 && rows[0] != string(scope) {
				t.Errorf("%q sees %v, %v", scope, rows, err)
			}
			n, err := tx.Exec(qTestTakeAll)
			if int(n) != want {
				t.Errorf("%q changes %d rows", scope, n)
			}
			return err
		}); err != nil {
			t.Error(err)
		}
	}
	if err := e.DB.View(t.Context(), db.Global, func(tx *db.Tx) error {
		open, err := db.All(tx, qTestOpen, one)
		if len(open) > 0 {
			t.Errorf("tables without row security: %v", open)
		}
		return err
	}); err != nil {
		t.Error(err)
	}
}
