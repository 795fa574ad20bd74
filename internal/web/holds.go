package web

import (
	"net/http"
	"strings"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/jst"
	"rakudos/internal/governance/erasure"
	"rakudos/internal/governance/retention"
	"rakudos/internal/people/access"
	"rakudos/internal/people/org"
)

// holdsView is what of the own tenant is kept from erasure, and by whose order.
type holdsView struct {
	Page
	Holds   []holdLine
	Manages bool
	Classes []retention.Class
	Form    holdForm
	Release string // the reason that was typed, with an error
}

type holdLine struct {
	erasure.Hold
	Covers  string
	Over    bool
	Overdue bool // the day of the review has gone by
}

// holdForm is what was typed, shown again when something is wrong.
type holdForm struct{ Scope, Number, Class, Reason, Authority, Reviewer, ReviewBy string }

// Template names the file.
func (*holdsView) Template() string { return "holds" }

// covers says what is kept; a person is known here by the employee number under which the hold was placed.
func covers(h erasure.Hold, dir *org.Directory) string {
	switch h.Scope {
	case erasure.HoldPerson:
		if p, ok := dir.Person(h.Person); ok {
			return "一人の記録（社員番号 " + p.Number + "）"
		}
		return "一人の記録（名簿にない人）"
	case erasure.HoldClass:
		return "記録の種類: " + h.Class
	}
	return "この会社のすべての記録"
}

func (s *server) holdsView(r *http.Request, v *Visitor) (*holdsView, error) {
	all, err := s.Erasure.Holds(r.Context(), v.Actor, v.Tenant)
	if err != nil {
		return nil, err
	}
	dir, err := s.Org.Directory(r.Context(), v.Tenant)
	if err != nil {
		return nil, err
	}
	view := &holdsView{Page: Page{Title: "消去の保全", Here: "/holds"}, Manages: access.Allows(v.Actor, access.HoldManage), Classes: retention.Classes, Form: holdForm{Scope: erasure.HoldPerson}}
	for _, h := range all {
		view.Holds = append(view.Holds, holdLine{h, covers(h, dir), !h.ReleasedAt.IsZero(), h.Late(jst.Of(time.Now()))})
	}
	return view, nil
}

func (s *server) holdsPage(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	view, err := s.holdsView(r, v)
	if err != nil {
		return err
	}
	return s.page(w, r, v, view)
}

// holdPlace puts a hold on the visitor's own tenant, never on another.
func (s *server) holdPlace(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	if err := r.ParseForm(); err != nil {
		return formFault(err)
	}
	get := func(name string) string { return strings.TrimSpace(r.PostFormValue(name)) }
	f := holdForm{get("scope"), get("number"), get("class"), get("reason"), get("authority"), get("reviewer"), get("review_by")}
	h := erasure.Hold{Tenant: v.Tenant, Scope: f.Scope, Reason: f.Reason, Authority: f.Authority, Reviewer: f.Reviewer}
	h.ReviewBy, _ = jst.ParseDate(f.ReviewBy) // what is no date is refused as out of bounds
	switch f.Scope {
	case erasure.HoldClass:
		h.Class = f.Class
	case erasure.HoldPerson:
		dir, err := s.Org.Directory(r.Context(), v.Tenant)
		if err != nil {
			return err
		}
		p, ok := dir.ByNumber(f.Number)
		if !ok {
			return s.holdsAgain(w, r, v, f, fault.New(fault.Missing, "erasure.hold_nobody"))
		}
		h.Person = p.ID
	}
	if _, err := s.Erasure.Place(r.Context(), v.Actor, h); err != nil {
		return s.holdsAgain(w, r, v, f, err)
	}
	return goTo(w, r, "/holds?done=held")
}

var holdFields = map[string]string{"erasure.hold_nobody": "number", "erasure.hold_text": "reason", "erasure.hold_review": "review_by", "erasure.hold_scope": "scope"}

// holdsAgain shows the page again with what was wrong beside what was typed.
func (s *server) holdsAgain(w http.ResponseWriter, r *http.Request, v *Visitor, form holdForm, err error) error {
	f := faultOf(err)
	field, known := holdFields[f.Code]
	if !known || wantsJSON(r) {
		return err
	}
	view, verr := s.holdsView(r, v)
	if verr != nil {
		return verr
	}
	view.Form, view.Errors = form, []FieldError{{field, message(f)}}
	return s.pageStatus(w, r, v, http.StatusUnprocessableEntity, view)
}

func (s *server) holdRelease(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	if err := r.ParseForm(); err != nil {
		return formFault(err)
	}
	id, reason := r.PathValue("id"), strings.TrimSpace(r.PostFormValue("reason"))
	err := s.Erasure.Release(r.Context(), v.Actor, v.Tenant, id, reason)
	if err == nil {
		return goTo(w, r, "/holds?done=released")
	}
	f := faultOf(err)
	if f.Code != "erasure.hold_text" || wantsJSON(r) {
		return err
	}
	view, verr := s.holdsView(r, v)
	if verr != nil {
		return verr
	}
	view.Release, view.Errors = reason, []FieldError{{"release-" + id, message(f)}}
	return s.pageStatus(w, r, v, http.StatusUnprocessableEntity, view)
}
