package web

import (
	"net/http"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
)

// userVouch writes down that the holder of an account is a person of his own.
func (s *server) userVouch(r *http.Request, v *Visitor, id ids.Account, reason string) error {
	return s.Identity.Vouch(r.Context(), v.Actor, v.Tenant, id, reason)
}

// usersVouch is the association's word for a customer's administrator.
func (s *server) usersVouch(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	if err := r.ParseForm(); err != nil {
		return formFault(err)
	}
	err := s.Identity.Vouch(r.Context(), v.Actor, ids.Tenant(r.PostFormValue("of")), ids.Account(r.PostFormValue("id")), r.PostFormValue("reason"))
	if f := fault.Of(err); f != nil && f.Code == "identity.reason_missing" {
		return s.usersAgain(w, r, v, "vouch-reason", err)
	}
	if err != nil {
		return err
	}
	return goTo(w, r, "/users?done=saved")
}
