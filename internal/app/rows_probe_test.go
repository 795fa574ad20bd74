package app

import (
	"path/filepath"
	"testing"
)

// TestRowsProbeOnTheRealService: the probe of AC-ROWS finds that the whole program believes nothing that was written
// past it, sees a sandbox that does, and leaves the service as it was: a second run finds the same.
func TestRowsProbeOnTheRealService(t *testing.T) {
	r := started(t, filepath.Join(t.TempDir(), "data"))
	for _, c := range r.App.peopleControls() {
		if c.ID != "AC-ROWS" {
			continue
		}
		for range 2 {
			if e, err := c.Probe(t.Context()); err != nil || !e.OK {
				t.Fatalf("%+v, %v", e, err)
			}
		}
		if e, err := c.Mutant(t.Context()); err != nil || e.OK {
			t.Fatalf("the sandbox believes nothing either: %+v, %v", e, err)
		}
		return
	}
	t.Error("there is no AC-ROWS")
}
