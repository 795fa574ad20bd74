package checkup

import (
	"cmp"
	"context"
	"slices"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/people/access"
	"rakudos/internal/people/org"
)

// List shows who was examined in a year and what came of it, with who is still to come.
func (s *Service) List(ctx context.Context, a actor.Actor, f Filter) (*ListView, error) {
	if err := s.require(ctx, a, access.CheckupList, "checkup.list"); err != nil {
		return nil, err
	}
	v, n, picked, e, err := s.pick(ctx, a, access.CheckupList, f)
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
func (s *Service) pick(ctx context.Context, a actor.Actor, with access.Permission, f Filter) (*ListView, *snapshot, []*line, *eye, error) {
	e, err := s.eye(ctx, a, with)
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
	v := &ListView{Filter: f, Years: n.years, Sites: slices.DeleteFunc(dir.Sites(), func(x org.Site) bool { return !e.reach.Touches(x.ID) }), Departments: slices.DeleteFunc(dir.Depts(), func(x org.Dept) bool { return !e.reach.TouchesDept(x.ID) }), ShowJudgement: access.View(a, access.Judgement, false, e.rule) > access.Consent, ShowFitness: access.View(a, access.Opinion, false, e.rule) > access.Consent, ShowFollow: access.Allows(a, access.FollowUpNote)}
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
		if fit.judgement(l, letter) && fit.fitness(n, l, e) && (f.Follow == "" || e.follows(n, l) == f.Follow) {
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
