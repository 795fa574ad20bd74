package web

import (
	"net/http"
	"strconv"
	"strings"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/health/checkup"
)

// decideView is the physician's form beside what the decision rests on.
type decideView struct {
	Page
	P                                       *checkup.PersonView
	Exam                                    *checkup.Exam
	Findings                                []finding
	Treatable                               []choice // judged items, those beyond the reference first
	Fitness, Opinion, Measures, From, Until string
	Choices                                 []choice
	Previous                                *checkup.Opinion // the last one of an earlier year
}

// finding is an item of the examination beyond the reference.
type finding struct {
	Name, Unit, Ref string
	Numeric         bool
	Cell            checkup.Cell
	Before          string
}

// Template names the file.
func (*decideView) Template() string { return "decide" }

var fitnessChoices = []choice{
	{Value: "normal", Name: "通常勤務（今のまま働いてよい）"},
	{Value: "restricted", Name: "就業制限（時間や作業を制限する）"},
	{Value: "leave", Name: "要休業（休む必要がある）"},
}

// decision finds the person and the examination of the address.
func (s *server) decision(r *http.Request, v *Visitor) (*decideView, error) {
	id, err := ids.Parse[ids.Person](r.PathValue("id"))
	if err != nil {
		return nil, fault.New(fault.Missing, "web.not_found")
	}
	p, err := s.Checkup.Person(r.Context(), v.Actor, id)
	if err != nil {
		return nil, err
	}
	for i := range p.Exams {
		if string(p.Exams[i].Result) == r.PathValue("result") {
			return newDecideView(p, i), nil
		}
	}
	return nil, fault.New(fault.Missing, "web.not_found")
}

func newDecideView(p *checkup.PersonView, i int) *decideView {
	view := &decideView{Page: Page{Title: p.Name + "の就業判定", Here: "/worklist", Crumbs: []Crumb{{"/worklist", "就業判定の待ち"}}}, P: p, Exam: &p.Exams[i], Choices: fitnessChoices}
	var within []choice
	for _, g := range p.Groups {
		for _, l := range g.Items {
			c := l.Cells[i]
			if c.Letter != "" && !c.Out {
				within = append(within, choice{Value: l.Key, Name: l.Name + "（" + string(c.Letter) + "）"})
			}
			if !c.Out {
				continue
			}
			view.Treatable = append(view.Treatable, choice{Value: l.Key, Name: l.Name + "（" + string(c.Letter) + "）"})
			f := finding{Name: l.Name, Unit: l.Unit, Ref: l.Ref, Numeric: l.Numeric, Cell: c}
			if i+1 < len(l.Cells) {
				if before := l.Cells[i+1]; !joint(before) {
					f.Before = before.Text
				}
			}
			view.Findings = append(view.Findings, f)
		}
	}
	view.Treatable = append(view.Treatable, within...)
	for _, o := range p.Opinions {
		if string(o.Result) == string(view.Exam.Result) {
			view.Fitness, view.Opinion, view.Measures = string(o.Fitness), o.Opinion, o.Measures
			view.From, view.Until = typed(o.From), typed(o.Until)
			break
		}
	}
	view.Previous = previousOpinion(p.Opinions, view.Exam.Year)
	return view
}

// previousOpinion is the newest opinion of the nearest year before.
func previousOpinion(newestFirst []*checkup.Opinion, year int) (found *checkup.Opinion) {
	for _, o := range newestFirst {
		if o.Year < year && (found == nil || o.Year > found.Year) {
			found = o
		}
	}
	return found
}

// typed is a date as it stands in an input field.
func typed(d jst.Date) string {
	if d.IsZero() {
		return ""
	}
	return d.String()
}

func (s *server) decideForm(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	view, err := s.decision(r, v)
	if err != nil {
		return err
	}
	return s.page(w, r, v, view)
}

// decidePost records fitness, opinion and measures; earlier decisions stay in the history.
func (s *server) decidePost(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	if err := r.ParseForm(); err != nil {
		return formFault(err)
	}
	view, err := s.decision(r, v)
	if err != nil {
		return err
	}
	d, errs := view.read(r)
	if len(errs) == 0 {
		var next string
		if next, err = s.afterDecision(r, v, view); err == nil {
			err = s.Checkup.Decide(r.Context(), v.Actor, d)
		}
		if err == nil {
			return goTo(w, r, next)
		}
		if !fault.Is(err, fault.Invalid) || wantsJSON(r) {
			return err
		}
		errs = []FieldError{{"", message(err)}}
	}
	view.Errors = errs
	return s.pageStatus(w, r, v, http.StatusUnprocessableEntity, view)
}

// afterDecision is where the button leads: back to the list, or to whoever is next on it.
func (s *server) afterDecision(r *http.Request, v *Visitor, view *decideView) (string, error) {
	list := "/worklist?year=" + strconv.Itoa(view.Exam.Year) + "&done="
	if r.PostFormValue("then") != "next" {
		return list + "decided", nil
	}
	p, result, ok, err := s.Checkup.NextWaiting(r.Context(), v.Actor, view.Exam.Year, view.Exam.Result)
	if err != nil || !ok {
		return list + "decided-last", err
	}
	return "/people/" + string(p) + "/decide/" + string(result) + "?done=decided-next", nil
}

// read takes the form; what was typed stays in the view.
func (v *decideView) read(r *http.Request) (checkup.Decision, []FieldError) {
	form := func(name string) string { return strings.TrimSpace(r.PostFormValue(name)) }
	v.Fitness, v.Opinion, v.Measures, v.From, v.Until = form("fitness"), form("opinion"), form("measures"), form("from"), form("until")
	d := checkup.Decision{Result: v.Exam.Result, Person: v.P.Person, Fitness: checkup.Fitness(v.Fitness), Opinion: v.Opinion, Measures: v.Measures}
	var errs []FieldError
	if v.Fitness == "" {
		errs = append(errs, FieldError{"fitness", "就業区分を選んでください。"})
	}
	if v.Fitness != "" && v.Fitness != "normal" && v.Measures == "" {
		errs = append(errs, FieldError{"measures", "就業制限と要休業のときは、職場にお願いする措置を書いてください。"})
	}
	for _, x := range []struct {
		id, name, text string
		to             *jst.Date
	}{{"from", "開始日", v.From, &d.From}, {"until", "終了日", v.Until, &d.Until}} {
		if x.text == "" {
			continue
		}
		day, err := jst.ParseDate(x.text)
		if err != nil {
			errs = append(errs, FieldError{x.id, x.name + "は 2026/4/1 や R8.4.1 のように書いてください。"})
		}
		*x.to = day
	}
	if !d.From.IsZero() && !d.Until.IsZero() && d.Until.Before(d.From) {
		errs = append(errs, FieldError{"until", "終了日が開始日より前になっています。"})
	}
	return d, errs
}

// treatedPost marks an item as under treatment (E) or takes the mark back.
func (s *server) treatedPost(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	view, err := s.decision(r, v)
	if err != nil {
		return err
	}
	if err := s.Checkup.SetTreated(r.Context(), v.Actor, view.Exam.Result, view.P.Person, r.PostFormValue("item"), r.PostFormValue("treated") == "yes"); err != nil {
		return err
	}
	return goTo(w, r, "/people/"+string(view.P.Person)+"/decide/"+string(view.Exam.Result)+"?done=treated")
}
