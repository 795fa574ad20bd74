package app

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rakudos/internal/base/fault"
	"rakudos/internal/cli"
	"rakudos/internal/operations/keys"
)

func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestTheRootKeyMovesAndStaysClosedToOthers seals the root key's file, rotates it, moves it to another file,
// and tries each time what must no longer open.
func TestTheRootKeyMovesAndStaysClosedToOthers(t *testing.T) {
	ctx := t.Context()
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	open := func(config string) error {
		c, err := LoadConfig(config, nil)
		if err != nil {
			return err
		}
		c.Data = data
		a, err := Open(ctx, c, slog.New(slog.DiscardHandler))
		if err != nil {
			return err
		}
		return a.Close(context.WithoutCancel(ctx))
	}
	bare := write(t, filepath.Join(dir, "bare.yaml"), "demo: false\n")
	pass := write(t, filepath.Join(dir, "pass"), "correct horse battery\n")
	sealed := write(t, filepath.Join(dir, "sealed.yaml"), "keys: {root: {driver: file, passphrase_file: "+pass+"}}\n")
	moved := write(t, filepath.Join(dir, "moved.yaml"), "keys: {root: {driver: file, path: "+filepath.Join(dir, "elsewhere.key")+"}}\n")
	for _, config := range []string{bare, sealed, sealed} {
		if err := open(config); err != nil {
			t.Fatal(err)
		}
	}
	if err := open(bare); fault.Of(err).Code != "vault.root_sealed" {
		t.Errorf("without the passphrase: %v", err)
	}
	ring := houseKeys()
	o := cli.Options{Config: sealed, Data: data}
	w, err := ring.Rotate(ctx, o, cli.RotateRequest{Level: keys.Root, Reason: "year"}, nil)
	if err != nil || w.State != keys.Done {
		t.Fatalf("%+v, %v", w, err)
	}
	if _, err := ring.Rotate(ctx, o, cli.RotateRequest{Level: keys.Tenant, Tenant: "nobody", Reason: "year"}, nil); fault.Of(err).Code != "tenant.unknown" {
		t.Errorf("an unknown tenant: %v", err)
	}
	if _, _, err := ring.MoveRoot(ctx, o, sealed, "same", nil); fault.Of(err).Code != "keys.same_root" {
		t.Errorf("to where it is already: %v", err)
	}
	from, now, err := ring.MoveRoot(ctx, o, moved, "new disk", nil)
	if err != nil || from == now || !strings.HasPrefix(now, "file:") {
		t.Fatalf("%s → %s, %v", from, now, err)
	}
	if err := open(sealed); fault.Of(err).Code != "vault.root_mismatch" {
		t.Errorf("the old root key still opens the key store: %v", err)
	}
	if err := open(moved); err != nil {
		t.Error(err)
	}
	if err := os.Remove(filepath.Join(data, "root.key")); err != nil { // nothing needs it any more
		t.Fatal(err)
	}
	if _, err := houseBackups().Run(ctx, cli.Options{Config: moved, Data: data}); err != nil {
		t.Fatal(err)
	}
	if _, err := houseBackups().Restore(ctx, cli.Options{Config: moved, Data: data}, cli.RestoreRequest{To: filepath.Join(dir, "restored")}); err != nil {
		t.Errorf("restored with the root key of the configuration: %v", err)
	}
	if _, err := houseBackups().Restore(ctx, cli.Options{Config: bare, Data: data}, cli.RestoreRequest{To: filepath.Join(dir, "nothing")}); fault.Of(err).Code != "backup.no_root_key" {
		t.Errorf("restored without a root key: %v", err)
	}
	inv, err := ring.List(ctx, cli.Options{Config: moved, Data: data})
	if err != nil || len(inv.Alerts) != 0 || len(inv.RootUse) != 1 || len(inv.Copies) != 1 || inv.Copies[0].Damaged {
		t.Errorf("%+v, %v", inv, err)
	}
}

func TestTheRootKeysConfigurationIsChecked(t *testing.T) {
	dir := t.TempDir()
	for text, want := range map[string]string{
		"keys: {root: {driver: paper}}":                   "paper",
		"keys: {root: {drivr: file}}":                     "drivr",
		"keys: {root: {driver: file, passphrase: x}}":     "passphrase",
		"keys: {root: {driver: file, transit: {key: x}}}": "filled in",
		"keys: {root: {driver: azure}}":                   "vault must be",
		"keys: {root: {driver: azure, azure: {vault: https://a.vault.azure.net, key: k, algorithm: RSA1_5}}}":                        "RSA1_5",
		"keys: {root: {driver: azure, azure: {vault: https://a.vault.azure.net, key: k, algorithm: A256KW, client_secret_file: s}}}": "tenant_id",
		"keys: {root: {driver: transit, transit: {address: http://b, key: k, token_file: t}}}":                                       "address must be",
		"keys: {root: {driver: transit, path: x, transit: {address: https://b, key: k, token_file: t}}}":                             "belong to the driver",
	} {
		if _, err := LoadConfig(write(t, filepath.Join(dir, "c.yaml"), text), nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
	for _, text := range []string{
		"keys: {root: {driver: azure, azure: {vault: https://a.vault.azure.net, key: k, algorithm: A256KW}}}",
		"keys: {root: {driver: transit, transit: {address: https://bao:8200, key: k, token_file: t, namespace: kenko}}}",
	} {
		c, err := LoadConfig(write(t, filepath.Join(dir, "c.yaml"), text), nil)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if _, err := c.openRoot(t.Context(), nil); err != nil { // it binds and asks nobody
			t.Errorf("%s: %v", text, err)
		}
	}
	readable := write(t, filepath.Join(dir, "pass"), "x")
	if err := os.Chmod(readable, 0o644); err != nil {
		t.Fatal(err)
	}
	c := DefaultConfig()
	c.Data, c.Keys.Root.PassphraseFile = filepath.Join(dir, "data"), readable
	if _, err := c.openRoot(t.Context(), nil); err == nil {
		t.Error("a passphrase that others can read is taken")
	}
}
