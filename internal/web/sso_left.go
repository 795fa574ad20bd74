package web

import (
	"net/http"

	"rakudos/internal/people/identity/sso"
)

// leftView is what somebody sees who has signed out here and is still signed in at the company's provider.
type leftView struct {
	Page
	sso.Leaving
}

// Template names the file.
func (*leftView) Template() string { return "left" }

// leaving offers the end of the provider's session too. It is not begun without asking: that ends the person's other
// services as well. Nobody is signed in any more while this page is shown.
func (s *server) leaving(w http.ResponseWriter, r *http.Request, to sso.Leaving) error {
	cookie(w, sso.CookieLeft, to.State, 600)
	return s.page(w, r, nil, &leftView{Page: Page{Title: "サインアウトしました", Narrow: true}, Leaving: to})
}

// ssoLeft is where the provider sends the browser back to. Only the browser that was sent there reads that it is done;
// whatever else comes along in the address is followed by nobody.
func (s *server) ssoLeft(w http.ResponseWriter, r *http.Request, _ *Visitor) error {
	c, err := r.Cookie(sso.CookieLeft)
	if err != nil || !sso.Left(c.Value, r.URL.Query().Get("state")) {
		return goTo(w, r, "/login")
	}
	cookie(w, sso.CookieLeft, "", -1)
	return goTo(w, r, "/login?done=left")
}
