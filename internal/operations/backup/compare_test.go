package backup

import (
	"os"
	"path/filepath"
	"testing"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/jst"
	"rakudos/internal/testkit/testdb"
)

// TestRestoreComparesWhatItWrote: a byte or a row that changed between writing and opening is found, on files that are
// compared byte by byte (SQLite) and on those that are made of rows (PostgreSQL), and nothing of it stays.
func TestRestoreComparesWhatItWrote(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		w := newWorld(t, e)
		made := w.run()
		src := Source{Target: w.o.Target, Root: w.root}
		flip := func(dir string) error {
			name := filepath.Join(dir, mainFile)
			b, err := os.ReadFile(name)
			w.must(err)
			b[len(b)-100] ^= 1
			return os.WriteFile(name, b, 0o600)
		}
		cases := map[string]func(string) error{"a row": loseRow(t.Context())}
		if e.Engine == "sqlite" { // a file made of rows has bytes that mean nothing
			cases["a bit"] = flip
			cases["its end"] = func(dir string) error { return os.Truncate(filepath.Join(dir, mainFile), 4096) }
		}
		for what, spoil := range cases {
			src.spoil = spoil
			to := filepath.Join(e.Dir, "spoilt "+what)
			if _, err := src.Restore(t.Context(), to, jst.Date{}); fault.Of(err) == nil || fault.Of(err).Code != "backup.unlike" {
				t.Errorf("%s: %v", what, err)
			}
			if all, _ := os.ReadDir(to); len(all) != 0 {
				t.Errorf("%s: %v stays", what, all)
			}
		}
		src.spoil = nil
		r, err := src.Restore(t.Context(), filepath.Join(e.Dir, "whole"), jst.Date{})
		w.must(err)
		want := map[string]string{"sqlite": "bytes", "postgres": "rows"}[string(e.Engine)]
		if r.How != want || r.Rows != made.Rows || r.Tables == 0 {
			t.Errorf("%+v, made %+v", r, made)
		}
	})
}
