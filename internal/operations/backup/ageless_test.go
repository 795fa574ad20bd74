package backup

import (
	"os"
	"path/filepath"
	"testing"

	"rakudos/internal/testkit/testdb"
)

// TestWhatBearsNoDateIsNotYoung: a set that somebody copied under another name, and a file beside the sets, count as old
// as can be: nothing that was erased is called gone from the backups beside them (6-2b, 6-3a).
func TestWhatBearsNoDateIsNotYoung(t *testing.T) {
	for name, put := range map[string]func(w *world, set string){
		"a renamed copy": func(w *world, set string) {
			w.must(os.CopyFS(filepath.Join(w.target, "sets", "kept"), os.DirFS(filepath.Join(w.target, "sets", set))))
		},
		"a dump": func(w *world, _ string) {
			w.must(os.WriteFile(filepath.Join(w.target, "dump.sql"), []byte("everything"), 0o600))
		},
		"a dump among the WAL": func(w *world, _ string) {
			w.must(os.MkdirAll(filepath.Join(w.target, "wal", "7300000000000000001"), 0o700))
			w.must(os.WriteFile(filepath.Join(w.target, "wal", "7300000000000000001", "dump.sql"), []byte("everything"), 0o600))
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, testdb.New(t, "sqlite"))
			set := w.run().ID
			if at, err := w.Oldest(t.Context()); err != nil || at.Equal(Ageless) {
				t.Fatalf("%v %v", at, err)
			}
			put(w, set)
			if at, err := w.Oldest(t.Context()); err != nil || !at.Equal(Ageless) {
				t.Errorf("it counts as of %v: %v", at, err)
			}
			if ev, err := w.control("BK-RETAIN").Probe(t.Context()); err != nil || ev.OK {
				t.Errorf("BK-RETAIN: %+v %v", ev, err)
			}
		})
	}
}
