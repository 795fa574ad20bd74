package checkup

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/people/access"
	"rakudos/internal/people/org"
)

// Filter of a list; the zero value is everybody of the running fiscal year.
type Filter struct {
	Year       int
	Site, Dept string // identifier, code or name
	Judgement  string // "A" … "E", "C+" (that or worse), "none" (not examined), "guidance", "referral"
	Q          string // part of number, name or kana
	Sort       string // "number", "name", "judgement", "day", "dept"; a leading "-" turns it round
	Page, Per  int    // from 1; 50 a page
}

// NotExamined is the Letter under which people without a result are counted, and the filter for them.
const NotExamined Letter = "none"

// ListView is one page of the list and what stands around it.
type ListView struct {
	Filter               Filter
	Years                []int
	Total, Page, Pages   int
	Rows                 []ListRow
	Counts               []Count     // per judgement, whatever Filter.Judgement says
	Depts                []DeptCount // likewise
	Population, Examined int
	ShowJudgement        bool
	Sites                []org.Site
	Departments          []org.Dept
}

// ListRow is one person. What the reader may not see is empty.
type ListRow struct {
	Person            ids.Person
	Number            string
	Name, Kana        string
	Site, Dept        string
	Left              bool
	Examined          bool
	Day               jst.Date
	Result            ids.Result
	Judgement         Letter
	Action            Action
	Metabolic         Metabolic
	Worst             []string // names of the deciding items
	MedicationUnknown bool
	Fitness           Fitness
	Deadline          jst.Date // for the physician's opinion; zero when none is due
	DaysLeft          int
}

// Count is how many people have a judgement; Letter is NotExamined, or empty for "examined, not judged".
type Count struct {
	Letter Letter
	N      int
}

// DeptCount is one department's share.
type DeptCount struct {
	Site, Dept           string
	DeptID               ids.Dept
	Population, Examined int
	Letters              map[Letter]int
}

// eye is one reader's view of lists.
type eye struct {
	a     actor.Actor
	rule  access.TenantRule
	today jst.Date
}

func (s *Service) eye(ctx context.Context, a actor.Actor) (*eye, error) {
	rule, err := s.rule(ctx, a.Tenant)
	return &eye{a, rule, jst.Of(time.Now())}, err
}

func (e *eye) level(k access.DataKind, l *line) access.Level {
	return access.See(e.a, k, access.Subject{Tenant: e.a.Tenant, Person: l.Person.ID, Site: l.Person.Site, Dept: l.Person.Dept}, e.rule)
}

func (e *eye) sees(k access.DataKind, l *line) bool { return e.level(k, l) > access.Consent }

// letter is the judgement as far as the reader sees it.
func (e *eye) letter(l *line) Letter {
	if l.exam == nil {
		return NotExamined
	}
	if !e.sees(access.Judgement, l) {
		return ""
	}
	return l.Overall
}

func (e *eye) row(n *snapshot, l *line) ListRow {
	r := ListRow{
		Person: l.Person.ID, Number: l.Number, Name: l.Name, Kana: l.Kana, Site: l.site, Dept: l.dept,
		Left: l.LeftBy(e.today), Examined: l.exam != nil,
	}
	if l.exam == nil {
		return r
	}
	r.Day, r.Result = l.day, l.result
	if e.sees(access.Judgement, l) {
		r.Judgement, r.Action, r.Metabolic, r.MedicationUnknown = l.Overall, l.Action, l.Metabolic, l.MedicationUnknown
	}
	if e.sees(access.StatutoryValues, l) {
		for _, it := range l.Worst {
			r.Worst = append(r.Worst, it.Name)
		}
	}
	if e.sees(access.Opinion, l) {
		if o := n.opinion(l); o != nil {
			r.Fitness = o.Fitness
		} else if n.waits(l) {
			r.Deadline = jst.ThreeMonthDeadline(l.day)
			r.DaysLeft = r.Deadline.Sub(e.today)
		}
	}
	return r
}

// List shows who was examined in a year and what came of it, with who is still to come.
func (s *Service) List(ctx context.Context, a actor.Actor, f Filter) (*ListView, error) {
	if err := s.require(ctx, a, access.CheckupList, "checkup.list"); err != nil {
		return nil, err
	}
	v, n, picked, e, err := s.pick(ctx, a, f)
	if err != nil {
		return nil, err
	}
	f = v.Filter
	v.Total, v.Pages = len(picked), max(1, (len(picked)+f.Per-1)/f.Per)
	v.Page = min(max(f.Page, 1), v.Pages)
	var shown []ids.Person
	for _, l := range picked[min((v.Page-1)*f.Per, len(picked)):min(v.Page*f.Per, len(picked))] {
		v.Rows = append(v.Rows, e.row(n, l))
		shown = append(shown, l.Person.ID)
	}
	return v, s.record(ctx, a, "checkup.list", "checkup.judgement", shown, map[string]any{"year": f.Year, "page": v.Page, "total": v.Total})
}

// pick applies a filter; the rows come sorted.
func (s *Service) pick(ctx context.Context, a actor.Actor, f Filter) (*ListView, *snapshot, []*line, *eye, error) {
	e, err := s.eye(ctx, a)
	if err != nil {
		return nil, nil, nil, nil, err
	}
	if f.Year == 0 {
		f.Year = jst.FiscalYear(e.today)
	}
	if f.Per <= 0 || f.Per > 500 {
		f.Per = 50
	}
	n, err := s.year(ctx, a.Tenant, f.Year)
	if err != nil {
		return nil, nil, nil, nil, err
	}
	dir, err := s.people.Directory(ctx, a.Tenant)
	if err != nil {
		return nil, nil, nil, nil, err
	}
	v := &ListView{Filter: f, Years: n.years, Sites: dir.Sites(), Departments: dir.Depts(), ShowJudgement: access.View(a, access.Judgement, false, e.rule) > access.Consent}
	fit := newFit(f, dir)
	counts := map[Letter]int{}
	depts := map[[2]string]*DeptCount{}
	var picked []*line
	for i := range n.lines {
		l := &n.lines[i]
		if !fit.place(l) || !e.lists(l) {
			continue
		}
		letter := e.letter(l)
		v.Population++
		counts[letter]++
		key := [2]string{l.site, l.dept}
		d := depts[key]
		if d == nil {
			d = &DeptCount{Site: l.site, Dept: l.dept, DeptID: l.Person.Dept, Letters: map[Letter]int{}}
			depts[key] = d
		}
		d.Population++
		d.Letters[letter]++
		if l.exam != nil {
			v.Examined++
			d.Examined++
		}
		if fit.judgement(l, letter) {
			picked = append(picked, l)
		}
	}
	for _, letter := range append(slices.Clone(Letters), "", NotExamined) {
		if counts[letter] > 0 || letter != "" {
			v.Counts = append(v.Counts, Count{letter, counts[letter]})
		}
	}
	for _, d := range depts {
		v.Depts = append(v.Depts, *d)
	}
	slices.SortFunc(v.Depts, func(x, y DeptCount) int { return cmp.Or(cmp.Compare(x.Site, y.Site), cmp.Compare(x.Dept, y.Dept)) })
	sortLines(picked, f.Sort, e)
	return v, n, picked, e, nil
}

// lists: a person is on the list of whoever may know at least whether the person was examined.
func (e *eye) lists(l *line) bool { return e.level(access.Taken, l) > access.Consent }

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

// Export gives the whole filtered list as it is shown.
func (s *Service) Export(ctx context.Context, a actor.Actor, f Filter) (header []string, rows [][]string, err error) {
	if err := s.require(ctx, a, access.CheckupExport, "checkup.export"); err != nil {
		return nil, nil, err
	}
	v, n, picked, e, err := s.pick(ctx, a, f)
	if err != nil {
		return nil, nil, err
	}
	header = []string{"社員番号", "氏名", "カナ氏名", "事業所", "部署", "健診日", "受診"}
	if v.ShowJudgement {
		header = append(header, "総合判定", "特定健診の区分", "メタボ判定", "判定を決めた項目", "服薬")
	}
	header = append(header, "就業区分", "意見の期限")
	shown := make([]ids.Person, 0, len(picked))
	for _, l := range picked {
		r := e.row(n, l)
		cells := []string{r.Number, r.Name, r.Kana, r.Site, r.Dept, r.Day.String(), map[bool]string{true: "受診", false: "未受診"}[r.Examined]}
		if v.ShowJudgement {
			drugs := ""
			if r.MedicationUnknown {
				drugs = "服薬未確認"
			}
			action := ""
			if r.Judgement != "" {
				action = r.Action.Japanese()
			}
			cells = append(cells, string(r.Judgement), action, r.Metabolic.Japanese(), strings.Join(r.Worst, "、"), drugs)
		}
		fitness := ""
		if r.Fitness != Undecided {
			fitness = r.Fitness.Japanese()
		}
		rows = append(rows, append(cells, fitness, r.Deadline.String()))
		shown = append(shown, l.Person.ID)
	}
	return header, rows, s.record(ctx, a, "checkup.export", "checkup.judgement", shown, map[string]any{"year": v.Filter.Year, "rows": strconv.Itoa(len(rows))})
}

// HomeView is what a role's home page counts.
type HomeView struct {
	Year                  int
	Population            int
	Examined, NotExamined int
	Undecided             int      // results that wait for the physician's opinion
	OverdueOpinions       int      // of them past the three months
	NextDeadline          jst.Date // the earliest of them
	Referral              int
	Previews              int       // uploads that wait to be confirmed
	Imports               []*Import // those, the running and the failed ones
}

// Home counts what needs somebody today.
func (s *Service) Home(ctx context.Context, a actor.Actor) (*HomeView, error) {
	if err := access.Require(a, access.CheckupList); err != nil {
		return nil, err
	}
	e, err := s.eye(ctx, a)
	if err != nil {
		return nil, err
	}
	h := &HomeView{Year: jst.FiscalYear(e.today)}
	n, err := s.year(ctx, a.Tenant, h.Year)
	if err != nil {
		return nil, err
	}
	for i := range n.lines {
		l := &n.lines[i]
		if !e.lists(l) {
			continue
		}
		h.Population++
		if l.exam == nil {
			h.NotExamined++
			continue
		}
		h.Examined++
		if !e.sees(access.Judgement, l) {
			continue
		}
		if l.Action == Referral {
			h.Referral++
		}
		if n.waits(l) {
			due := jst.ThreeMonthDeadline(l.day)
			h.Undecided++
			if due.Before(e.today) {
				h.OverdueOpinions++
			}
			if h.NextDeadline.IsZero() || due.Before(h.NextDeadline) {
				h.NextDeadline = due
			}
		}
	}
	if access.Allows(a, access.ImportRead) {
		all, err := s.Imports(ctx, a)
		if err != nil {
			return nil, err
		}
		for _, i := range all {
			if i.State == Preview || i.State.Running() || i.State == Failed {
				h.Imports = append(h.Imports, i)
			}
			if i.State == Preview {
				h.Previews++
			}
		}
	}
	return h, nil
}
