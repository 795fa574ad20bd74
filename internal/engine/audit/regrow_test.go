package audit

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"rakudos/internal/testkit/testdb"
)

// TestRegrow: an older copy of the log's files, beside a database that knows more, grows back into the very tree
// that was there: same root, every record at its place, and the service goes on behind it.
func TestRegrow(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		w := newWorld(t, e)
		l := w.open()
		w.fill(l, 150) // more than one bundle of entries
		w.must(l.shipAll(t.Context()))
		w.must(l.Seal(t.Context()))
		w.must(l.Close())
		old := filepath.Join(e.Dir, "old")
		w.must(os.CopyFS(old, os.DirFS(w.cfg.Dir)))
		l = w.open()
		w.fill(l, 400)
		w.must(l.shipAll(t.Context()))
		w.must(l.Seal(t.Context()))
		w.must(l.Close())
		_, root, err := tree{os.DirFS(w.cfg.Dir)}.state()
		w.must(err)

		w.must(os.RemoveAll(w.cfg.Dir))
		w.must(os.Rename(old, w.cfg.Dir))
		if r := w.verify(); r.OK || r.First.Code != LogBehind {
			t.Fatalf("the older files pass: %+v", r)
		}
		n, err := Regrow(t.Context(), w.DB, w.cfg)
		w.must(err)
		size, again, err := tree{os.DirFS(w.cfg.Dir)}.state()
		w.must(err)
		if n < 800 || !bytes.Equal(root, again) {
			t.Errorf("%d leaves grew, to %d with another root", n, size)
		}
		w.holds("grown again")
		if n, err := Regrow(t.Context(), w.DB, w.cfg); err != nil || n != 0 {
			t.Errorf("a log that lacks nothing grew by %d: %v", n, err)
		}
		l = w.open()
		w.fill(l, 3)
		w.must(l.shipAll(t.Context()))
		w.must(l.Seal(t.Context()))
		w.must(l.Close())
		w.holds("gone on behind it")
	})
}

// TestRegrowRefusesHoles: places that the events do not fill one after another are no log of ours, and a key that
// is not there signs nothing.
func TestRegrowRefusesHoles(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		w := newWorld(t, e)
		l := w.open()
		w.fill(l, 3)
		w.must(l.shipAll(t.Context()))
		w.must(l.Seal(t.Context()))
		w.must(l.Close())
		key := w.cfg.Dir + "-key"
		w.must(os.Rename(key, key+".away"))
		if _, err := Regrow(t.Context(), w.DB, w.cfg); code(err) != "audit.key_missing" {
			t.Errorf("without the key: %v", err)
		}
		w.must(os.Rename(key+".away", key))
		newAttacker(w).sql(`update audit_event set log_index = log_index + 1000 where log_index = (select max(log_index) from audit_event)`)
		if _, err := Regrow(t.Context(), w.DB, w.cfg); code(err) != "audit.log_behind" {
			t.Errorf("a hole: %v", err)
		}
	})
}
