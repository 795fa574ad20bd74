package keys

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/fdlocks"
	"rakudos/internal/testkit/testdb"
)

// TestACopyOfTheKeyStoreIsFound wherever somebody put it by hand, under any name; the page and the command line name
// it, the public evidence only counts. The locks of the key store that is open stay.
func TestACopyOfTheKeyStoreIsFound(t *testing.T) {
	w, _, p := probed(t, testdb.New(t, db.SQLite))
	c := Controls(p)[0]
	locks := func() int {
		t.Helper()
		n, err := fdlocks.Held(os.Getpid(), w.e.Keys.Path(), w.e.Keys.Path()+"-shm")
		w.must(err)
		return n
	}
	if ev, err := c.Probe(ctx); err != nil || !ev.OK || ev.Facts["stray_copies"] != 0 {
		t.Fatalf("%+v, %v", ev, err)
	}
	if left, err := filepath.Glob(filepath.Join(w.o.Dir, lureName+"*")); err != nil || len(left) != 0 {
		t.Errorf("%v, %v", left, err)
	}
	held := locks()
	for _, name := range []string{"backups/old/keys.db", "x/holiday.jpg"} {
		path := filepath.Join(w.o.Dir, filepath.FromSlash(name))
		w.must(os.MkdirAll(filepath.Dir(path), 0o700))
		w.must(w.e.Keys.Tx(ctx, db.Global, func(*db.Tx) error { return nil }))
		copyKeys(w, path)
		ev, err := c.Probe(ctx)
		if err != nil || ev.OK || ev.Facts["stray_copies"] != 1 || strings.Contains(strings.Join(ev.Failed, ""), name) || !slices.Contains(ev.Failed, AlertWords["stray"]) {
			t.Errorf("%s: %+v, %v", name, ev, err)
		}
		all, err := w.Alerts(ctx, who)
		if err != nil || len(all) != 1 || all[0].Code != "stray" || !strings.Contains(all[0].Says(), name) {
			t.Errorf("%s: %+v, %v", name, all, err)
		}
		w.must(os.Remove(path))
		w.looked = w.looked.Add(-alertsFor) // or what was told a minute ago is told again
	}
	if ev, err := c.Probe(ctx); err != nil || !ev.OK {
		t.Errorf("removed: %+v, %v", ev, err)
	}
	if now := locks(); now != held {
		t.Errorf("%d locks became %d", held, now)
	}
	w.o.Dir = filepath.Join(w.o.Dir, "gone")
	w.strays.Store(nil)
	if all := w.strayAlerts(ctx); len(all) != 1 || all[0].Code != "strays_unknown" {
		t.Errorf("a folder that is not there: %+v", all)
	}
}

// copyKeys makes a real copy, as an administrator would.
func copyKeys(w *world, path string) {
	w.t.Helper()
	s, err := w.e.Keys.Snapshot(ctx)
	w.must(err)
	f, err := os.Create(path)
	w.must(err)
	_, err = s.Dump(ctx, f)
	w.must(errors.Join(err, f.Close(), s.Close()))
}
