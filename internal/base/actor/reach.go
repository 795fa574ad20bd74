package actor

import (
	"slices"

	"rakudos/internal/base/ids"
)

// Place limits a role to a site, to a department, or to a department within a site; what is empty limits nothing.
type Place struct {
	Site ids.Site `json:"site,omitempty"`
	Dept ids.Dept `json:"dept,omitempty"`
}

// holds tells whether q lies in p.
func (p Place) holds(q Place) bool {
	return (p.Site == "" || p.Site == q.Site) && (p.Dept == "" || p.Dept == q.Dept)
}

// Reach is how far an act of somebody reaches: what the roles that carry its permission cover together, and no other
// role (clause 3-2). The zero value reaches nobody.
type Reach struct {
	All    bool       `json:"all,omitempty"` // the whole tenant
	Places []Place    `json:"places,omitempty"`
	Only   ids.Person `json:"only,omitempty"` // and this person, wherever he works
}

// Covers tells whether a person who works there is within reach.
func (r Reach) Covers(p ids.Person, site ids.Site, dept ids.Dept) bool {
	return r.All || p != "" && p == r.Only || r.At(site, dept)
}

// At tells whether everybody at a place is within reach.
func (r Reach) At(site ids.Site, dept ids.Dept) bool {
	return r.All || slices.ContainsFunc(r.Places, func(p Place) bool { return p.holds(Place{site, dept}) })
}

// Touches tells whether anybody at a site may be within reach, for the choices of a form.
func (r Reach) Touches(site ids.Site) bool {
	return r.All || slices.ContainsFunc(r.Places, func(p Place) bool { return p.Site == "" || p.Site == site })
}

// TouchesDept is Touches for a department.
func (r Reach) TouchesDept(dept ids.Dept) bool {
	return r.All || slices.ContainsFunc(r.Places, func(p Place) bool { return p.Dept == "" || p.Dept == dept })
}

// Contains tells whether everybody within the other's reach is within this one too.
func (r Reach) Contains(o Reach) bool {
	if r.All {
		return true
	}
	return !o.All && (o.Only == "" || o.Only == r.Only) &&
		!slices.ContainsFunc(o.Places, func(q Place) bool { return !r.At(q.Site, q.Dept) })
}
