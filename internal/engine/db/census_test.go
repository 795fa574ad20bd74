package db_test

import (
	"testing"

	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/testdb"
)

// TestTextsAreTheTenantsOwn: every binary and text value of the scope is handed out, whatever column nobody
// thought of, and nothing of a neighbour.
func TestTextsAreTheTenantsOwn(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		ours, theirs := ids.New[ids.Tenant](), ids.New[ids.Tenant]()
		for id, name := range map[ids.Tenant]string{ours: "our name", theirs: "their name"} {
			if err := e.DB.Tx(t.Context(), id, func(tx *db.Tx) error {
				_, err := tx.Exec(snapTenant, id, string(id)+"-code", []byte(name), int64(1))
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		got := map[string]string{}
		err := e.DB.View(t.Context(), ours, func(tx *db.Tx) error {
			return tx.Texts(func(table, column string, value []byte) { got[table+"."+column] += string(value) })
		})
		if err != nil {
			t.Fatal(err)
		}
		if got["tenant.name"] != "our name" || got["tenant.code"] != string(ours)+"-code" || got["tenant.kind"] != "customer" {
			t.Errorf("%q", got)
		}
		if _, ok := got["tenant.created_at"]; ok {
			t.Error("a number was handed out as a text")
		}
	})
}
