package access

import (
	"slices"
	"testing"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
)

// carries is the expectation of the matrix, read apart from it.
func carries(r actor.Role, p Permission) bool { return Allows(human(r), p) }

// TestEveryPairOfRolesKeepsItsSites: somebody in two roles, each for a site of its own, has each permission at the
// sites of the roles that carry it and nowhere else, and sees each kind of data at a site as the role of that site
// alone would. Every pair of roles, every permission, every kind of data (clause 3-2).
func TestEveryPairOfRolesKeepsItsSites(t *testing.T) {
	n, rules := 0, map[string]TenantRule{"default": DefaultRule(), "all": {true, true, true, true, true}}
	for _, one := range actor.Columns {
		for _, two := range actor.Columns {
			if one == two {
				continue
			}
			both := human(one, two)
			both.Places = map[actor.Role][]actor.Place{one: {{Site: "s1", Dept: "d1"}}, two: {{Site: "s2", Dept: "d2"}}}
			for _, at := range []struct {
				who  actor.Role
				site ids.Site
				dept ids.Dept
			}{{one, "s1", "d1"}, {two, "s2", "d2"}, {"", "s3", "d3"}, {"", "s1", "d2"}, {"", "", ""}} {
				s := Subject{Tenant: "t1", Person: "p9", Site: at.site, Dept: at.dept}
				for _, row := range Matrix {
					want := at.who != "" && at.who != actor.Employee && at.who != actor.SupportPerson && carries(at.who, row.Permission)
					if got := Reaches(both, row.Permission, s); got != want {
						t.Errorf("%s+%s: %s at %s/%s: %v", one, two, row.Permission, at.site, at.dept, got)
					}
					n++
				}
				for name, rule := range rules {
					for _, row := range Data {
						want := None
						if at.who != "" {
							alone := human(at.who)
							alone.Places = map[actor.Role][]actor.Place{at.who: {{Site: at.site, Dept: at.dept}}}
							want = See(alone, row.Kind, s, rule)
						}
						if got := See(both, row.Kind, s, rule); got != want {
							t.Errorf("%s+%s, rule %s: %s at %s: %s, want %s", one, two, name, row.Kind, at.site, got.Mark(), want.Mark())
						}
						n++
					}
				}
			}
		}
	}
	t.Logf("%d decisions", n)
}

// TestReachOfWholeRoles: without limits a role reaches the whole tenant, but for those that never do.
func TestReachOfWholeRoles(t *testing.T) {
	never := []actor.Role{actor.Employee, actor.Manager, actor.SupportPerson}
	for _, r := range actor.Columns {
		for _, row := range Matrix {
			got := ReachOf(human(r), row.Permission)
			if want := carries(r, row.Permission) && !slices.Contains(never, r); got.All != want || len(got.Places) != 0 {
				t.Errorf("%s, %s: %+v", r, row.Permission, got)
			}
		}
	}
	limited := human(actor.Nurse)
	limited.Places = map[actor.Role][]actor.Place{actor.Nurse: {}}
	if r := ReachOf(limited, PersonRead); r.All || r.Touches("s1") {
		t.Errorf("limited to nothing: %+v", r)
	}
	if r := ReachOf(actor.System("t1", "x"), PeopleImport); !r.All {
		t.Error("a machine imports for nobody")
	}
	if r := ReachOf(actor.System("t1", "x"), PersonRead); r.All {
		t.Error("a machine reads everybody")
	}
	if Reaches(human(actor.HR), PersonRead, Subject{Tenant: "t2", Site: "s1"}) {
		t.Error("another tenant is reached")
	}
}
