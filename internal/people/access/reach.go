package access

import "rakudos/internal/base/actor"

// roleReach is how far one role of an actor reaches, the own record apart. A role's limits are its own: who is nurse
// of one site and personnel clerk of another is neither at the other's (clause 3-2, the narrower wins).
func roleReach(a actor.Actor, r actor.Role) actor.Reach {
	places, limited := a.Places[r]
	switch {
	case r == actor.Employee:
		return actor.Reach{}
	case r == actor.SupportPerson:
		return actor.Reach{Only: a.Only}
	case r == actor.Manager:
		var out actor.Reach
		for _, p := range places {
			if p.Dept != "" { // a manager without departments has nobody
				out.Places = append(out.Places, p)
			}
		}
		return out
	}
	return actor.Reach{All: !limited, Places: places}
}

// ReachOf is how far the actor reaches with a permission: as far as the roles that carry it. Machines and the host,
// where they have it, reach the whole tenant.
func ReachOf(a actor.Actor, p Permission) actor.Reach {
	var out actor.Reach
	if !Allows(a, p) {
		return out
	}
	if a.Kind != actor.Human {
		return actor.Reach{All: true}
	}
	for _, r := range a.Roles {
		if byPermission[p].roles&bit[r] == 0 {
			continue
		}
		one := roleReach(a, r)
		out.All = out.All || one.All
		out.Places = append(out.Places, one.Places...)
		if one.Only != "" {
			out.Only = one.Only
		}
	}
	return out
}

// Reaches tells whether the actor may use a permission on a person.
func Reaches(a actor.Actor, p Permission, s Subject) bool {
	return a.Tenant != "" && a.Tenant == s.Tenant && ReachOf(a, p).Covers(s.Person, s.Site, s.Dept)
}
