package web

import (
	"net/http"

	"rakudos/internal/people/identity"
	"rakudos/internal/people/identity/sso"
)

// unlockAsk leads whoever comes in by the company's account to its provider, to be authenticated anew.
func (s *server) unlockAsk(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	if err := r.ParseForm(); err != nil {
		return formFault(err)
	}
	back := ownPath(r.PostFormValue("back"))
	start, err := s.SSO.BeginAgain(r.Context(), visit(r), v.token, base(r), back)
	if err != nil {
		return s.retryUnlock(w, r, v, err, back)
	}
	cookie(w, sso.CookieFlow, start.Token, 600)
	if wantsJSON(r) {
		return sendJSON(w, http.StatusOK, map[string]string{"location": start.Location})
	}
	w.Header().Set("Refresh", "0; url="+start.Location)
	return s.page(w, r, nil, &ssoView{Page: Page{Title: "会社のサインイン画面へ移動します", Narrow: true}, Back: back, Location: start.Location})
}

// reopened opens the screen of the session for which the provider was asked, and gives it another token.
func (s *server) reopened(w http.ResponseWriter, r *http.Request, out sso.Result) error {
	v := &Visitor{}
	if c, err := r.Cookie(identity.CookieSession); err == nil {
		v.token = c.Value
	}
	err := s.Identity.ReopenAsserted(r.Context(), visit(r), v.token, *out.Again)
	if err == nil {
		err = s.renew(w, r, v)
	}
	if err != nil {
		return s.ssoDone(w, r, sso.Result{}, err)
	}
	return goTo(w, r, ownPath(out.Back))
}

// lockedHere tells whether this browser is signed in with its screen locked.
func (s *server) lockedHere(r *http.Request) bool {
	c, err := r.Cookie(identity.CookieSession)
	if err != nil {
		return false
	}
	cur, err := s.Identity.Session(r.Context(), c.Value, false)
	return err == nil && cur.Locked
}
