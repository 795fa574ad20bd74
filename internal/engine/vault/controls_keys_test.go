package vault_test

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
	"rakudos/internal/testkit/testdb"
)

var (
	qUnwrap    = db.Q("test.unwrap", `update key_tenant set wrapped = $2 where tenant_id = $1`)
	qKeyTenant = db.GlobalQ("test.key_tenant", `create temporary table key_tenant (tenant_id text)`)
)

// TestAtRestLooksForKeys: a key that stands in the key store as it is, or in a file in letters, is found; and on
// PostgreSQL a key store in the database of the records.
func TestAtRestLooksForKeys(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e)
		probe := h.control().Probe
		fails := func(what, want string) {
			t.Helper()
			ev, err := probe(t.Context())
			if err != nil || ev.OK != (want == "") || !strings.Contains(strings.Join(ev.Failed, "\n"), want) {
				t.Errorf("%s: %+v, %v", what, ev, err)
			}
		}
		fails("as it should be", "")
		k, err := h.v.Tenant(t.Context(), h.a)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(e.Dir, "notes.txt")
		if err := os.WriteFile(file, []byte("key: "+hex.EncodeToString(vault.Raw(k))), 0o600); err != nil {
			t.Fatal(err)
		}
		fails("a key in a file", "notes.txt に平文の鍵がある")
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		if e.Engine == db.Postgres {
			if err := e.DB.Tx(t.Context(), db.Global, func(tx *db.Tx) error { _, err := tx.Exec(qKeyTenant); return err }); err != nil {
				t.Fatal(err)
			}
			fails("keys beside the records", "鍵の表が、記録と同じデータベースにある")
		}
		if err := e.Keys.Tx(t.Context(), h.a, func(tx *db.Tx) error { _, err := tx.Exec(qUnwrap, h.a, vault.Raw(k)); return err }); err != nil {
			t.Fatal(err)
		}
		fails("a key that nothing wraps", "鍵データベースの列 key_tenant.wrapped に平文の鍵がある")
	})
}
