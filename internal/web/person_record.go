package web

import (
	"net/http"
	"strings"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/people/access"
	"rakudos/internal/people/org"
)

// recordView is the register's page about one employee: no health data, every change with its day.
type recordView struct {
	Page
	P                  org.Person
	SiteName, DeptName string
	Gone               bool
	History            []historyLine
	Sites, Depts       []choice
	MayChange          bool
	From, Last         string // what was typed
}

// historyLine is one change in words.
type historyLine struct {
	Day      jst.Date
	What     string
	Where    string
	At       time.Time
	ByImport ids.Import
}

// Template names the file.
func (*recordView) Template() string { return "record" }

var changeWords = map[org.Change]string{
	org.Joined: "入社", org.Moved: "異動", org.Renamed: "氏名の変更", org.Corrected: "訂正", org.Left: "退職", org.Returned: "復帰",
}

// record reads the person of the address with the names of units.
func (s *server) record(r *http.Request, v *Visitor) (*recordView, error) {
	id, err := ids.Parse[ids.Person](r.PathValue("id"))
	if err != nil {
		return nil, fault.New(fault.Missing, "web.not_found")
	}
	p, err := s.Org.Person(r.Context(), v.Actor, id)
	if err != nil {
		return nil, err
	}
	events, err := s.Org.History(r.Context(), v.Actor, id)
	if err != nil {
		return nil, err
	}
	sites, err := s.Org.Sites(r.Context(), v.Actor)
	if err != nil {
		return nil, err
	}
	depts, err := s.Org.Depts(r.Context(), v.Actor)
	if err != nil {
		return nil, err
	}
	view := &recordView{Page: Page{Title: p.Name, Here: "/people", Crumbs: []Crumb{{"/people", "従業員"}}}, P: p, MayChange: access.Allows(v.Actor, access.PeopleChange)}
	view.Gone = p.LeftBy(jst.Of(time.Now()))
	siteName, deptName := map[ids.Site]string{}, map[ids.Dept]string{}
	for _, x := range sites {
		siteName[x.ID] = x.Name
		view.Sites = append(view.Sites, choice{string(x.ID), x.Name, x.ID == p.Site})
	}
	for _, x := range depts {
		deptName[x.ID] = x.Name
		view.Depts = append(view.Depts, choice{string(x.ID), x.Name, x.ID == p.Dept})
	}
	view.SiteName, view.DeptName = siteName[p.Site], deptName[p.Dept]
	for _, e := range events {
		view.History = append(view.History, historyLine{e.Day, changeWords[e.Kind], strings.TrimSpace(siteName[e.Site] + " " + deptName[e.Dept]), e.At, e.Import})
	}
	return view, nil
}

func (s *server) recordPage(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	view, err := s.record(r, v)
	if err != nil {
		return err
	}
	return s.page(w, r, v, view)
}

// choose marks the one that was chosen in the form, or none.
func choose(among []choice, value string) {
	for i := range among {
		among[i].Chosen = among[i].Value == value
	}
}

// recordMove transfers the person to another site or department from a day on.
func (s *server) recordMove(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	return s.recordChange(w, r, v, "from", func(view *recordView, day jst.Date) error {
		return s.Org.Move(r.Context(), v.Actor, view.P.ID, ids.Site(r.PostFormValue("site")), ids.Dept(r.PostFormValue("dept")), day)
	})
}

// recordLeave notes the last day of employment.
func (s *server) recordLeave(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	return s.recordChange(w, r, v, "last", func(view *recordView, day jst.Date) error {
		return s.Org.Leave(r.Context(), v.Actor, view.P.ID, day)
	})
}

// recordChange reads the day of a change and makes it; what is wrong is said at the day's field.
func (s *server) recordChange(w http.ResponseWriter, r *http.Request, v *Visitor, field string, change func(*recordView, jst.Date) error) error {
	if err := r.ParseForm(); err != nil {
		return formFault(err)
	}
	view, err := s.record(r, v)
	if err != nil {
		return err
	}
	view.From, view.Last = r.PostFormValue("from"), r.PostFormValue("last")
	if field == "from" { // where to was chosen already
		choose(view.Sites, r.PostFormValue("site"))
		choose(view.Depts, r.PostFormValue("dept"))
	}
	day, err := jst.ParseDate(strings.TrimSpace(r.PostFormValue(field)))
	if err != nil {
		err = fault.New(fault.Invalid, "web.day")
	} else {
		err = change(view, day)
	}
	if err == nil {
		return goTo(w, r, "/people/"+string(view.P.ID)+"/record?done=recorded")
	}
	f := faultOf(err)
	if f.Kind != fault.Invalid || wantsJSON(r) {
		return err
	}
	view.Errors = []FieldError{{field, message(f)}}
	return s.pageStatus(w, r, v, http.StatusUnprocessableEntity, view)
}
