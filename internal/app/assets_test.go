package app

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rakudos/internal/base/ids"
	"rakudos/internal/operations/asset"
)

// TestAssetsInAService: the ledger of a running service notices the probe's own file and socket, a listener that
// somebody forgot, and the key of a tenant that no register knows; afterwards nobody is asked about the lures.
func TestAssetsInAService(t *testing.T) {
	r := started(t, filepath.Join(t.TempDir(), "data"))
	c := r.controls()[indexOf(t, r, "AST-LEDGER")]
	ev, err := c.Probe(t.Context())
	if err != nil || !ev.OK || ev.Facts["lures"] != 3 || ev.Facts["lures_found"] != 3 {
		t.Fatalf("%+v, %v", ev, err)
	}
	t.Log(ev.Measured)
	if a, err := r.Assets.Attention(t.Context(), machineOf("test")); err != nil || !a.Difference.None() {
		t.Errorf("somebody is asked about the lures: %+v, %v", a, err)
	}
	if ev, err := c.Mutant(t.Context()); err != nil || ev.OK || !strings.Contains(strings.Join(ev.Failed, ""), "検査用の待受に気づかなかった") || !strings.Contains(strings.Join(ev.Failed, ""), "検査用のデータベースに気づかなかった") {
		t.Errorf("the mutants: %+v, %v", ev, err)
	}
	keysSayWhose(t, r)
	forgotten, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := ids.New[ids.Tenant]()
	if err := r.Vault.CreateTenant(t.Context(), nobody); err != nil {
		t.Fatal(err)
	}
	ev, err = c.Probe(t.Context())
	// The public page counts; the ledger that the association sees names.
	if failed := strings.Join(ev.Failed, "\n"); err != nil || ev.OK || len(ev.Failed) != 2 || !strings.Contains(failed, "（listener）: 1件") || !strings.Contains(failed, "（key）: 1件") {
		t.Errorf("%+v, %v", ev, err)
	}
	a, err := r.Assets.Attention(t.Context(), machineOf("test"))
	if named := fmt.Sprintf("%+v", a); err != nil || !strings.Contains(named, "listener:"+forgotten.Addr().String()) || !strings.Contains(named, "key:unregistered/tenant/"+string(nobody)) {
		t.Errorf("%s, %v", named, err)
	}
	// A copy of the key store that somebody made by hand, deep in a folder: an orphan here, an alert on the keys' page.
	copied := filepath.Join(r.Config.Data, "backups", "old", "keys.bak")
	if err := os.MkdirAll(filepath.Dir(copied), 0o700); err != nil {
		t.Fatal(err)
	}
	shot, err := r.Keys.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.Create(copied)
	if err != nil {
		t.Fatal(err)
	}
	_, err = shot.Dump(t.Context(), file)
	if err = errors.Join(err, file.Close(), shot.Close()); err != nil {
		t.Fatal(err)
	}
	ev, err = c.Probe(t.Context())
	if err != nil || len(ev.Failed) != 3 || strings.Contains(strings.Join(ev.Failed, ""), "keys.bak") || !strings.Contains(strings.Join(ev.Failed, ""), "（database）: 1件") {
		t.Errorf("%+v, %v", ev, err)
	}
	if a, err := r.Assets.Attention(t.Context(), machineOf("test")); err != nil || !strings.Contains(fmt.Sprintf("%+v", a), "backups/old/keys.bak") {
		t.Errorf("%+v, %v", a, err)
	}
	alerts, err := r.KeyRing.Alerts(t.Context(), machineOf("test"))
	if err != nil || len(alerts) != 1 || !strings.Contains(alerts[0].Says(), "backups/old/keys.bak") {
		t.Errorf("%+v, %v", alerts, err)
	}
	if err := os.Remove(copied); err != nil {
		t.Fatal(err)
	}
	if err := forgotten.Close(); err != nil {
		t.Fatal(err)
	}
	if ev, err = c.Probe(t.Context()); err != nil || len(ev.Failed) != 1 {
		t.Errorf("the listener is closed, the key is there still: %+v, %v", ev, err)
	}
}

// keysSayWhose: every key on the page says whose it is, the association's own among them.
func keysSayWhose(t *testing.T, r *Running) {
	t.Helper()
	v, err := r.Assets.Ledger(t.Context(), machineOf("test"))
	if err != nil {
		t.Fatal(err)
	}
	all, err := r.Tenants.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]string{string(ids.System): "サービス自身（保健会）"}
	for _, x := range all {
		names[string(x.ID)] = "契約先 " + x.Code + " " // not its name, which would outlive it
	}
	keys := 0
	for _, e := range v.Entries {
		if e.Kind != asset.Key || e.Gone() {
			continue
		}
		keys++
		whose := names[strings.Split(e.ID, "/")[1]]
		if whose == "" || !strings.HasPrefix(e.Name, whose+"の") || e.Owner == "" {
			t.Errorf("%s says %q, owner %q, want %q", e.ID, e.Name, e.Owner, whose)
		}
	}
	if keys < len(all) {
		t.Errorf("%d keys of %d tenants", keys, len(all))
	}
}
