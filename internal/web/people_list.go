package web

import (
	"net/http"
	"strings"

	"rakudos/internal/base/ids"
	"rakudos/internal/people/access"
	"rakudos/internal/people/org"
)

// peopleView is the register of employees; it holds no health data.
type peopleView struct {
	Page
	People       []personLine
	Sites, Depts []choice
	Q            string
	Leavers      bool
	Pager        Pager
	MayImport    bool
}

// personLine is one employee with the names of site and department.
type personLine struct {
	org.Person
	SiteName, DeptName string
}

// Template names the file.
func (*peopleView) Template() string { return "people" }

func (s *server) peoplePage(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	q := r.URL.Query()
	view := &peopleView{Page: Page{Title: "従業員", Here: "/people"}, Q: strings.TrimSpace(q.Get("q")), Leavers: q.Get("leavers") == "1", MayImport: access.Allows(v.Actor, access.PeopleImport)}
	first := pagerOf(r, 1<<30, 50)
	f := org.Filter{Query: view.Q, Site: ids.Site(q.Get("site")), Dept: ids.Dept(q.Get("dept")), WithLeavers: view.Leavers, Offset: first.from(), Limit: 50}
	page, err := s.Org.People(r.Context(), v.Actor, f)
	if err != nil {
		return err
	}
	sites, err := s.Org.Sites(r.Context(), v.Actor)
	if err != nil {
		return err
	}
	depts, err := s.Org.Depts(r.Context(), v.Actor)
	if err != nil {
		return err
	}
	siteName, deptName := map[ids.Site]string{}, map[ids.Dept]string{}
	for _, x := range sites {
		siteName[x.ID] = x.Name
		view.Sites = append(view.Sites, choice{string(x.ID), x.Name, f.Site == x.ID})
	}
	for _, x := range depts {
		deptName[x.ID] = x.Name
		view.Depts = append(view.Depts, choice{string(x.ID), x.Name, f.Dept == x.ID})
	}
	for _, p := range page.People {
		view.People = append(view.People, personLine{p, siteName[p.Site], deptName[p.Dept]})
	}
	view.Pager = pagerOf(r, page.Total, 50)
	return s.page(w, r, v, view)
}
