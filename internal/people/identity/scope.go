package identity

import (
	"slices"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
)

// scope turns grants into what an actor carries: the roles, and where each of them counts. The limits of a role are
// its own grants' alone. Where a role is given for every site and for single ones, the narrower wins (health.md §2.1):
// what one grant of the role leaves open is filled with what the others name.
func scope(grants []Grant) (roles []actor.Role, places map[actor.Role][]actor.Place) {
	places = map[actor.Role][]actor.Place{}
	for _, r := range actor.Held {
		var held []Grant
		for _, g := range grants {
			if g.Role == r {
				held = append(held, g)
			}
		}
		if len(held) == 0 {
			continue
		}
		roles = append(roles, r)
		if at := placesOf(held); at != nil {
			places[r] = at
		}
	}
	return roles, places
}

// placesOf crosses the grants of one role; nil when nothing limits it.
func placesOf(held []Grant) []actor.Place {
	var sites []ids.Site
	var depts []ids.Dept
	for _, g := range held {
		if g.Site != "" {
			sites = append(sites, g.Site)
		}
		if g.Dept != "" {
			depts = append(depts, g.Dept)
		}
	}
	if len(sites)+len(depts) == 0 {
		return nil
	}
	var out []actor.Place
	for _, g := range held {
		in, of := []ids.Site{g.Site}, []ids.Dept{g.Dept}
		if g.Site == "" && len(sites) > 0 {
			in = sites
		}
		if g.Dept == "" && len(depts) > 0 {
			of = depts
		}
		for _, site := range in {
			for _, dept := range of {
				if p := (actor.Place{Site: site, Dept: dept}); !slices.Contains(out, p) {
					out = append(out, p)
				}
			}
		}
	}
	return out
}

// neverWider keeps each role within the places it had. Of a grant for every site and one for a single site the
// narrower wins (see scope): taking the narrow one away would otherwise open every site.
func neverWider(held, next []Grant) []Grant {
	_, before := scope(held)
	_, after := scope(next)
	var out []Grant
	for _, g := range next {
		was, limited := before[g.Role]
		now, still := after[g.Role]
		if !limited || still && (actor.Reach{Places: was}).Contains(actor.Reach{Places: now}) {
			out = append(out, g)
			continue
		}
		here := actor.Reach{Places: []actor.Place{{Site: g.Site, Dept: g.Dept}}}
		for _, p := range was {
			if w := (Grant{g.Role, p.Site, p.Dept}); here.At(p.Site, p.Dept) && !slices.Contains(out, w) {
				out = append(out, w)
			}
		}
	}
	return out
}
