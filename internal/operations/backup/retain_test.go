package backup

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/control"
	"rakudos/internal/base/jst"
	"rakudos/internal/testkit/testdb"
)

// TestRetainSeesEverythingThatLiesThere on both engines: what no backup owns, what has no table of contents, one that
// does not open, and a generation of the ladder that is gone, register and all. What the ladder thinned out, and what
// is under way, is no finding.
func TestRetainSeesEverythingThatLiesThere(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		w := newWorld(t, e)
		now := time.Now()
		w.bornOn(now.AddDate(-2, 0, 0))
		var made []*Made
		for _, back := range []int{300, 299, 40, 2, 1, 0} {
			m, err := w.Service.run(t.Context(), nightly, now.AddDate(0, 0, -back))
			w.must(err)
			made = append(made, m)
		}
		look := func() control.Evidence {
			t.Helper()
			ev, err := w.probeRetain(t.Context())
			w.must(err)
			return ev
		}
		if ev := look(); !ev.OK || ev.Facts["promised"].(int) < 4 {
			t.Fatalf("as it should be: %+v", ev)
		}
		put := func(name, text string) func() {
			t.Helper()
			path := filepath.Join(w.target, filepath.FromSlash(name))
			w.must(os.MkdirAll(filepath.Dir(path), 0o700))
			before, err := os.ReadFile(path)
			w.must(os.WriteFile(path, []byte(text), 0o600))
			return func() {
				if err != nil {
					w.must(os.Remove(path))
					_ = os.Remove(filepath.Dir(path)) // empty, or not
					return
				}
				w.must(os.WriteFile(path, before, 0o600))
			}
		}
		newest := made[len(made)-1].ID
		for _, c := range []struct{ name, want string }{
			{"dump-2023-01-01.sql", "dump-2023-01-01.sql: バックアップのものでない"},
			{"sets/20230101T000000Z-00000000/main.0", "sets/20230101T000000Z-00000000: 目次のない"},
			{"sets/forgotten/main.0", "sets/forgotten: 目次のない"},
			{"keys/20230101T000000Z-00000000/keys.0", "keys/20230101T000000Z-00000000: 目次のない"},
			{"bases/20230101T000000Z-00000000/cluster.0", "bases/20230101T000000Z-00000000: 目次のない"},
			{"sets/20230101T000000Z-00000000/manifest", "目次が壊れているか"},
			{"sets/" + newest + "/extra", "目次にないファイル"},
			{"sets/" + newest + "/manifest", "目次が壊れているか"},
		} {
			undo := put(c.name, "x")
			if ev := look(); ev.OK || !strings.Contains(strings.Join(ev.Failed, "\n"), c.want) {
				t.Errorf("%s: %+v", c.name, ev.Failed)
			}
			if at, err := w.Oldest(t.Context()); err != nil || strings.Contains(c.name, "/20230101T") && at.Year() != 2023 {
				t.Errorf("%s: the oldest is said to be of %v, %v", c.name, at, err)
			}
			undo()
			if ev := look(); !ev.OK {
				t.Fatalf("after %s: %+v", c.name, ev)
			}
		}
		put("sets/"+newID(now.Add(-time.Hour))+"/main.0", "x")
		if ev := look(); !ev.OK {
			t.Errorf("a backup under way: %+v", ev.Failed)
		}
		lost := made[2] // the only one of its month
		w.must(w.forget(t.Context(), nightly, []Generation{{ID: lost.ID, Kind: Data}}, now))
		w.must(w.shelf.remove(t.Context(), Data, lost.ID))
		if ev := look(); ev.OK || len(ev.Failed) != 1 || ev.Failed[0] != "残すはずの "+jst.Of(now.AddDate(0, 0, -40)).String()+" の世代がありません。" {
			t.Errorf("a generation is gone: %+v", ev.Failed)
		}
		w.must(w.bornAt(t.Context(), now)) // restored elsewhere, it begins anew
		if ev := look(); !ev.OK {
			t.Errorf("a restored service is asked for what lies elsewhere: %+v", ev.Failed)
		}
	})
}

// TestRetainLooksAtTheSecondPlace too: an old set and a foreign file there are findings, the probe's own canary is not.
func TestRetainLooksAtTheSecondPlace(t *testing.T) {
	w := newWorld(t, testdb.New(t, "sqlite"))
	b := withSecond(t, w)
	w.run()
	_, err := w.CopySecond(t.Context(), operator)
	w.must(err)
	_, err = w.probeOffline(t.Context())
	w.must(err)
	ev, err := w.probeRetain(t.Context())
	if err != nil || !ev.OK || !strings.Contains(ev.Measured, "二つ目の置き場所の") {
		t.Fatalf("%+v %v", ev, err)
	}
	for _, name := range []string{"dump.sql", "sets/20230101T000000Z-00000000/main.0"} {
		_, err := b.Put(t.Context(), name, strings.NewReader("x"))
		w.must(err)
	}
	if ev, err = w.probeRetain(t.Context()); err != nil || ev.OK || len(ev.Failed) != 2 || !strings.HasPrefix(ev.Failed[0], "二つ目の置き場所: ") {
		t.Errorf("%+v %v", ev.Failed, err)
	}
	if at, err := w.Oldest(t.Context()); err != nil || !at.Equal(Ageless) { // of the dump nobody can tell
		t.Errorf("the oldest is of %v, %v", at, err)
	}
	w.must(b.Delete(t.Context(), "dump.sql"))
	if at, err := w.Oldest(t.Context()); err != nil || at.Year() != 2023 {
		t.Errorf("without the dump, the oldest is of %v, %v", at, err)
	}
}

// TestReadingIsDated: a set that was read some hours ago is not read again, and the sentence says when it was.
func TestReadingIsDated(t *testing.T) {
	w := newWorld(t, testdb.New(t, "sqlite"))
	m := w.run()
	earlier := time.Now().Add(-3 * time.Hour)
	w.checked[m.ID] = earlier
	ev, err := w.probeDaily(t.Context())
	if err == nil || !strings.Contains(ev.Measured, "すべて読み直したのは"+jst.Stamp(earlier)) {
		t.Errorf("%s %v", ev.Measured, err)
	}
	w.checked[m.ID] = time.Now().Add(-21 * time.Hour)
	if ev, err = w.probeDaily(t.Context()); err == nil || !strings.Contains(ev.Measured, "すべて読み直したのは"+jst.Stamp(time.Now())[:13]) {
		t.Errorf("%s %v", ev.Measured, err)
	}
}
