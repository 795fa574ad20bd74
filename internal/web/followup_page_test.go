package web

import (
	"testing"

	"rakudos/internal/health/checkup"
)

// The form is offered for the newest result that is not entirely well, and only to whoever may note.
func TestFollowUpForm(t *testing.T) {
	exam := func(l checkup.Letter, a checkup.Action) checkup.Exam {
		return checkup.Exam{Result: "r", Year: 2026, Judgement: l, Action: a}
	}
	for name, c := range map[string]struct {
		p    checkup.PersonView
		want bool
	}{
		"D":              {checkup.PersonView{CanFollow: true, Exams: []checkup.Exam{exam(checkup.D, checkup.NoAction)}}, true},
		"C":              {checkup.PersonView{CanFollow: true, Exams: []checkup.Exam{exam(checkup.C, checkup.NoAction)}}, true},
		"referral":       {checkup.PersonView{CanFollow: true, Exams: []checkup.Exam{exam(checkup.A, checkup.Referral)}}, true},
		"well":           {checkup.PersonView{CanFollow: true, Exams: []checkup.Exam{exam(checkup.B, checkup.Guidance), exam(checkup.D, checkup.Referral)}}, false},
		"no result":      {checkup.PersonView{CanFollow: true}, false},
		"another reader": {checkup.PersonView{Exams: []checkup.Exam{exam(checkup.D, checkup.Referral)}}, false},
	} {
		f := followOf(&c.p)
		if (f != nil) != c.want {
			t.Errorf("%s: %+v", name, f)
		}
		if f == nil {
			continue
		}
		if f.Result != "r" || f.Year != 2026 || len(f.Choices) != len(checkup.Outcomes) {
			t.Errorf("%s: %+v", name, f)
		}
		for _, o := range f.Choices {
			if o.Name == "" || o.Chosen {
				t.Errorf("%s: %+v", name, o)
			}
		}
	}
	for code, field := range followField {
		if field == "" || code == "" {
			t.Errorf("%s leads to no field", code)
		}
	}
}
