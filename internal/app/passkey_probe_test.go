package app

import (
	"path/filepath"
	"testing"
)

// TestPasskeyProbeOnTheRealService: the probe of AC-PASSKEY finds the whole program in order, and sees the
// sandbox in which a passkey need not verify its user.
func TestPasskeyProbeOnTheRealService(t *testing.T) {
	r := started(t, filepath.Join(t.TempDir(), "data"))
	for _, c := range r.peopleControls() {
		if c.ID != "AC-PASSKEY" {
			continue
		}
		e, err := c.Probe(t.Context())
		if err != nil || !e.OK {
			t.Errorf("the live service: %+v %v", e, err)
		}
		t.Log(e.Measured)
		if e, err = c.Mutant(t.Context()); err != nil || e.OK {
			t.Errorf("the sandbox: %+v %v", e, err)
		}
		return
	}
	t.Error("there is no AC-PASSKEY")
}
