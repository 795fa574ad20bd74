package actor

import "slices"

// Personnel is what an administrator has stated about somebody's direct say in dismissal, promotion and transfer
// (人事権). It belongs to the person's standing in the company, not to a role: the law keeps whoever has it away from
// the work of a stress check (労働安全衛生規則第52条の10第2項).
type Personnel string

// What can be stated.
const (
	PersonnelUnknown Personnel = ""
	PersonnelHeld    Personnel = "held"
	PersonnelNone    Personnel = "none"
)

// Personnels lists them in the order of screens.
var Personnels = []Personnel{PersonnelUnknown, PersonnelHeld, PersonnelNone}

// presumed are the roles whose holders count as having it until somebody has stated that they have not.
var presumed = []Role{HR, Manager}

// Presumed tells whether a role counts as coming with personnel authority while nothing is stated.
func Presumed(r Role) bool { return slices.Contains(presumed, r) }

// Counts tells whether somebody in these roles counts as having personnel authority: as stated, and while nothing
// is, as the roles suggest. What is no known statement counts as held.
func (p Personnel) Counts(roles []Role) bool {
	switch p {
	case PersonnelNone:
		return false
	case PersonnelUnknown:
		return slices.ContainsFunc(roles, Presumed)
	}
	return true
}
