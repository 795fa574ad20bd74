package actor

import (
	"testing"

	"rakudos/internal/base/ids"
)

func TestHas(t *testing.T) {
	a := Actor{Roles: []Role{HR, Employee}}
	for _, c := range []struct {
		ask  []Role
		want bool
	}{
		{[]Role{HR}, true},
		{[]Role{Nurse, Employee}, true},
		{[]Role{Nurse, Physician}, false},
		{nil, false},
	} {
		if a.Has(c.ask...) != c.want {
			t.Errorf("%v has %v: %v", a.Roles, c.ask, !c.want)
		}
	}
	if (Actor{}).Has(Roles...) {
		t.Error("an actor without roles has one")
	}
}

func TestMachinesAndHostsHaveNoRoleAndNoAccount(t *testing.T) {
	tenant := ids.New[ids.Tenant]()
	for kind, a := range map[Kind]Actor{Machine: System(tenant, "p"), Host: HostOperator(tenant, "p")} {
		if a.Kind != kind || a.Tenant != tenant || a.Purpose != "p" || a.Account != "" || a.Person != "" || len(a.Roles) != 0 {
			t.Errorf("%+v", a)
		}
	}
}

func TestRolesAreListedOnce(t *testing.T) {
	seen := map[Role]bool{}
	for _, r := range Roles {
		if r == "" || seen[r] {
			t.Errorf("%q is listed twice or empty", r)
		}
		seen[r] = true
	}
	if len(seen) != 11 {
		t.Errorf("%d roles", len(seen))
	}
}
