package app

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/cli"
	"rakudos/internal/governance/erasure"
)

// TestARestoredFolderTakesTheNewestLedger is what the restore and the operator's guide say: a folder that was restored
// before somebody was erased reads them still, and no more once the newest ledger lies in it.
func TestARestoredFolderTakesTheNewestLedger(t *testing.T) {
	ctx, dir, to := t.Context(), filepath.Join(t.TempDir(), "data"), filepath.Join(t.TempDir(), "restored")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	r := started(t, dir)
	tenant, people := r.probes.tenants[0], r.probes.people
	_, err := r.Backup.Run(ctx, actor.System(ids.System, "test"))
	must(err)
	must(r.Close())
	_, err = houseRestore(ctx, cli.Options{Data: dir}, cli.RestoreRequest{To: to})
	must(err)
	r = started(t, dir)
	_, err = r.Erasure.ErasePersons(ctx, actor.System(ids.System, "test"), tenant, people[:1], erasure.Order{Reason: "試験", RequestedBy: "a", ApprovedBy: []string{"a", "b"}})
	must(err)
	must(r.Close())
	read := func(want int) {
		t.Helper()
		c := DefaultConfig()
		c.Data = to
		a, err := Open(ctx, c, slog.New(slog.DiscardHandler))
		must(err)
		defer func() { must(a.Close(ctx)) }()
		list, err := a.Org.Directory(ctx, tenant)
		must(err)
		keys, err := a.Vault.Persons(ctx, tenant, people[:1])
		must(err)
		if list.Len() != len(people)-1+want || len(keys) != want {
			t.Errorf("%d of %d people, %d keys of the erased", list.Len(), len(people), len(keys))
		}
	}
	read(1)
	newest, err := os.ReadFile(filepath.Join(dir, ledgerDir, "ledger"))
	must(err)
	must(os.MkdirAll(filepath.Join(to, ledgerDir), 0o700))
	must(os.WriteFile(filepath.Join(to, ledgerDir, "ledger"), newest, 0o600))
	read(0)
}
