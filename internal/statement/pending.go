package statement

import (
	"slices"

	"rakudos/internal/base/control"
)

// promise is a control whose subject is not built, or not able to be looked at, yet: words without a
// probe. It shows as 未確認 with the reason.
type promise struct {
	id      string
	clauses []string // nil: 追加対策
	grades  []control.Grade
	owner   string
	says    string
	unshown string // what even a passing probe would not show
	why     string // why there is no evidence
}

// The grades and clauses of the catalogue, short to write.
var (
	live      = []control.Grade{control.Real}
	realHuman = []control.Grade{control.Real, control.Human}
	realCloud = []control.Grade{control.Real, control.Inherited}
	human     = []control.Grade{control.Human}
	config    = []control.Grade{control.Config}
)

func on(clauses ...string) []string { return clauses }

// promises lists every control of the catalogue that has words but perhaps no subject.
func promises(f Figures) []promise {
	return slices.Concat(environmentPromises(f), accessPromises(f), operationPromises(f), logPromises(f),
		incidentPromises(f), erasurePromises(f), extraPromises(f))
}

// Assemble joins the controls that subjects have built with the pending ones: a built control replaces
// the pending one of the same id. The result is complete and in the order of the catalogue; a built
// control that the catalogue does not know comes last.
func Assemble(f Figures, built []control.Control) (*control.Set, error) {
	byID := make(map[string]control.Control, len(built))
	for _, c := range built {
		byID[c.ID] = c
	}
	var all []control.Control
	taken := map[string]bool{}
	for _, p := range promises(f) {
		c, ok := byID[p.id]
		if !ok {
			c = control.Control{
				ID: p.id, Clauses: p.clauses, Grades: p.grades, Owner: p.owner,
				Says: p.says, NotProven: p.unshown, Pending: p.why,
			}
		}
		taken[p.id] = true
		all = append(all, c)
	}
	seen := map[string]bool{}
	for _, c := range built {
		if !taken[c.ID] || seen[c.ID] { // unknown to the catalogue, or built twice: NewSet refuses the latter
			all = append(all, c)
		}
		seen[c.ID] = true
	}
	return control.NewSet(Clauses(f), all)
}
