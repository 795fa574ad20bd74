package archtest

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestNpmLocks: what npm installs for the tests is pinned by content, from whatever registry it comes.
func TestNpmLocks(t *testing.T) {
	seen := 0
	err := filepath.WalkDir(filepath.Join(root(), "internal"), func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && d.Name() == "node_modules":
			return filepath.SkipDir
		case d.Name() != "package-lock.json":
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var lock struct {
			Packages map[string]struct{ Integrity, Resolved string }
		}
		if err := json.Unmarshal(text, &lock); err != nil {
			return err
		}
		seen++
		for name, p := range lock.Packages {
			if name != "" && !strings.HasPrefix(p.Integrity, "sha512-") || p.Resolved != "" {
				t.Errorf("%s: %q has the checksum %q and comes from %q", path, name, p.Integrity, p.Resolved)
			}
		}
		return nil
	})
	if err != nil || seen < 2 {
		t.Fatalf("%d locks: %v", seen, err)
	}
}
