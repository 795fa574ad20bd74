package web

import (
	"html/template"
	"net/http"
	"slices"
	"strconv"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/health/checkup"
	"rakudos/internal/people/access"
	"rakudos/internal/web/chart"
)

// personView is one person's every year side by side; Own is the person's own page.
type personView struct {
	Page
	P        *checkup.PersonView
	Own      bool
	Charts   []template.HTML
	Latest   *checkup.Exam
	Follow   *followForm
	Linked   bool
	Register bool // the visitor may open the person's entry in the register
}

// Template names the file.
func (*personView) Template() string { return "person" }

func (s *server) personPage(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	id, err := ids.Parse[ids.Person](r.PathValue("id"))
	if err != nil {
		return fault.New(fault.Missing, "web.not_found")
	}
	p, err := s.Checkup.Person(r.Context(), v.Actor, id)
	if err != nil {
		return err
	}
	view := newPersonView(p)
	view.Title, view.Register = p.Name, access.Allows(v.Actor, access.PeopleRead)
	if access.Allows(v.Actor, access.CheckupList) {
		view.Here, view.Crumbs = "/checkups", []Crumb{{"/checkups", "健診結果の一覧"}}
	}
	return s.page(w, r, v, view)
}

// mePage is the person's own page; an account without a person says so.
func (s *server) mePage(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	view := &personView{Page: Page{Title: "わたしの健診結果", Here: "/me"}, Own: true}
	if v.Person == "" {
		return s.page(w, r, v, view)
	}
	p, err := s.Checkup.Mine(r.Context(), v.Actor)
	if err != nil {
		return err
	}
	view = newPersonView(p)
	view.Title, view.Here, view.Own = "わたしの健診結果", "/me", true
	return s.page(w, r, v, view)
}

func newPersonView(p *checkup.PersonView) *personView {
	view := &personView{P: p, Linked: true, Follow: followOf(p)}
	if len(p.Exams) > 0 {
		view.Latest = &p.Exams[0]
	}
	for _, g := range p.Groups {
		for _, l := range g.Items {
			if c, ok := trend(p.Exams, l); ok {
				view.Charts = append(view.Charts, c)
			}
		}
	}
	return view
}

// trend draws a numeric item with at least two values, oldest first.
func trend(exams []checkup.Exam, l checkup.ItemLine) (template.HTML, bool) {
	if !l.Numeric {
		return "", false
	}
	c := chart.Line{Figure: chart.Figure{ID: "trend-" + l.Key, Title: l.Name, Unit: l.Unit, Source: "健康診断の結果"}, Low: l.RefLow, High: l.RefHigh}
	n := 0
	for i := range slices.Backward(l.Cells) {
		cell := l.Cells[i]
		p := chart.Point{Label: strconv.Itoa(exams[i].Day.Y), Text: cell.Text, Outside: cell.Out, Missing: cell.Num == nil}
		if cell.Num != nil {
			p.Value = *cell.Num
			n++
		}
		c.Points = append(c.Points, p)
	}
	c.Desc = l.Name + "の" + strconv.Itoa(n) + "回分の推移です。"
	if l.Ref != "" {
		c.Desc += "基準範囲は" + l.Ref + "です。"
	}
	return c.HTML(), n >= 2
}

// consentPost records the person's own consent on items beyond the law.
func (s *server) consentPost(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	if err := s.Checkup.SetConsent(r.Context(), v.Actor, v.Person, r.PostFormValue("given") == "yes"); err != nil {
		return err
	}
	return goTo(w, r, "/me?done=consent")
}
