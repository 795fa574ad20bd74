package backup

import (
	"errors"
	"slices"
	"testing"
	"time"

	"rakudos/internal/testkit/testdb"
)

// TestDailyLooksAtWhatOpensIt: a set whose keys are damaged or gone, or that lacks a part, is not called a backup.
func TestDailyLooksAtWhatOpensIt(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		for name, spoil := range map[string]func(*world, *Made){
			"the keys are damaged": func(w *world, m *Made) {
				w.must(w.flip(t.Context(), folder(Keys, m.Keys)+PartKeys+".00001"))
				clear(w.checked)
			},
			"the keys are gone": func(w *world, m *Made) {
				w.must(w.forget(t.Context(), operator, []Generation{{ID: m.Keys, Kind: Keys}}, time.Now()))
				w.must(w.shelf.remove(t.Context(), Keys, m.Keys))
			},
			"no files in it": func(w *world, m *Made) {
				h, err := w.shelf.get(t.Context(), Data, m.ID)
				w.must(err)
				h.Parts = slices.DeleteFunc(h.Parts, func(p Part) bool { return p.Name == PartBlobs })
				_, err = w.shelf.putManifest(t.Context(), &h.Manifest, h.key, nil)
				w.must(err)
			},
		} {
			t.Run(name, func(t *testing.T) {
				w := newWorld(t, testdb.New(t, e.Engine))
				spoil(w, w.run())
				ev, err := w.control("BK-DAILY").Probe(t.Context())
				var why unknown
				if errors.As(err, &why) || err == nil && ev.OK {
					t.Errorf("nothing is found: %+v %v", ev, err)
				} else if err != nil {
					t.Fatal(err)
				}
			})
		}
	})
}
