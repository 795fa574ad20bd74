package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestAtRestInAService: the probe's words go through the imports and the page of users, once; the sandbox in which
// those store a person, a user's name and a result unsealed is found out, column by column; and a file with the
// names of invented people is named.
func TestAtRestInAService(t *testing.T) {
	r := started(t, filepath.Join(t.TempDir(), "data"))
	c := r.controls()[indexOf(t, r, "CR-REST")]
	start := time.Now()
	ev, err := c.Probe(t.Context())
	if err != nil || !ev.OK || ev.Facts["fresh"].(int) != 5 || ev.Facts["known"].(int) < 3*6*3+30 {
		t.Fatalf("%+v, %v", ev, err)
	}
	t.Log(time.Since(start), ev.Measured, ev.Facts)
	last := r.words.last
	if ev, err = c.Probe(t.Context()); err != nil || !ev.OK || !r.words.last.At.Equal(last.At) {
		t.Errorf("written again within the day: %+v, %v", ev, err)
	}
	r.words.last.At = time.Now().Add(-25 * time.Hour)
	if ev, err = c.Probe(t.Context()); err != nil || !ev.OK || r.words.last.Fresh[0] == last.Fresh[0] {
		t.Errorf("not written again after a day: %+v, %v", ev, err)
	}

	start = time.Now()
	ev, err = c.Mutant(t.Context())
	if err != nil || ev.OK {
		t.Fatalf("the mutant: %+v, %v", ev, err)
	}
	t.Log(time.Since(start), ev.Failed)
	failed := strings.Join(ev.Failed, "\n")
	for _, p := range bareColumns {
		if !strings.Contains(failed, p.Table+"."+p.Column) {
			t.Errorf("nobody noticed that %s.%s is stored unsealed: %s", p.Table, p.Column, failed)
		}
	}
	if err := os.WriteFile(filepath.Join(r.Config.Data, "blobs", "leak.csv"), []byte("1,"+r.words.last.Known[0].Text+",120"), 0o600); err != nil {
		t.Fatal(err)
	}
	if ev, err = c.Probe(t.Context()); err != nil || ev.OK || !strings.Contains(ev.Failed[0], "leak.csv") {
		t.Errorf("a list of names in the clear: %+v, %v", ev, err)
	}
}

func indexOf(t *testing.T, r *Running, id string) int {
	t.Helper()
	for i, c := range r.controls() {
		if c.ID == id {
			return i
		}
	}
	t.Fatalf("no control %s", id)
	return -1
}
