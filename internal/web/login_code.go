package web

import (
	"net/http"
	"strings"

	"rakudos/internal/base/fault"
	"rakudos/internal/people/identity"
)

type codeView struct {
	Page
	Pending identity.Pending
	Back    string
}

// Template names the file.
func (*codeView) Template() string { return "code" }

// Again is where signing in begins anew.
func (v *codeView) Again() string { return backTo("/login", v.Back) }

func newCodeView(p identity.Pending, back string) *codeView {
	return &codeView{Page: Page{Title: "認証コードの入力", Narrow: true}, Pending: p, Back: ownPath(back)}
}

// signIn reads the token of the sign-in under way.
func signIn(r *http.Request) string {
	if c, err := r.Cookie(identity.CookieSignIn); err == nil {
		return c.Value
	}
	return ""
}

func (s *server) codeForm(w http.ResponseWriter, r *http.Request, _ *Visitor) error {
	p, err := s.Identity.Pending(r.Context(), signIn(r))
	if err != nil {
		return s.startOver(w, r, err)
	}
	return s.page(w, r, nil, newCodeView(p, r.URL.Query().Get("back")))
}

// codePost is the second step: a right code makes the session.
func (s *server) codePost(w http.ResponseWriter, r *http.Request, _ *Visitor) error {
	if err := r.ParseForm(); err != nil {
		return formFault(err)
	}
	code := strings.Join(strings.Fields(r.PostFormValue("code")), "")
	in, err := s.Identity.SubmitCode(r.Context(), visit(r), signIn(r), code)
	if err != nil {
		return s.codeAgain(w, r, err)
	}
	if c, err := r.Cookie(identity.CookieSession); err == nil { // the session that this one replaces must not live on
		if err := s.Identity.SignOut(r.Context(), visit(r), c.Value); err != nil {
			s.Log.Error("replaced session not ended", "request", traceOf(r).id, "err", err)
		}
	}
	s.admitted(w, in)
	cookie(w, identity.CookieSignIn, "", -1)
	return goTo(w, r, s.landing(&Visitor{Actor: in.Session.Actor}, r.PostFormValue("back")))
}

func (s *server) codeResend(w http.ResponseWriter, r *http.Request, _ *Visitor) error {
	if err := r.ParseForm(); err != nil {
		return formFault(err)
	}
	if _, err := s.Identity.ResendCode(r.Context(), visit(r), signIn(r)); err != nil {
		return s.codeAgain(w, r, err)
	}
	return goTo(w, r, backTo("/login/code?done=resent", r.PostFormValue("back")))
}

// codeAgain shows the code form with what was wrong, or the sign-in page when the step is over.
func (s *server) codeAgain(w http.ResponseWriter, r *http.Request, err error) error {
	if fault.Is(err, fault.Denied) {
		return s.startOver(w, r, err)
	}
	p, perr := s.Identity.Pending(r.Context(), signIn(r))
	if perr != nil {
		return s.startOver(w, r, perr)
	}
	return s.retryForm(w, r, err, newCodeView(p, r.FormValue("back")))
}

func (s *server) startOver(w http.ResponseWriter, r *http.Request, err error) error {
	if !fault.Is(err, fault.Denied) || wantsJSON(r) {
		return err
	}
	cookie(w, identity.CookieSignIn, "", -1)
	return goTo(w, r, backTo("/login?why=code", r.FormValue("back")))
}

// admitted hands the browser its session and remembers the device.
func (s *server) admitted(w http.ResponseWriter, in identity.SignedIn) {
	cookie(w, identity.CookieSession, in.Token, 0)
	if in.Device != "" {
		cookie(w, identity.CookieDevice, in.Device, int(s.Identity.Policy().DeviceFor.Seconds()))
	}
}
