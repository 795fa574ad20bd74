package app

import (
	"os"
	"path/filepath"
	"testing"
)

// TestBackupsLieApart: not among what they are made of, neither by name nor through a link.
func TestBackupsLieApart(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	if err := os.MkdirAll(filepath.Join(data, "blobs"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(data, "blobs"), filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	for place, fine := range map[string]bool{
		"data/blobs": false, "data/log": false, "data": false, "data/../data/blobs/deep": false, "link": false, "link/new": false,
		"data/backups": true, "data/backups/here": true, "elsewhere": true, "data-backups": true, "..backups": true, "": true,
	} {
		c := DefaultConfig()
		c.Data = data
		if place != "" {
			c.Backup.Dir = filepath.Join(dir, place)
		}
		if err := c.Check(); (err == nil) != fine {
			t.Errorf("%q: %v", place, err)
		}
	}
}
