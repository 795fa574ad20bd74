package access

import (
	"slices"
	"strings"
	"testing"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
)

// TestDutiesKeptApart looks at every pair of roles and every set of three: what is refused is written here apart
// from the table.
func TestDutiesKeptApart(t *testing.T) {
	refused := func(a, b actor.Role) bool {
		pair := []actor.Role{a, b}
		audit := slices.Contains(pair, actor.Auditor) && (slices.Contains(pair, actor.Operator) || slices.Contains(pair, actor.ITSM))
		return a != b && (audit || slices.Contains(pair, actor.Emergency))
	}
	n := 0
	for _, a := range actor.Held {
		if err := Together([]actor.Role{a, a}); err != nil {
			t.Errorf("%s alone: %v", a, err)
		}
		for _, b := range actor.Held {
			for _, c := range actor.Held {
				want := refused(a, b) || refused(b, c) || refused(a, c)
				err := Together([]actor.Role{a, b, c})
				if (err != nil) != want || err != nil && (!fault.Is(err, fault.Conflict) || fault.Of(err).Code != "access.duties") {
					t.Errorf("%s, %s, %s: %v", a, b, c, err)
				}
				n++
			}
		}
	}
	if err := Together(nil); err != nil {
		t.Error(err)
	}
	t.Logf("%d sets", n)
}

func TestDutiesSayWhy(t *testing.T) {
	for _, p := range Duties {
		one, other := p.names()
		if p.Why == "" || p.Source == "" || one == string(p.One) || other == string(p.Other) {
			t.Errorf("%+v says too little", p)
		}
	}
	f := fault.Of(Together([]actor.Role{actor.Operator, actor.Auditor}))
	if f.Args["one"] != "監査者" || !strings.HasPrefix(f.Args["other"], "運用者") || f.Args["why"] == "" {
		t.Errorf("%v", f.Args)
	}
	if f := fault.Of(Together([]actor.Role{actor.Employee, actor.Emergency})); f.Args["other"] != "ほかのすべての役割" {
		t.Errorf("%v", f.Args)
	}
}
