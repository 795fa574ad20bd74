package app

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"rakudos/internal/base/fault"
)

// TestAMissingRootKeyIsNotReplaced: beside a key store in use nobody makes a new root key, which would open nothing and
// look like the right one; put back, the old one opens everything.
func TestAMissingRootKeyIsNotReplaced(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	c := DefaultConfig()
	c.Data = dir
	a, err := Open(t.Context(), c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	root, away := filepath.Join(dir, "root.key"), filepath.Join(t.TempDir(), "root.key")
	if err := os.Rename(root, away); err != nil {
		t.Fatal(err)
	}
	open := func() error {
		a, err := Open(t.Context(), c, slog.New(slog.DiscardHandler))
		if err == nil {
			err = a.Close(t.Context())
		}
		return err
	}
	verify := func() error { _, err := verifyOffline(t.Context(), c); return err }
	for what, try := range map[string]func() error{"open": open, "verify": verify} {
		if err := try(); fault.Of(err) == nil || fault.Of(err).Code != "vault.root_missing" {
			t.Errorf("%s: %v", what, err)
		}
		if _, err := os.Stat(root); !errors.Is(err, fs.ErrNotExist) {
			t.Fatalf("%s made a root key: %v", what, err)
		}
	}
	if err := os.Rename(away, root); err != nil {
		t.Fatal(err)
	}
	if err := open(); err != nil {
		t.Error(err)
	}
}

// TestAHalfRestoredFolderIsNotOpened: neither by the service nor by a verb.
func TestAHalfRestoredFolderIsNotOpened(t *testing.T) {
	c := DefaultConfig()
	c.Data = t.TempDir()
	if err := os.WriteFile(filepath.Join(c.Data, "restore.unfinished"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, opened := Open(t.Context(), c, slog.New(slog.DiscardHandler))
	_, verified := verifyOffline(t.Context(), c)
	for what, err := range map[string]error{"open": opened, "verify": verified} {
		if fault.Of(err) == nil || fault.Of(err).Code != "backup.unfinished" {
			t.Errorf("%s: %v", what, err)
		}
	}
}
