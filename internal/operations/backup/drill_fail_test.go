package backup

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rakudos/internal/testkit/testdb"
)

// TestAFailedDrillNamesWhatFailed: one flipped bit in a file of the newest set. The receipt names the set and the file,
// and claims neither how much would be lost nor how long it takes; the next one, of the mended file, has both.
func TestAFailedDrillNamesWhatFailed(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		w := newWorld(t, e)
		w.run()
		good, err := w.Drill(t.Context(), nightly)
		if err != nil || !good.OK || good.RTO <= 0 || good.RPO <= 0 || good.Part != "" {
			t.Fatalf("%+v, %v", good, err)
		}
		var piece string
		w.must(filepath.WalkDir(w.target, func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && strings.Contains(path, good.Set) && strings.HasPrefix(filepath.Base(path), PartMain) {
				piece = path
			}
			return err
		}))
		if piece == "" {
			t.Fatalf("no file of the set %s", good.Set)
		}
		whole, err := os.ReadFile(piece)
		w.must(err)
		spoilt := append([]byte(nil), whole...)
		spoilt[len(spoilt)/2] ^= 8
		w.must(os.WriteFile(piece, spoilt, 0o600))
		bad, err := w.Drill(t.Context(), nightly)
		w.must(err)
		if bad.OK || bad.Set != good.Set || bad.Part != filepath.Base(piece) || bad.RPO != 0 || bad.RTO != 0 {
			t.Errorf("the receipt of a spoilt %s: %+v", filepath.Base(piece), bad)
		}
		ev, err := w.control("BK-DRILL").Probe(t.Context())
		if err != nil || ev.OK || ev.Facts["set"] != good.Set || ev.Facts["part"] != bad.Part || ev.Facts["rpo_seconds"] != nil {
			t.Errorf("the card: %+v, %v", ev, err)
		}
		w.must(os.WriteFile(piece, whole, 0o600))
		if again, err := w.Drill(t.Context(), nightly); err != nil || !again.OK || again.RTO <= 0 {
			t.Errorf("mended: %+v, %v", again, err)
		}
	})
}

// TestDrillOpensFiles: a file that was damaged before the backup was taken, and one that was cut short, are no backup of
// it, whatever the sums of the set say.
func TestDrillOpensFiles(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		for name, spoil := range map[string]func([]byte) []byte{
			"whole":     func(b []byte) []byte { return b },
			"a byte":    func(b []byte) []byte { b[len(b)/2] ^= 1; return b },
			"cut short": func(b []byte) []byte { return b[:len(b)-3] },
			"empty":     func([]byte) []byte { return nil },
		} {
			t.Run(name, func(t *testing.T) {
				w := newWorld(t, testdb.New(t, e.Engine))
				names, err := w.blobs.List(t.Context(), "")
				w.must(err)
				path := filepath.Join(w.e.Dir, "blobs", filepath.FromSlash(names[0]))
				b, err := os.ReadFile(path)
				w.must(err)
				w.must(os.WriteFile(path, spoil(b), 0o600))
				w.run()
				w.must(second(w.Drill(t.Context(), nightly)))
				ev, err := w.control("BK-DRILL").Probe(t.Context())
				if err != nil || ev.OK != (name == "whole") {
					t.Errorf("%+v %v", ev, err)
				}
			})
		}
	})
}
