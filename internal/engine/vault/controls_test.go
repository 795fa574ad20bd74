package vault_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"rakudos/internal/base/control"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
	"rakudos/internal/testkit/controltest"
	"rakudos/internal/testkit/testdb"
)

func atRest(t *testing.T, e *testdb.Env) control.Control {
	t.Helper()
	v := open(t, e)
	a, b := tenant(t, v), tenant(t, v)
	all := vault.Controls(vault.Deps{Vault: v, DB: e.DB, Dir: e.Dir, Tenants: func() (ids.Tenant, ids.Tenant, error) { return a, b, nil }})
	return all[0]
}

func TestAtRestProof(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		c := atRest(t, e)
		controltest.Proves(t, c.ID, func(sabotaged bool) error {
			run := c.Probe
			if sabotaged {
				run = c.Mutant
			}
			ev, err := run(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			t.Log(ev.Measured, ev.Failed)
			if !ev.OK {
				return errors.New(strings.Join(ev.Failed, ", "))
			}
			return nil
		})
	})
}

// The canary itself is searched for in what SQLite really keeps, the write-ahead log included.
func TestPlaintextInTheDatabaseIsFoundInItsFiles(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	e := testdb.New(t, db.SQLite)
	c := atRest(t, e)
	for range 3 {
		if ev, err := c.Probe(t.Context()); err != nil || !ev.OK || ev.Facts["files"].(int) < 4 {
			t.Fatalf("%+v, %v", ev, err)
		}
	}
	// The same probe over a writer that keeps plaintext.
	if ev, err := c.Mutant(t.Context()); err != nil || ev.OK {
		t.Fatalf("the mutant passes: %+v, %v", ev, err)
	}
	left, err := filepath.Glob(filepath.Join(tmp, "rakudos-canary-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("the mutant leaves %v", left)
	}
}
