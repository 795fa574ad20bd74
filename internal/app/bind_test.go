package app

import (
	"path/filepath"
	"testing"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

var oldRows = []db.Query{
	db.GlobalQ("test.unbind_accounts", `update identity_accounts set mac = null, grants_mac = null`),
	db.GlobalQ("test.unbind_tenants", `update tenant set mac = null`),
}

// TestRowsFromBeforeAreBoundOnce: a data directory from before the MACs starts and keeps its accounts; when
// somebody blanks the MACs later, the next start does not bind those rows again.
func TestRowsFromBeforeAreBoundOnce(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	r := started(t, dir)
	unbind := func(qs []db.Query) {
		t.Helper()
		if err := r.DB.Tx(t.Context(), db.Global, func(tx *db.Tx) error {
			for _, q := range qs {
				if _, err := tx.Exec(q); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	again := func() {
		t.Helper()
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		r = started(t, dir)
	}
	tampered := func() (n int) {
		t.Helper()
		all, err := r.Identity.Accounts(t.Context(), actor.System(r.probes.tenants[0], "test"))
		if err != nil || len(all) == 0 {
			t.Fatal(len(all), err)
		}
		for _, a := range all {
			if a.Tampered {
				n++
			}
		}
		return n
	}
	bound := func() int {
		t.Helper()
		events, err := r.Audit.Find(t.Context(), actor.System(ids.System, "test"), audit.Filter{Verb: "rows.bound"})
		if err != nil {
			t.Fatal(err)
		}
		return len(events)
	}
	if bound() != 0 || tampered() != 0 {
		t.Fatal("a new data directory begins with rows from before")
	}
	unbind(oldRows)
	if err := r.Vault.DropMark(t.Context(), vault.MarkRows); err != nil { // as if an older version had made it
		t.Fatal(err)
	}
	again()
	if n := tampered(); n != 0 || bound() != 1 {
		t.Errorf("%d accounts did not survive; bound %d times", n, bound())
	}
	again()
	unbind(oldRows[:1])
	again()
	if tampered() == 0 || bound() != 1 {
		t.Error("blank rows were bound a second time")
	}
}
