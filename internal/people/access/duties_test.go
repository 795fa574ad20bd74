package access

import (
	"slices"
	"strings"
	"testing"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
)

// TestDutiesKeptApart looks at every pair of roles and every set of three, with everything that can be stated about
// personnel authority: what is refused is written here apart from the table.
func TestDutiesKeptApart(t *testing.T) {
	refused := func(a, b actor.Role) bool {
		pair := []actor.Role{a, b}
		audit := slices.Contains(pair, actor.Auditor) && (slices.Contains(pair, actor.Operator) || slices.Contains(pair, actor.ITSM))
		return a != b && (audit || slices.Contains(pair, actor.Emergency))
	}
	stress := func(roles []actor.Role, say actor.Personnel) bool {
		carries := slices.Contains(roles, "stress-implementer") || slices.Contains(roles, "stress-staff")
		decides := slices.Contains(roles, "hr") || slices.Contains(roles, "manager")
		return carries && (say == "held" || say == "" && decides)
	}
	n := 0
	for _, say := range actor.Personnels {
		for _, a := range actor.Held {
			for _, b := range actor.Held {
				for _, c := range actor.Held {
					roles := []actor.Role{a, b, c}
					apart, law := refused(a, b) || refused(b, c) || refused(a, c), stress(roles, say)
					err := Together(roles, say)
					if (err != nil) != (apart || law) || err != nil && !fault.Is(err, fault.Conflict) {
						t.Errorf("%v, %q: %v", roles, say, err)
					}
					if f := fault.Of(err); f != nil && f.Code != "access.duties" && (f.Code != "access.personnel" || !law) {
						t.Errorf("%v, %q: %v", roles, say, err)
					}
					n++
				}
			}
		}
	}
	if err := Together(nil, actor.PersonnelHeld); err != nil {
		t.Error(err)
	}
	t.Logf("%d sets", n)
}

func TestDutiesSayWhy(t *testing.T) {
	for _, p := range Duties {
		one, other := p.names()
		if p.Why == "" || p.Source == "" || one == string(p.One) || other == string(p.Other) || !slices.Equal(p.Names(), []string{one, other}) {
			t.Errorf("%+v says too little", p)
		}
	}
	f := fault.Of(Together([]actor.Role{actor.Operator, actor.Auditor}, ""))
	if f.Args["one"] != "監査者" || !strings.HasPrefix(f.Args["other"], "運用者") || f.Args["why"] == "" {
		t.Errorf("%v", f.Args)
	}
	if f := fault.Of(Together([]actor.Role{actor.Employee, actor.Emergency}, "")); f.Args["other"] != "ほかのすべての役割" {
		t.Errorf("%v", f.Args)
	}
	for say, word := range map[actor.Personnel]string{actor.PersonnelUnknown: "未確認", actor.PersonnelHeld: "あり"} {
		f := fault.Of(Together([]actor.Role{actor.HR, actor.StressStaff}, say))
		if f.Code != "access.personnel" || f.Args["stated"] != word || !strings.Contains(f.Args["source"], "52条の10") {
			t.Errorf("%q: %v %v", say, f.Code, f.Args)
		}
	}
}

// TestDutiesMarks: in the export a pair with personnel authority marks its role, and with another sign those whose
// holders count as having it while nothing is stated.
func TestDutiesMarks(t *testing.T) {
	for _, p := range Duties {
		for _, r := range actor.Columns {
			want := ""
			switch borrowed := r == actor.SupportLists || r == actor.SupportPerson; {
			case borrowed:
			case r == p.One || p.One == actor.Emergency || !p.Personnel && r == p.Other:
				want = "●"
			case p.Personnel && (r == actor.HR || r == actor.Manager):
				want = "△"
			}
			if got := p.mark(r); got != want {
				t.Errorf("%v, %s: %q, want %q", p.Names(), r, got, want)
			}
		}
	}
}
