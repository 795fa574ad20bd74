package app

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
)

// TestAPlaceOutOfReachStopsNoService: the service opens without its backup folder, and uses it once it is
// there, also after it was exchanged.
func TestAPlaceOutOfReachStopsNoService(t *testing.T) {
	c := DefaultConfig()
	c.Data = filepath.Join(t.TempDir(), "data")
	c.Backup.Dir = filepath.Join(t.TempDir(), "mounted")
	a, err := Open(t.Context(), c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := a.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	who := actor.HostOperator(ids.System, "backup")
	for round := range 2 {
		if _, err := a.Backup.Run(t.Context(), who); fault.Of(err).Code != "backup.place" {
			t.Fatalf("round %d, no folder: %v", round, err)
		}
		if err := os.Mkdir(c.Backup.Dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Backup.Run(t.Context(), who); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		if err := os.Rename(c.Backup.Dir, c.Backup.Dir+strings.Repeat("x", round+1)); err != nil {
			t.Fatal(err)
		}
	}
}

// TestEnvironmentHasNoSecrets: what a backup tells people of the environment names secrets by file only.
func TestEnvironmentHasNoSecrets(t *testing.T) {
	c := DefaultConfig()
	c.Data = filepath.Join(t.TempDir(), "data")
	a, err := Open(t.Context(), c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = a.Close(t.Context()) }()
	key, err := os.ReadFile(filepath.Join(c.Data, "root.key"))
	if err != nil {
		t.Fatal(err)
	}
	files, err := a.environment(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	names := ""
	for _, f := range files {
		names += f.Name + " "
		if strings.Contains(string(f.Content), string(key)) || f.Name == "root.key" {
			t.Errorf("%s holds the root key", f.Name)
		}
	}
	if !strings.Contains(names, "environment.json") || !strings.Contains(names, "config.yaml") {
		t.Errorf("files %s", names)
	}
}
