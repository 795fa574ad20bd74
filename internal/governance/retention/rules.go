package retention

import (
	"maps"
	"slices"
	"time"

	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
)

// Periods are the years that a tenant's contract lengthens classes to.
type Periods map[string]int

// Years of a class: the law's, or the contract's when that is longer. A class that the table does not know is
// kept for ever.
func (p Periods) Years(class string) (years int, ok bool) {
	c, err := ByName(class)
	if err != nil {
		return 0, false
	}
	return max(c.Years, p[c.Name]), true
}

// KeepUntil is the last day on which a record must be there.
func (p Periods) KeepUntil(class string, base jst.Date) (jst.Date, bool) {
	years, ok := p.Years(class)
	if !ok || !base.Valid() {
		return jst.Date{}, false
	}
	return base.AddMonths(12 * years), true
}

// Card is one record with its base day; what belongs to it goes with it.
type Card struct {
	Unit, ID, Class string
	Base            jst.Date
	Since           time.Time // when it came or was changed last: since then it can be listed
}

// Someone is a person with the records that are known of them.
type Someone struct {
	ID    ids.Person
	Left  jst.Date // last day of employment; zero while none is known
	Since time.Time
	Cards []Card
}

// Held is what legal holds keep.
type Held struct {
	Whole    bool
	Classes  map[string]bool
	People   map[ids.Person]bool
	Released time.Time // when the last one of the tenant ended
}

// Due is something that has outlived its period and is not held.
type Due struct {
	Kind            string // Person or Record
	Unit, Subject   string
	Person          ids.Person
	Class           string
	Base, KeepUntil jst.Date
	Since           time.Time
}

// Kinds of Due.
const (
	OfPerson = "person"
	OfRecord = "record"
)

func (d Due) key() string { return d.Kind + " " + d.Subject }

// Expired lists what of one person is due on a day: the person as a whole, when it has left and everything has
// expired, or else single records.
func (s Someone) Expired(today jst.Date, p Periods, h Held) []Due {
	if h.Whole || h.People[s.ID] {
		return nil
	}
	var out []Due
	all := true
	last := Due{Kind: OfPerson, Subject: string(s.ID), Person: s.ID, Class: roster, Base: s.Left, Since: s.Since}
	for _, c := range s.Cards {
		until, ok := p.KeepUntil(c.Class, c.Base)
		if !ok || !today.After(until) {
			all = false
			continue
		}
		if until.After(last.KeepUntil) {
			last.KeepUntil = until
		}
		if c.Since.After(last.Since) {
			last.Since = c.Since
		}
		if !h.Classes[c.Class] {
			out = append(out, Due{OfRecord, c.Unit, c.ID, s.ID, c.Class, c.Base, until, c.Since})
		}
	}
	// A hold on any class may cover records of everybody: the gateway refuses the person then.
	if all && !s.Left.IsZero() && len(h.Classes) == 0 {
		if until, ok := p.KeepUntil(roster, s.Left); ok && today.After(until) {
			if until.After(last.KeepUntil) {
				last.KeepUntil = until
			}
			return []Due{last}
		}
	}
	return out
}

// due lists what of everybody is due, in a fixed order.
func due(people map[ids.Person]*Someone, today jst.Date, p Periods, h Held) map[string]Due {
	out := map[string]Due{}
	for _, id := range slices.Sorted(maps.Keys(people)) {
		for _, d := range people[id].Expired(today, p, h) {
			out[d.key()] = d
		}
	}
	return out
}
