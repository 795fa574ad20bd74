package erasure

import (
	"testing"

	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/testdb"
)

// tBare lists what refers to another table without an index that begins with the columns of the reference.
var tBare = db.GlobalQ("erasure_test.bare", `select c.conrelid::regclass::text || ' -> ' || c.confrelid::regclass::text from pg_constraint c
	where c.contype = 'f' and c.connamespace = current_schema()::regnamespace and not exists (select 1 from pg_index i
		where i.indrelid = c.conrelid and (string_to_array(i.indkey::text, ' ')::int2[])[1:array_length(c.conkey, 1)] @> c.conkey)
	order by 1`)

// fewParents are references to tables of which a customer has a handful or some hundred rows: reading the referring
// table once for each that goes is less than keeping an index up to date at every import.
var fewParents = map[string]bool{"person -> site": true, "person -> dept": true, "sso_flows -> sso_connections": true, "asset_disposal -> asset_entry": true}

// TestEveryReferenceIsIndexed: who deletes a row makes the engine look for those that refer to it. Without an index that
// reads a customer's whole share of the table for each row. Both engines have the indexes of the same migrations.
func TestEveryReferenceIsIndexed(t *testing.T) {
	e := testdb.New(t, db.Postgres)
	var bare []string
	err := e.DB.View(t.Context(), db.Global, func(tx *db.Tx) (err error) {
		bare, err = db.Column[string](tx, tBare)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range bare {
		if !fewParents[name] {
			t.Errorf("%s has no index", name)
		}
		delete(fewParents, name)
	}
	for name := range fewParents {
		t.Errorf("%s is excepted and has an index, or is gone", name)
	}
}
