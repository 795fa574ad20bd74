package app

import (
	"net"
	"path/filepath"
	"strings"
	"testing"

	"rakudos/internal/base/ids"
)

// TestAssetsInAService: the ledger of a running service notices the probe's own file and socket, a listener that
// somebody forgot, and the key of a tenant that no register knows; afterwards nobody is asked about the lures.
func TestAssetsInAService(t *testing.T) {
	r := started(t, filepath.Join(t.TempDir(), "data"))
	c := r.controls()[indexOf(t, r, "AST-LEDGER")]
	ev, err := c.Probe(t.Context())
	if err != nil || !ev.OK || ev.Facts["lures"] != 2 || ev.Facts["lures_found"] != 2 {
		t.Fatalf("%+v, %v", ev, err)
	}
	t.Log(ev.Measured)
	if a, err := r.Assets.Attention(t.Context(), machineOf("test")); err != nil || !a.Difference.None() {
		t.Errorf("somebody is asked about the lures: %+v, %v", a, err)
	}
	if ev, err := c.Mutant(t.Context()); err != nil || ev.OK || !strings.Contains(strings.Join(ev.Failed, ""), "検査用の待受に気づかなかった") {
		t.Errorf("the mutants: %+v, %v", ev, err)
	}
	forgotten, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := ids.New[ids.Tenant]()
	if err := r.Vault.CreateTenant(t.Context(), nobody); err != nil {
		t.Fatal(err)
	}
	ev, err = c.Probe(t.Context())
	failed := strings.Join(ev.Failed, "\n")
	if err != nil || ev.OK || len(ev.Failed) != 2 || !strings.Contains(failed, "listener:"+forgotten.Addr().String()) || !strings.Contains(failed, "key:unregistered/tenant/"+string(nobody)) {
		t.Errorf("%+v, %v", ev, err)
	}
	if err := forgotten.Close(); err != nil {
		t.Fatal(err)
	}
	if ev, err = c.Probe(t.Context()); err != nil || len(ev.Failed) != 1 {
		t.Errorf("the listener is closed, the key is there still: %+v, %v", ev, err)
	}
}
