package app

import (
	"path/filepath"
	"testing"
)

// TestHoldsInAService: each protection of a hold is off in a sandbox of its own, and each is found.
func TestHoldsInAService(t *testing.T) {
	r := started(t, filepath.Join(t.TempDir(), "data"))
	c := r.controls()[indexOf(t, r, "LH-HOLD")]
	if ev, err := c.Probe(t.Context()); err != nil || !ev.OK || ev.Facts["survived_lapsed"] != true || ev.Facts["survived_unread"] != true || ev.Facts["open"] != 0 {
		t.Errorf("%+v, %v", ev, err)
	}
	if ev, err := c.Mutant(t.Context()); err != nil || ev.OK || len(ev.Failed) != 3 {
		t.Errorf("%+v, %v", ev, err)
	}
}
