package checkup

import (
	"cmp"
	"slices"
	"strings"

	"rakudos/internal/base/jst"
	"rakudos/internal/people/access"
	"rakudos/internal/people/org"
)

// Filters of Filter.Fitness for those without an opinion.
const (
	Waiting  = "waiting"  // all of them
	Overdue  = "overdue"  // past the three months
	Upcoming = "upcoming" // still within them
)

// fit is a filter made ready.
type fit struct {
	f          Filter
	site, dept string
	q, kana    string
	least      Letter
}

func newFit(f Filter, dir *org.Directory) fit {
	x := fit{f: f, q: foldHeader(f.Q), kana: org.FoldKana(f.Q)}
	for _, s := range dir.Sites() {
		if f.Site != "" && (string(s.ID) == f.Site || s.Code == f.Site || s.Name == f.Site) {
			x.site = string(s.ID)
		}
	}
	for _, d := range dir.Depts() {
		if f.Dept != "" && (string(d.ID) == f.Dept || d.Name == f.Dept) {
			x.dept = string(d.ID)
		}
	}
	if l, ok := strings.CutSuffix(f.Judgement, "+"); ok {
		x.least = Letter(l)
	}
	return x
}

func (x *fit) place(l *line) bool {
	if x.f.Site != "" && string(l.Person.Site) != x.site || x.f.Dept != "" && string(l.Person.Dept) != x.dept {
		return false
	}
	return x.q == "" || strings.Contains(l.key, x.q) || x.kana != "" && strings.Contains(l.key, x.kana)
}

// judgement holds the filter against what the reader sees; what is not seen cannot be filtered by.
func (x *fit) judgement(l *line, letter Letter) bool {
	switch want := x.f.Judgement; {
	case want == "":
		return true
	case x.least != "":
		return letter != NotExamined && letter >= x.least && letter != ""
	case want == "guidance" || want == "referral":
		return letter != "" && letter != NotExamined && string(l.Action) == want
	default:
		return string(letter) == want
	}
}

// fitness holds the filter against the opinions the reader sees.
func (x *fit) fitness(n *snapshot, l *line, e *eye) bool {
	switch want := x.f.Fitness; want {
	case "":
		return true
	case Waiting, Overdue, Upcoming:
		due, ok := e.waits(n, l)
		return ok && (want == Waiting || due.Before(e.today) == (want == Overdue))
	default:
		o := n.opinion(l)
		return o != nil && e.sees(access.Opinion, l) && string(o.Fitness) == want
	}
}

func sortLines(lines []*line, by string, e *eye) {
	by, down := strings.CutPrefix(by, "-")
	var f func(x, y *line) int
	switch by {
	case "name":
		f = func(x, y *line) int { return cmp.Compare(org.FoldKana(x.Kana), org.FoldKana(y.Kana)) }
	case "dept":
		f = func(x, y *line) int { return cmp.Or(cmp.Compare(x.site, y.site), cmp.Compare(x.dept, y.dept)) }
	case "day":
		f = func(x, y *line) int { return dayOfLine(x).Compare(dayOfLine(y)) }
	case "judgement":
		f = func(x, y *line) int { return cmp.Compare(rankOf(e.letter(x)), rankOf(e.letter(y))) }
	default:
		if down {
			slices.Reverse(lines)
		}
		return
	}
	slices.SortStableFunc(lines, func(x, y *line) int {
		if down {
			return f(y, x)
		}
		return f(x, y)
	})
}

func dayOfLine(l *line) jst.Date {
	if l.exam == nil {
		return jst.Date{}
	}
	return l.day
}

// rankOf puts who is not examined before A.
func rankOf(l Letter) int {
	if l == NotExamined || l == "" {
		return -1
	}
	return slices.Index(Letters, l)
}
