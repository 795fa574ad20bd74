package app

import (
	"path/filepath"
	"testing"
)

// TestRetentionInAService: the nightly look, the probe in a sandbox of its own, and both of its mutants.
func TestRetentionInAService(t *testing.T) {
	r := started(t, filepath.Join(t.TempDir(), "data"))
	c := r.retentionControls()[0]
	if ev, err := c.Probe(t.Context()); err == nil {
		if l, _ := r.Retention.Late(t.Context()); l.Night.IsZero() {
			t.Errorf("no night yet, and it passes: %+v", ev)
		}
	}
	if err := r.Retention.Night(t.Context()); err != nil {
		t.Fatal(err)
	}
	ev, err := c.Probe(t.Context())
	if err != nil || !ev.OK {
		t.Fatalf("%+v %v", ev, err)
	}
	t.Log(ev.Measured)
	if ev, err := c.Mutant(t.Context()); err != nil || ev.OK || len(ev.Failed) < 2 {
		t.Errorf("the mutants: %+v %v", ev, err)
	} else {
		t.Log(ev.Failed)
	}
}
