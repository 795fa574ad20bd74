package backup

import (
	"os"
	"path/filepath"
	"testing"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/jst"
	"rakudos/internal/testkit/testdb"
)

// TestAHalfRestoredFolderSaysSo: from the first file on until everything has been compared and erased again, a mark lies
// in the folder; a copy of it as a kill would leave it is refused for opening and for another restore.
func TestAHalfRestoredFolderSaysSo(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		w := newWorld(t, e)
		w.run()
		killed, whole := filepath.Join(e.Dir, "killed"), filepath.Join(e.Dir, "whole")
		src := Source{Target: w.o.Target, Root: w.root, spoil: func(dir string) error { return os.CopyFS(killed, os.DirFS(dir)) }}
		w.must(second(src.Restore(t.Context(), whole, jst.Date{})))
		w.must(Unfinished(whole))
		unfinished := func(what string, err error) {
			if f := fault.Of(err); f == nil || f.Code != "backup.unfinished" {
				t.Errorf("%s: %v", what, err)
			}
		}
		unfinished("opening", Unfinished(killed))
		src.spoil = nil
		_, err := src.Restore(t.Context(), killed, jst.Date{})
		unfinished("restoring", err)
		if _, err := os.Stat(filepath.Join(killed, mainFile)); err != nil {
			t.Errorf("what lay there is gone: %v", err)
		}
	})
}
