package web

import (
	"net/http"
	"strconv"
	"time"

	"rakudos/internal/base/jst"
	"rakudos/internal/people/access"
)

// criteriaView lists the versions of the judgement tables.
type criteriaView struct {
	Page
	Versions   []criteriaCard
	MayApprove bool
	MayEdit    bool
	Year       int
}

// Template names the file.
func (*criteriaView) Template() string { return "criteria" }

func (s *server) criteriaView(r *http.Request, v *Visitor) (*criteriaView, error) {
	versions, err := s.Checkup.CriteriaVersions(r.Context(), v.Actor)
	if err != nil {
		return nil, err
	}
	return &criteriaView{Page: Page{Title: "判定基準", Here: "/criteria"}, Versions: criteriaCards(versions), MayApprove: access.Allows(v.Actor, access.CriteriaApprove), MayEdit: access.Allows(v.Actor, access.CriteriaEdit), Year: jst.FiscalYear(jst.Of(time.Now()))}, nil
}

func (s *server) criteriaPage(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	view, err := s.criteriaView(r, v)
	if err != nil {
		return err
	}
	return s.page(w, r, v, view)
}

func (s *server) criteriaApprove(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	if err := s.Checkup.ApproveCriteria(r.Context(), v.Actor, r.PathValue("id")); err != nil {
		return err
	}
	return goTo(w, r, "/criteria?done=approved")
}

func (s *server) criteriaActivate(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	if err := s.Checkup.ActivateCriteria(r.Context(), v.Actor, r.PathValue("id")); err != nil {
		return err
	}
	return goTo(w, r, "/criteria?done=activated")
}

// criteriaRejudge judges a year again with the active version; what was judged before is kept.
func (s *server) criteriaRejudge(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	if err := r.ParseForm(); err != nil {
		return formFault(err)
	}
	year, _ := strconv.Atoi(r.PostFormValue("year")) // what is no number is no year
	err := s.Checkup.Rejudge(r.Context(), v.Actor, year)
	if err == nil {
		return goTo(w, r, "/criteria?done=rejudging")
	}
	f := faultOf(err)
	if f.Code != "checkup.year" || wantsJSON(r) {
		return err
	}
	view, verr := s.criteriaView(r, v)
	if verr != nil {
		return verr
	}
	view.Errors = []FieldError{{"year", message(f)}}
	return s.pageStatus(w, r, v, http.StatusUnprocessableEntity, view)
}
