package web

import (
	"testing"

	"rakudos/internal/health/checkup"
)

// TestPreviousOpinion: the newest version of the nearest year before, never of the same year or a later one.
func TestPreviousOpinion(t *testing.T) {
	of := func(year int, id checkup.OpinionID) *checkup.Opinion { return &checkup.Opinion{ID: id, Year: year} }
	newestFirst := []*checkup.Opinion{of(2024, "late entry"), of(2026, "own"), of(2025, "newer"), of(2025, "older"), of(2024, "first")}
	for year, want := range map[int]checkup.OpinionID{2027: "own", 2026: "newer", 2025: "late entry"} {
		if got := previousOpinion(newestFirst, year); got == nil || got.ID != want {
			t.Errorf("before %d: %+v, want %s", year, got, want)
		}
	}
	if got := previousOpinion(newestFirst, 2024); got != nil {
		t.Errorf("before the first year: %+v", got)
	}
	if got := newDecideView(samplePerson(), 0).Previous; got == nil || got.Fitness != checkup.Restricted {
		t.Errorf("the form says %+v", got)
	}
}
