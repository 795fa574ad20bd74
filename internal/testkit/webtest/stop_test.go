package webtest

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"rakudos/internal/engine/db"
)

// TestStopTakesTheSandboxesAlong stops the service while probes look at sandboxes: when Close returns, none
// is left behind in the background.
func TestStopTakesTheSandboxesAlong(t *testing.T) {
	for _, pause := range []time.Duration{1500 * time.Millisecond, 3500 * time.Millisecond, 5 * time.Second, 7 * time.Second} {
		h := StartProbing(t, db.SQLite)
		time.Sleep(pause)
		h.Stop()
		tmp := filepath.Join(h.Dir, "tmp")
		left, err := filepath.Glob(filepath.Join(tmp, "sandbox-*"))
		if err != nil || len(left) > 0 {
			t.Errorf("stopped after %v, and there are still %v (%v)", pause, left, err)
		}
		if err := os.RemoveAll(tmp); err != nil {
			t.Error(err)
		}
	}
}
