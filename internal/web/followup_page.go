package web

import (
	"net/http"
	"strings"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/health/checkup"
	"rakudos/internal/people/access"
)

// followForm is the note on whether somebody has seen a doctor, as it was typed.
type followForm struct {
	Result             ids.Result
	Year               int
	Outcome, Day, Note string
	Choices            []choice
}

// followOf offers the form for the newest result that is not entirely well.
func followOf(p *checkup.PersonView) *followForm {
	if !p.CanFollow || len(p.Exams) == 0 {
		return nil
	}
	e := p.Exams[0]
	if !e.Judgement.Worse(checkup.B) && !checkup.NeedsFollowUp(e.Judgement, e.Action) {
		return nil
	}
	f := &followForm{Result: e.Result, Year: e.Year}
	for _, o := range checkup.Outcomes {
		f.Choices = append(f.Choices, choice{Value: string(o), Name: o.Japanese()})
	}
	return f
}

// followPost records the outcome of a recommendation; what was typed stays when something is wrong.
func (s *server) followPost(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	if err := r.ParseForm(); err != nil {
		return formFault(err)
	}
	id, err := ids.Parse[ids.Person](r.PathValue("id"))
	if err != nil {
		return fault.New(fault.Missing, "web.not_found")
	}
	form := func(name string) string { return strings.TrimSpace(r.PostFormValue(name)) }
	f := checkup.FollowUp{Person: id, Result: ids.Result(r.PathValue("result")), Outcome: checkup.Outcome(form("outcome")), Note: form("note")}
	var errs []FieldError
	if text := form("day"); text != "" {
		if f.Day, err = jst.ParseDate(text); err != nil {
			errs = append(errs, FieldError{"day", "受診した日は 2026/4/1 や R8.4.1 のように書いてください。"})
		}
	}
	if len(errs) == 0 {
		err := s.Checkup.NoteFollowUp(r.Context(), v.Actor, f)
		if err == nil {
			return goTo(w, r, "/people/"+string(id)+"?done=followed")
		}
		if !fault.Is(err, fault.Invalid) || wantsJSON(r) {
			return err
		}
		errs = append(errs, FieldError{followField[fault.Of(err).Code], message(err)})
	}
	p, err := s.Checkup.Person(r.Context(), v.Actor, id)
	if err != nil {
		return err
	}
	view := newPersonView(p)
	view.Register = access.Allows(v.Actor, access.PeopleRead)
	view.Title, view.Here, view.Crumbs, view.Errors = p.Name, "/checkups", []Crumb{{"/checkups", "健診結果の一覧"}}, errs
	if view.Follow != nil {
		view.Follow.Outcome, view.Follow.Day, view.Follow.Note = string(f.Outcome), form("day"), f.Note
	}
	return s.pageStatus(w, r, v, http.StatusUnprocessableEntity, view)
}

var followField = map[string]string{
	"checkup.followup_outcome": "outcome", "checkup.followup_day": "day", "checkup.followup_day_range": "day", "checkup.followup_reason": "note", "checkup.followup_long": "note", "checkup.text_hidden": "note",
}
