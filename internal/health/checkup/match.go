package checkup

import (
	"rakudos/internal/base/actor"
	"rakudos/internal/people/org"
)

// Codes of lines whose person is not sure.
const (
	codeNoPerson      = "checkup.person_unknown"   // the number is nobody's
	codeDisagrees     = "checkup.person_disagrees" // kana, birth date or sex is another person's
	codeIncomplete    = "checkup.person_incomplete"
	codeNobody        = "checkup.person_nobody"    // no number, and nobody fits
	codeAmbiguous     = "checkup.person_ambiguous" // no number, and several fit
	codeErased        = "checkup.person_erased"
	codeNothingToHold = "checkup.person_unverifiable" // a number, but nothing to hold it against
)

// match finds the person of a line. The number goes first; kana, birth date and sex decide only when the
// number cell is empty and exactly one person fits. Nothing is ever guessed: the second result is why not.
func match(d *org.Directory, reach actor.Reach, r *Row) (org.Person, string) {
	if r.Number == "" {
		if r.Kana == "" || r.Birth.IsZero() || r.Sex == AnySex {
			return org.Person{}, codeIncomplete
		}
		p, n := d.ByIdentity(r.Kana, r.Birth, org.Sex(r.Sex))
		switch {
		case n == 0, n == 1 && !within(reach, p):
			return org.Person{}, codeNobody
		case n > 1:
			return org.Person{}, codeAmbiguous
		}
		return p, ""
	}
	p, ok := d.ByNumber(r.Number)
	switch {
	case !ok, !within(reach, p): // whom the importer does not reach does not exist
		return org.Person{}, codeNoPerson
	case r.Kana == "" && r.Name == "" && r.Birth.IsZero():
		return org.Person{}, codeNothingToHold
	case !agrees(p, r):
		return org.Person{}, codeDisagrees
	}
	return p, ""
}

func within(r actor.Reach, p org.Person) bool { return r.Covers(p.ID, p.Site, p.Dept) }

// agrees holds what the line says of the person against the roster; what either leaves empty cannot
// disagree. The name counts only where there is no kana, for its characters have variants.
func agrees(p org.Person, r *Row) bool {
	if r.Kana != "" && p.Kana != "" && r.Kana != p.Kana && org.FoldKana(r.Kana) != org.FoldKana(p.Kana) {
		return false
	}
	if r.Kana == "" && r.Name != "" && p.Name != "" && foldHeader(r.Name) != foldHeader(p.Name) {
		return false
	}
	if !r.Birth.IsZero() && !p.Birth.IsZero() && r.Birth != p.Birth {
		return false
	}
	return r.Sex == AnySex || p.Sex == org.Unknown || Sex(p.Sex) == r.Sex
}
