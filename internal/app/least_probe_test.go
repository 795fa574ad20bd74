package app

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rakudos/internal/base/control"
	"rakudos/internal/people/access"
)

// TestLeastOnTheRealService: AC-LEAST finds the whole program in order, twice, since a second run meets what the first
// has written. The sandbox whose HR is shown the values is found out by what it shows, on the page and nowhere else.
func TestLeastOnTheRealService(t *testing.T) {
	r := started(t, filepath.Join(t.TempDir(), "data"))
	all := r.peopleControls()
	c := all[slices.IndexFunc(all, func(c control.Control) bool { return c.ID == "AC-LEAST" })]
	for range 2 {
		e, err := c.Probe(t.Context())
		if err != nil || !e.OK {
			t.Fatalf("the live service: %v %v", e.Failed, err)
		}
		t.Log(e.Measured)
		if e.Facts["shown"] != 57 || e.Facts["searched"].(int) < 20 || e.Facts["other_tenant"].(int) < 11*8 {
			t.Errorf("looked at too little: %v", e.Facts)
		}
	}
	m, err := c.Mutant(t.Context())
	if err != nil || m.OK {
		t.Fatalf("the sandboxes: %+v %v", m, err)
	}
	var shown []string
	for _, f := range m.Failed {
		if strings.Contains(f, "表では見えない") {
			shown = append(shown, f)
		}
	}
	if len(shown) != 1 || !strings.HasPrefix(shown[0], "hr: ") || !strings.Contains(shown[0], "健診の値（法定項目）") {
		t.Errorf("what HR is shown too much: %q", shown)
	}
	if !slices.Contains(sabotages(), access.SabotageShown) {
		t.Error("the sandbox can not be asked for")
	}
}
