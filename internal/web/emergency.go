package web

import (
	"net/http"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/people/identity"
)

// emergencyView is all that an opened emergency account can do: say why, and let people in again.
type emergencyView struct {
	Page
	Use    identity.SealedAccount
	Locked []identity.Account
	Reason string
}

// Template names the file.
func (*emergencyView) Template() string { return "emergency" }

func (s *server) emergencyView(r *http.Request, v *Visitor) (*emergencyView, error) {
	view := &emergencyView{Page: Page{Title: "緊急用の画面", Here: "/emergency"}}
	if v.Emergency == nil {
		return nil, fault.New(fault.Denied, "identity.session_ended")
	}
	view.Use = *v.Emergency
	if view.Use.Reason == "" {
		return view, nil
	}
	var err error
	view.Locked, err = s.Identity.LockedOut(r.Context(), v.Actor)
	return view, err
}

func (s *server) emergencyPage(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	view, err := s.emergencyView(r, v)
	if err != nil {
		return err
	}
	return s.page(w, r, v, view)
}

// emergencyWhy records why the envelope was opened.
func (s *server) emergencyWhy(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	if err := r.ParseForm(); err != nil {
		return formFault(err)
	}
	err := s.Identity.SayWhy(r.Context(), v.Actor, r.PostFormValue("reason"), r.PostFormValue("drill") == "yes")
	return s.emergencyDone(w, r, v, err)
}

// emergencyUnlock unlocks one account with a reason, once it has been said why the envelope was opened.
func (s *server) emergencyUnlock(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	if err := r.ParseForm(); err != nil {
		return formFault(err)
	}
	if v.Emergency == nil || v.Emergency.Reason == "" {
		return fault.New(fault.Denied, "identity.emergency_why")
	}
	err := s.Identity.Unlock(r.Context(), v.Actor, ids.Account(r.PathValue("id")), r.PostFormValue("reason"))
	return s.emergencyDone(w, r, v, err)
}

func (s *server) emergencyDone(w http.ResponseWriter, r *http.Request, v *Visitor, err error) error {
	if err == nil {
		return goTo(w, r, "/emergency?done=saved")
	}
	f := faultOf(err)
	if wantsJSON(r) || f.Kind != fault.Invalid {
		return err
	}
	view, verr := s.emergencyView(r, v)
	if verr != nil {
		return verr
	}
	view.Reason, view.Errors = r.PostFormValue("reason"), []FieldError{{"reason", message(f)}}
	return s.pageStatus(w, r, v, http.StatusUnprocessableEntity, view)
}
