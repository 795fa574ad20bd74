package actor

import (
	"slices"
	"testing"
)

// TestPersonnelCounts: of everybody of whom nothing is stated, HR and managers count as having a say; a statement
// holds whatever the role; what no screen offers counts as yes.
func TestPersonnelCounts(t *testing.T) {
	for _, r := range Held {
		presumed := r == HR || r == Manager
		for say, want := range map[Personnel]bool{PersonnelUnknown: presumed, PersonnelHeld: true, PersonnelNone: false, "perhaps": true} {
			for _, roles := range [][]Role{{r}, {Employee, r}, {r, Auditor}} {
				if got := say.Counts(roles); got != want {
					t.Errorf("%q for %v: %v", say, roles, got)
				}
			}
		}
		if Presumed(r) != presumed {
			t.Errorf("%s is presumed: %v", r, !presumed)
		}
	}
	if PersonnelUnknown.Counts(nil) || !PersonnelHeld.Counts(nil) {
		t.Error("somebody without a role")
	}
	if len(Personnels) != 3 || Personnels[0] != PersonnelUnknown || !slices.Contains(Personnels, PersonnelHeld) {
		t.Errorf("%v", Personnels)
	}
}
