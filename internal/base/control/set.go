package control

import (
	"errors"
	"fmt"
	"slices"
)

// Set is a checked collection: every clause has a control, every control names known clauses.
type Set struct {
	Clauses  []Clause
	Controls []Control
}

// NewSet refuses a clause without a control, an unknown clause, a duplicate, a control without the
// words that make it honest, and a probe without a mutant.
func NewSet(clauses []Clause, controls []Control) (*Set, error) {
	var errs []error
	bad := func(format string, a ...any) { errs = append(errs, fmt.Errorf("control: "+format, a...)) }
	known, covered := map[string]bool{}, map[string]bool{}
	for _, c := range clauses {
		if known[c.ID] {
			bad("clause %s is listed twice", c.ID)
		}
		known[c.ID] = true
	}
	seen := map[string]bool{}
	for _, c := range controls {
		if seen[c.ID] {
			bad("%s is registered twice", c.ID)
		}
		seen[c.ID] = true
		if c.ID == "" || c.Says == "" || c.NotProven == "" || c.Owner == "" || len(c.Grades) == 0 {
			bad("%s lacks id, words, not-proven, owner or grade", c.ID)
		}
		if c.Probe == nil && c.Pending == "" {
			bad("%s has neither a probe nor a reason for having none", c.ID)
		}
		if c.Probe != nil && (c.Fresh <= 0 || c.Every <= 0 || c.Every > c.Fresh) {
			bad("%s: its evidence must be renewed before it is stale", c.ID)
		}
		if c.Probe != nil && c.Mutant == nil && slices.Contains(c.Grades, Real) {
			bad("%s has a probe that is not known to be able to fail", c.ID)
		}
		for _, id := range c.Clauses {
			if !known[id] {
				bad("%s names unknown clause %s", c.ID, id)
			}
			covered[id] = true
		}
	}
	for _, c := range clauses {
		if !covered[c.ID] {
			bad("clause %s has no control", c.ID)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return &Set{Clauses: clauses, Controls: controls}, nil
}

// Of returns the controls that carry a clause.
func (s *Set) Of(clause string) []Control {
	var out []Control
	for _, c := range s.Controls {
		if slices.Contains(c.Clauses, clause) {
			out = append(out, c)
		}
	}
	return out
}

// Extensions returns the controls that carry no clause of the source document (追加対策).
func (s *Set) Extensions() []Control {
	var out []Control
	for _, c := range s.Controls {
		if len(c.Clauses) == 0 {
			out = append(out, c)
		}
	}
	return out
}
