package erasure

import (
	"os"
	"path/filepath"
	"testing"

	"rakudos/internal/base/ids"
	"rakudos/internal/testkit/testdb"
)

func TestCheckOfTheLedger(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e, 2)
		l := b.replay.Ledger
		if c, err := l.Check(t.Context(), e.DB, b.vault); err != nil || c.Entries != 0 || c.Copy != "same" {
			t.Errorf("before: %+v %v", c, err)
		}
		_, err := b.gate.ErasePersons(t.Context(), machine, b.ours, []ids.Person{b.people(b.ours)[0]}, order)
		b.must(err)
		if c, err := l.Check(t.Context(), e.DB, b.vault); err != nil || c.Entries != 1 || c.Copy != "same" || len(c.Head) != 64 || c.Waiting != 0 {
			t.Errorf("after: %+v %v", c, err)
		}
		b.must(os.Remove(filepath.Join(e.Dir, "erasure-copy", ledgerName)))
		if c, err := l.Check(t.Context(), e.DB, b.vault); err != nil || c.Copy != "differs" {
			t.Errorf("without its copy: %+v %v", c, err)
		}
		alone := NewLedger(filepath.Join(e.Dir, "erasure"), "")
		if c, err := alone.Check(t.Context(), e.DB, b.vault); err != nil || c.Copy != "none" {
			t.Errorf("alone: %+v %v", c, err)
		}
		to := filepath.Join(t.TempDir(), "to")
		if err := alone.CopyTo(to); err != nil || !NewLedger(to, "").Exists() || NewLedger(filepath.Join(to, "x"), "").Exists() {
			t.Errorf("copied: %v", err)
		}
		b.must(os.Remove(filepath.Join(e.Dir, "erasure", ledgerName)))
		if _, err := alone.Check(t.Context(), e.DB, b.vault); code(err) != "erasure.ledger_missing" {
			t.Errorf("missing: %v", err)
		}
		if err := alone.CopyTo(filepath.Join(to, "none")); err != nil {
			t.Errorf("nothing to copy: %v", err)
		}
		all, err := b.gate.All(t.Context(), machine, 5)
		if err != nil || len(all) != 1 {
			t.Errorf("%v %v", all, err)
		}
	})
}
