package db_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/testdb"
)

// TestPrincipals: the service's own role is read out of the catalogue as one that reads and writes, the
// owner as privileged; a file tells its owner and its mode.
func TestPrincipals(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		all, err := e.DB.Principals(t.Context())
		if err != nil || len(all) == 0 {
			t.Fatalf("%v %v", all, err)
		}
		t.Log(all)
		if e.Engine == db.SQLite {
			if len(all) != 1 || !strings.Contains(all[0].Holds, "0600") || !strings.HasPrefix(all[0].Name, "uid ") {
				t.Fatalf("%+v", all)
			}
			if err := os.Chmod(e.Main.Path, 0o644); err != nil {
				t.Fatal(err)
			}
			if all, err = e.DB.Principals(t.Context()); err != nil || !strings.Contains(all[0].Privileged, "所有者以外") {
				t.Fatalf("%+v %v", all, err)
			}
			return
		}
		has := func(holds string, privileged bool) bool {
			return slices.ContainsFunc(all, func(p db.Principal) bool { return p.Holds == holds && (p.Privileged != "") == privileged })
		}
		if !has("行の読み書き", false) || !slices.ContainsFunc(all, func(p db.Principal) bool { return p.Privileged != "" }) {
			t.Errorf("%+v", all)
		}
	})
}
