package app

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/cli"
	"rakudos/internal/engine/db"
	"rakudos/internal/governance/erasure"
)

// TestErasureInAService: a person of the probes is erased in a running service; the probes look at sandboxes and
// fail in their mutants; every file of the data directory is declared; a service whose ledger is gone does not
// start, and says why.
func TestErasureInAService(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	r := started(t, dir)
	tenant, who := r.probes.tenants[0], actor.System(ids.System, "test")
	order := erasure.Order{Reason: "試験", RequestedBy: "a", ApprovedBy: []string{"a", "b"}}
	rec, err := r.Erasure.ErasePersons(t.Context(), who, tenant, r.probes.people[:1], order)
	if err != nil || rec.State != erasure.Done || !rec.Copies.Purged {
		t.Fatalf("%+v %v", rec, err)
	}
	list, err := r.Org.Directory(t.Context(), tenant)
	if err != nil || list.Len() != len(r.probes.people)-1 {
		t.Errorf("%d people in memory: %v", list.Len(), err)
	}
	for _, c := range r.erasureControls() {
		ev, err := c.Probe(t.Context())
		if err != nil || !ev.OK {
			t.Errorf("%s: %+v %v", c.ID, ev, err)
		}
		if ev, err := c.Mutant(t.Context()); err != nil || ev.OK {
			t.Errorf("%s, mutant: %+v %v", c.ID, ev, err)
		}
		t.Log(ev.Measured)
	}
	var declared []string
	for _, s := range erasure.Tables(erasure.File) {
		declared = append(declared, s.Name)
	}
	if _, err := r.Blobs.Put(t.Context(), tenant, "nobody/declared", strings.NewReader("x")); fault.Of(err) == nil || fault.Of(err).Code != "blob.undeclared" {
		t.Errorf("a file under a prefix that nobody declared: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, ".root-left"), []byte("x"), 0o600); err != nil { // of a killed rotation
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		known := slices.ContainsFunc(declared, func(name string) bool { ok, _ := filepath.Match(name, f.Name()); return ok })
		if !known || strings.HasPrefix(f.Name(), ".root-") {
			t.Errorf("%s lies in the data directory and is not declared in internal/governance/erasure/stores_service.go", f.Name())
		}
	}
	o := cli.Options{Data: dir}
	if v, err := houseLedger(t.Context(), o); err != nil || !v.OK || v.Entries != 1 || v.Certificates == 0 {
		t.Errorf("%+v %v", v, err)
	}
	if all, err := houseErasures().Status(t.Context(), o, probeCodes[0]); err != nil || len(all) != 1 || all[0].ID != rec.ID {
		t.Errorf("%+v %v", all, err)
	}
	for _, c := range []struct {
		q    db.Query
		code string
	}{{fCerts, "certificate.row_missing"}, {fRuns, "erasure.run_missing"}} { // written past the service, on a copy that is put back
		if _, err := houseLedger(t.Context(), cli.Options{Data: without(t, dir, c.q)}); fault.Of(err) == nil || fault.Of(err).Code != c.code {
			t.Errorf("verify without the rows: %v instead of %s", err, c.code)
		}
	}
	if err := os.Remove(filepath.Join(dir, ledgerDir, "ledger")); err != nil {
		t.Fatal(err)
	}
	if _, err := houseLedger(t.Context(), o); fault.Of(err).Code != "erasure.ledger_missing" {
		t.Errorf("verify without a ledger: %v", err)
	}
	if _, err := houseErasures().Status(t.Context(), o, ""); fault.Of(err).Code != "erasure.ledger_missing" {
		t.Errorf("a service without its ledger opens: %v", err)
	}
}

// without is a copy of a stopped service's data in which somebody has run a statement by hand.
func without(t *testing.T, dir string, q db.Query) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "copy")
	if err := errors.Join(os.CopyFS(to, os.DirFS(dir)), os.Chmod(filepath.Join(to, "root.key"), 0o600)); err != nil {
		t.Fatal(err)
	}
	d, err := db.Open(t.Context(), db.Config{Engine: db.SQLite, Path: filepath.Join(to, "main.db")})
	if err != nil {
		t.Fatal(err)
	}
	args := []any{ids.System}[:strings.Count(q.Text(), "$")]
	if err := errors.Join(d.Tx(t.Context(), db.Global, func(tx *db.Tx) error { _, err := tx.Exec(q, args...); return err }), d.Close()); err != nil {
		t.Fatal(err)
	}
	return to
}

// TestEveryKindOfJobIsDeclared: what a service works on in the background stands in the register of erasure, and
// nothing else does.
func TestEveryKindOfJobIsDeclared(t *testing.T) {
	a, _ := sandboxless(t)
	got := a.Jobs.Kinds()
	if !slices.Contains(got, "backup.copy") { // only with a second place for backups
		got = append(got, "backup.copy")
	}
	var want []string
	for _, s := range erasure.Tables(erasure.Job) {
		want = append(want, s.Name)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("kinds of jobs\n%v, declared in internal/governance/erasure/stores_memory.go\n%v", got, want)
	}
}
