package backup

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rakudos/internal/testkit/testdb"
)

// TestVerifyNamesWhatWasPutBack: a set and a copy of the key store that the service has removed are findings when they
// lie there again, though every byte of them is as it was.
func TestVerifyNamesWhatWasPutBack(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		w := newWorld(t, e)
		first := w.run()
		kept := filepath.Join(e.Dir, "kept")
		w.must(os.CopyFS(kept, os.DirFS(w.target)))
		w.run()
		if rep, err := w.Verify(t.Context()); err != nil || !rep.OK || len(rep.Notes) != 0 {
			t.Fatalf("%+v, %v", rep, err)
		}
		for _, kind := range []string{"sets", "keys"} {
			of, err := os.ReadDir(filepath.Join(kept, kind))
			w.must(err)
			for _, d := range of {
				to := filepath.Join(w.target, kind, d.Name())
				w.must(os.RemoveAll(to))
				w.must(os.CopyFS(to, os.DirFS(filepath.Join(kept, kind, d.Name()))))
			}
		}
		rep, err := w.Verify(t.Context())
		w.must(err)
		if rep.OK || !slices.ContainsFunc(rep.Bad, func(f Finding) bool {
			return f.Set == first.ID && strings.Contains(f.What, "また置かれています")
		}) {
			t.Errorf("%+v", rep)
		}
	})
}
