package web

import (
	"net/http"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/jst"
	"rakudos/internal/people/identity"
	"rakudos/internal/people/support"
)

// logout ends the session on the server; the browser also forgets its pages.
func (s *server) logout(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	if v.Support != nil {
		if err := s.Support.End(r.Context(), v.home, v.Support.ID, support.BySignOut); err != nil && !fault.Is(err, fault.Conflict) { // over by itself meanwhile
			return err
		}
	}
	done := "signedout"
	if linked, err := s.SSO.CanAgain(r.Context(), v.home); err != nil {
		s.Log.Error("provider of a session not known", "request", traceOf(r).id, "err", err) // signing out comes first
	} else if linked {
		done = "signedout-sso"
	}
	vouched, through, err := s.Identity.Vouched(r.Context(), v.token)
	if err != nil {
		s.Log.Error("way in of a session not known", "request", traceOf(r).id, "err", err)
	} else if through {
		done = "signedout-sso"
	}
	if err := s.Identity.SignOut(r.Context(), visit(r), v.token); err != nil {
		return err
	}
	cookie(w, identity.CookieSession, "", -1)
	w.Header().Set("Clear-Site-Data", `"cache", "storage"`)
	if through && !wantsJSON(r) {
		if to, ok := s.SSO.Leave(r.Context(), v.home.Tenant, vouched, base(r)); ok {
			return s.leaving(w, r, to)
		}
	}
	return goTo(w, r, "/login?done="+done)
}

// sessionGet tells a page when its session ends. As GET it does not count as activity, as POST it does.
func (s *server) sessionGet(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	return sendJSON(w, http.StatusOK, struct {
		IdleEnds string `json:"idle_ends"`
		Ends     string `json:"ends"`
		LocksAt  string `json:"locks_at"`
		Locked   bool   `json:"locked"`
	}{jst.StampSec(v.IdleEnds), jst.StampSec(v.Ends), jst.StampSec(v.ScreenEnds), v.Locked})
}
