package blob

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func folders(t *testing.T, dir string) (out []string) {
	t.Helper()
	if err := filepath.WalkDir(dir, func(name string, e os.DirEntry, err error) error {
		if err == nil && e.IsDir() && name != dir {
			rel, _ := filepath.Rel(dir, name)
			out = append(out, rel)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestAFolderGoesWithItsLastFile, and those above it; a folder with anything else in it stays, and a link does.
func TestAFolderGoesWithItsLastFile(t *testing.T) {
	dir := t.TempDir()
	s, err := Local(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"sets/a/1", "sets/a/2", "sets/b/1"} {
		if _, err := s.Put(t.Context(), key, strings.NewReader("x")); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ key, left string }{
		{"sets/a/1", "[sets sets/a sets/b]"}, {"sets/a/2", "[sets sets/b]"}, {"sets/a/2", "[sets sets/b]"}, {"sets/b/1", "[]"}, {"sets/b/1", "[]"},
	} {
		if err := s.Delete(t.Context(), c.key); err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(folders(t, dir)); got != c.left {
			t.Errorf("after %s: %s instead of %s", c.key, got, c.left)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "other"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("other", filepath.Join(dir, "linked")); err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(t.Context(), "linked/1"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(filepath.Join(dir, "linked")); err != nil {
		t.Errorf("a link was removed: %v", err)
	}
}

// TestOldEmptyFoldersAreSwept when the store is opened; a young one may be somebody's who is about to write.
func TestOldEmptyFoldersAreSwept(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"sets/old", "sets/full", "sets/young", "lone", "all/gone"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "sets/full/1"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-48 * time.Hour)
	for _, name := range []string{"sets/old", "sets/full", "lone", "all/gone"} {
		if err := os.Chtimes(filepath.Join(dir, name), old, old); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Local(dir); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(folders(t, dir)); got != "[sets sets/full sets/young]" {
		t.Errorf("%s are left", got)
	}
}

// TestWritingWhileFoldersGo: a file that is written while another is the last to go from its folder is there.
func TestWritingWhileFoldersGo(t *testing.T) {
	s, err := Local(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			key := fmt.Sprintf("sets/a/%d", w)
			for range 300 {
				if _, err := s.Put(t.Context(), key, strings.NewReader("x")); err != nil {
					t.Errorf("put: %v", err)
					return
				}
				r, err := s.Open(t.Context(), key)
				if err != nil {
					t.Errorf("open: %v", err)
					return
				}
				_ = r.Close()
				if err := s.Delete(t.Context(), key); err != nil {
					t.Errorf("delete: %v", err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// TestListingWhileFoldersGo: a folder that goes under the eyes of a listing is no failure, it is only not listed.
func TestListingWhileFoldersGo(t *testing.T) {
	s, err := Local(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
				if _, err := s.List(t.Context(), ""); err != nil {
					t.Errorf("list: %v", err)
					return
				}
			}
		}
	})
	for range 200 {
		if _, err := s.Put(t.Context(), "sets/a/1", strings.NewReader("x")); err != nil {
			t.Fatal(err)
		}
		if err := s.Delete(t.Context(), "sets/a/1"); err != nil {
			t.Fatal(err)
		}
	}
	close(done)
	wg.Wait()
}
