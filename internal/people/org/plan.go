package org

import (
	"strconv"
	"strings"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
)

// Change is one entry of a person's history.
type Change string

const (
	Joined    Change = "joined"
	Moved     Change = "moved"
	Renamed   Change = "renamed"
	Corrected Change = "corrected"
	Left      Change = "left"
	Returned  Change = "returned"
)

// dated is a change and the day from which it holds.
type dated struct {
	kind Change
	day  jst.Date
}

// step is what one accepted line does: the person before and after, and the history between.
type step struct {
	line    int
	isNew   bool
	before  Person // zero when new
	after   Person
	changes []dated
}

// Unmatched is a line whose employee number belongs to somebody else, as far as can be seen.
type Unmatched struct {
	Line   int               `json:"line"`
	Reason string            `json:"reason"`
	Code   string            `json:"-"`
	Args   map[string]string `json:"-"`
}

// Fault is the reason as the message catalogue knows it.
func (u Unmatched) Fault() *fault.Fault {
	return &fault.Fault{Kind: fault.Invalid, Code: u.Code, Args: u.Args}
}

// outcome of one line.
type outcome int

const (
	accepted outcome = iota
	unchanged
	rejected
	unmatched
)

// planner compares rows with the directory and decides what each would do. The same file and the same
// directory always give the same plan, identifiers included: a plan that a crash interrupted is made again.
type planner struct {
	dir    *Directory
	today  jst.Date
	reach  actor.Reach               // of who imports: lines about others are refused
	person func(line int) ids.Person // identifier of the new person of a line

	lines map[string]int32 // folded employee number → line
	sites siteBook
	depts deptBook
}

func newPlanner(d *Directory, today jst.Date, reach actor.Reach, unit func(kind, key string) string, person func(int) ids.Person) *planner {
	return &planner{dir: d, today: today, reach: reach, person: person, lines: map[string]int32{}, sites: newSiteBook(d, unit), depts: newDeptBook(d, unit)}
}

// plan decides about one row; refuse takes what is wrong with it.
func (p *planner) plan(r *row, refuse func(f field, code string, args ...string)) (step, outcome, string) {
	key := strings.Clone(FoldNumber(r.number)) // the row's text belongs to the whole line
	if earlier, ok := p.lines[key]; ok {
		refuse(fNumber, "org.number_twice", "line", strconv.Itoa(int(earlier)))
		return step{}, rejected, ""
	}
	p.lines[key] = int32(r.line)
	known, ok := p.dir.ByNumber(r.number)
	if ok && !within(p.reach, known) {
		refuse(fNumber, "org.row_out_of_scope")
		return step{}, rejected, ""
	}
	if ok {
		if code := stranger(known, r); code != "" {
			return step{}, unmatched, code
		}
	}
	site, conflict := p.sites.find(r)
	if conflict != 0 {
		refuse(fSiteName, "org.site_two_names", "line", strconv.Itoa(conflict))
		return step{}, rejected, ""
	}
	s := step{line: r.line, isNew: !ok, before: known, after: known}
	if at := or(site, known.Site); !p.reach.Touches(at) { // before a department is made of the line
		refuse(fSiteName, "org.row_out_of_scope")
		return step{}, rejected, ""
	}
	p.apply(&s, r, site, p.depts.find(r))
	if !within(p.reach, s.after) {
		refuse(fSiteName, "org.row_out_of_scope")
		return step{}, rejected, ""
	}
	if !s.isNew && s.after == s.before {
		return s, unchanged, ""
	}
	if s.isNew {
		s.after.ID = p.person(r.line)
	}
	s.changes = p.history(&s, r)
	return s, accepted, ""
}

// stranger says why a known number's line is about somebody else: of reading, birth date and sex at most
// one may differ, as by marriage or after a slip of the pen. It is empty when it is the same person.
func stranger(p Person, r *row) string {
	differ := 0
	for _, d := range [...]bool{FoldKana(p.Kana) != FoldKana(r.kana), p.Birth != r.birth, p.Sex != r.sex} {
		if d {
			differ++
		}
	}
	if differ > 1 {
		return "org.number_of_another"
	}
	return ""
}

// apply sets what the line says; what it leaves empty stays.
func (p *planner) apply(s *step, r *row, site ids.Site, dept ids.Dept) {
	a := &s.after
	if s.isNew {
		a.Number = r.number
	}
	a.Name, a.Kana, a.Sex, a.Birth = r.name, r.kana, r.sex, r.birth
	set(&a.Email, r.email)
	set(&a.Site, site)
	set(&a.Dept, dept)
	set(&a.Hired, r.hired)
	if !a.Left.IsZero() && a.Hired.After(a.Left) {
		a.Left = jst.Date{} // employed again
	}
	set(&a.Left, r.left)
}

// or is the first that is not zero.
func or[T comparable](v, otherwise T) T {
	var zero T
	if v != zero {
		return v
	}
	return otherwise
}

func set[T comparable](at *T, v T) {
	var zero T
	if v != zero {
		*at = v
	}
}

func (p *planner) history(s *step, r *row) []dated {
	or := func(d jst.Date) jst.Date {
		if d.IsZero() {
			return p.today
		}
		return d
	}
	b, a := &s.before, &s.after
	var out []dated
	if s.isNew {
		out = append(out, dated{Joined, or(a.Hired)})
	} else {
		if b.Name != a.Name || FoldKana(b.Kana) != FoldKana(a.Kana) {
			out = append(out, dated{Renamed, p.today})
		}
		if b.Sex != a.Sex || b.Birth != a.Birth {
			out = append(out, dated{Corrected, p.today})
		}
		if b.Site != a.Site || b.Dept != a.Dept {
			out = append(out, dated{Moved, or(r.moved)})
		}
		if !b.Left.IsZero() && a.Left.IsZero() {
			out = append(out, dated{Returned, or(a.Hired)})
		}
	}
	if !a.Left.IsZero() && a.Left != b.Left {
		out = append(out, dated{Left, a.Left})
	}
	return out
}
