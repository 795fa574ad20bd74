package web

import (
	"net/http"
	"slices"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/audit"
	"rakudos/internal/health/checkup"
	"rakudos/internal/people/access"
)

// homeView answers "what needs me today" for the roles of the visitor.
type homeView struct {
	Page
	Hello    string
	Todos    []todo
	Figures  []figure
	Readings []string // sentences for the person's own result
	Advice   []adviceLine
	Readers  []auditLine // who else looked at the person's data
	Own      bool
}

// todo is one thing to do; Class soon or late marks its deadline by words and colour.
type todo struct{ Path, Text, Due, Class string }

// figure is a number that leads to its list.
type figure struct{ Path, Value, Unit, Text string }

// adviceLine is what the person can do next about one item.
type adviceLine struct{ Letter, Title, Text string }

// Template names the file.
func (*homeView) Template() string { return "home" }

// homeParts fill the home page, one role each; a visitor with several roles gets several.
var homeParts = []struct {
	role actor.Role
	fill func(*server, *http.Request, *Visitor, *homeView) error
}{
	{actor.Physician, (*server).homeStaff}, {actor.Nurse, (*server).homeStaff}, {actor.HR, (*server).homeStaff},
	{actor.Manager, (*server).homeManager}, {actor.TenantAdmin, (*server).homeOversight}, {actor.Operator, (*server).homeOversight},
	{actor.ITSM, (*server).homeOversight}, {actor.Auditor, (*server).homeOversight}, {actor.Employee, (*server).homeEmployee},
}

func (s *server) home(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	if v.Emergency != nil {
		return goTo(w, r, "/emergency")
	}
	view := &homeView{Page: Page{Title: "ホーム", Here: "/"}}
	if v.Support != nil {
		view.Todos = append(view.Todos, todo{Path: startOf(v.Support), Text: "サポート入室で見る画面へ"})
	}
	staff, oversight := false, false
	for _, part := range homeParts {
		if !v.Has(part.role) {
			continue
		}
		isStaff := part.role == actor.Physician || part.role == actor.Nurse || part.role == actor.HR
		isOversight := !isStaff && part.role != actor.Manager && part.role != actor.Employee
		if isStaff && staff || isOversight && oversight {
			continue
		}
		staff, oversight = staff || isStaff, oversight || isOversight
		if err := part.fill(s, r, v, view); err != nil {
			return err
		}
	}
	mine, err := s.duties(r, v)
	if err != nil {
		return err
	}
	view.Todos = append(mine, view.Todos...)
	byUrgency(view.Todos)
	return s.page(w, r, v, view)
}

// homeManager counts the measures in force for the manager's people.
func (s *server) homeManager(r *http.Request, v *Visitor, view *homeView) error {
	m, err := s.Checkup.MeasuresInForce(r.Context(), v.Actor)
	if err != nil {
		return err
	}
	view.Figures = append(view.Figures, figure{"/measures", group(len(m)), "人", "就業上の措置がある人"})
	ends := func(m checkup.Measure) jst.Date { // what has no end stands last
		if m.Until.IsZero() {
			return jst.Date{Y: 9999, M: 12, D: 31}
		}
		return m.Until
	}
	slices.SortStableFunc(m, func(a, b checkup.Measure) int { return ends(a).Compare(ends(b)) })
	for _, x := range m[:min(len(m), 5)] {
		until := ""
		if !x.Until.IsZero() {
			until = day(x.Until) + " まで"
		}
		view.Todos = append(view.Todos, todo{"/measures", x.Name + "さん: " + x.Measures, until, ""})
	}
	return nil
}

// homeOversight leads those who watch to what is not in order.
func (s *server) homeOversight(r *http.Request, v *Visitor, view *homeView) error {
	st, err := s.Statement.Statement(r.Context())
	if err != nil {
		return err
	}
	reviews, err := s.reviewTodos(r, v)
	if err != nil {
		return err
	}
	view.Todos = append(view.Todos, reviews...)
	if access.Allows(v.Actor, access.AccountManage) {
		n, err := s.Identity.FailingMail(r.Context(), v.Actor)
		if err != nil {
			return err
		}
		if n > 0 {
			view.Todos = append(view.Todos, todo{"/users", "メールが届かない利用者がいます", group(n) + "人", "soon"})
		}
	}
	c := st.Counts
	view.Figures = append(view.Figures, figure{"/trust?status=PASS", group(c.Pass) + " / " + group(c.Total), "項目", "確認済のセキュリティ対策"})
	for _, x := range []struct {
		n                 int
		path, text, class string
	}{
		{c.Fail, "/trust?status=FAIL", "セキュリティ対策に、約束を満たしていない項目があります", "late"},
		{c.Stale, "/trust?status=STALE", "セキュリティ対策に、確認が古くなった項目があります", "soon"},
		{c.Unknown, "/trust?status=UNKNOWN", "セキュリティ対策に、まだ確認していない項目があります", ""},
	} {
		if x.n > 0 {
			view.Todos = append(view.Todos, todo{x.path, x.text, group(x.n) + "項目", x.class})
		}
	}
	if access.Allows(v.Actor, access.KeyRead) {
		alerts, err := s.Keys.Alerts(r.Context(), v.Actor)
		if err != nil {
			view.Todos = append(view.Todos, todo{"/keys", "鍵の台帳を確かめられません", "", "late"})
		}
		for _, a := range alerts {
			view.Todos = append(view.Todos, todo{"/keys", a.Says(), "", "late"})
		}
	}
	if access.Allows(v.Actor, access.AuditRead) {
		view.Todos = append(view.Todos, todo{Path: "/audit", Text: "操作の記録を確かめる"})
	}
	if access.Allows(v.Actor, access.MatrixRead) {
		view.Todos = append(view.Todos, todo{Path: "/access", Text: "だれが何を見られるかを確かめる"})
	}
	return nil
}

// homeReaders is how many readers the home page names; the others are one page further.
const homeReaders = 3

// homeEmployee says the newest result in one sentence and what to do next.
func (s *server) homeEmployee(r *http.Request, v *Visitor, view *homeView) error {
	view.Own = true
	if v.Person == "" {
		return nil
	}
	p, err := s.Checkup.Mine(r.Context(), v.Actor)
	if err != nil {
		return err
	}
	if p.Summary != "" {
		view.Readings = append(view.Readings, p.Summary)
	}
	for _, a := range p.Advice {
		view.Advice = append(view.Advice, adviceLine{string(a.Letter), a.Title, a.Text})
	}
	entries, err := s.Audit.Find(r.Context(), v.Actor, audit.Filter{Person: v.Person, Limit: auditPer})
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Actor.Account != v.Account && e.Actor.Kind == actor.Human {
			view.Readers = append(view.Readers, newAuditLine(e, s.routes))
		}
	}
	view.Readers = byDay(view.Readers, v)
	view.Readers = view.Readers[:min(len(view.Readers), homeReaders)]
	return nil
}
