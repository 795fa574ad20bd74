package web

import (
	"net/http"
	"strings"

	"rakudos/internal/base/fault"
	"rakudos/internal/people/identity"
	"rakudos/internal/people/identity/sso"
)

// ssoView asks for the company, then leads to its identity provider.
type ssoView struct {
	Page
	Tenant, Back string
	Choices      []sso.Choice // when the company has more than one
	Location     string       // at the provider
}

// Template names the file.
func (*ssoView) Template() string { return "sso" }

// Again is the ordinary way to sign in.
func (v *ssoView) Again() string { return backTo("/login", v.Back) }

// base is the service's own origin as the browser reached it; the host has been checked by the frame.
func base(r *http.Request) string { return "https://" + r.Host }

// ssoForm looks nothing up: that a company is named in the address tells nothing about it.
func (s *server) ssoForm(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	if v != nil {
		return goTo(w, r, s.landing(v, r.URL.Query().Get("back")))
	}
	return s.page(w, r, nil, &ssoView{Page: Page{Title: "会社のアカウントでサインイン", Narrow: true}, Tenant: r.PathValue("tenant"), Back: ownPath(r.URL.Query().Get("back"))})
}

// ssoBegin starts an attempt. The way to the provider is a page that leads on by itself and not a redirect,
// because the policy of the page with the form lets forms lead nowhere else.
func (s *server) ssoBegin(w http.ResponseWriter, r *http.Request, _ *Visitor) error {
	if err := r.ParseForm(); err != nil {
		return formFault(err)
	}
	view := &ssoView{Page: Page{Title: "会社のアカウントでサインイン", Narrow: true}, Tenant: strings.TrimSpace(r.PostFormValue("tenant")), Back: ownPath(r.PostFormValue("back"))}
	if view.Tenant == "" {
		view.Errors = []FieldError{{"tenant", "契約先コードを入力してください。"}}
		return s.pageStatus(w, r, nil, http.StatusUnprocessableEntity, view)
	}
	start, err := s.SSO.Begin(r.Context(), visit(r), view.Tenant, r.PostFormValue("connection"), base(r), view.Back)
	if err != nil {
		return s.retryForm(w, r, err, view)
	}
	if view.Choices = start.Choices; len(start.Choices) > 0 {
		return s.page(w, r, nil, view)
	}
	cookie(w, sso.CookieFlow, start.Token, 600)
	if wantsJSON(r) {
		return sendJSON(w, http.StatusOK, map[string]string{"location": start.Location})
	}
	view.Title, view.Location = "会社のサインイン画面へ移動します", start.Location
	w.Header().Set("Refresh", "0; url="+start.Location)
	return s.page(w, r, nil, view)
}

func flowToken(r *http.Request) string {
	if c, err := r.Cookie(sso.CookieFlow); err == nil {
		return c.Value
	}
	return ""
}

// ssoCallback takes the answer of an OpenID provider.
func (s *server) ssoCallback(w http.ResponseWriter, r *http.Request, _ *Visitor) error {
	out, err := s.SSO.Callback(r.Context(), visit(r), flowToken(r), r.PathValue("id"), r.URL.Query())
	return s.ssoDone(w, r, out, err)
}

// ssoACS takes the response of a SAML provider. It comes from another site and without cookies; the browser
// goes on with its own at /sso/continue.
func (s *server) ssoACS(w http.ResponseWriter, r *http.Request, _ *Visitor) error {
	if err := r.ParseForm(); err != nil {
		return formFault(err)
	}
	if err := s.SSO.Answer(r.Context(), visit(r), r.PathValue("id"), r.PostFormValue("SAMLResponse"), r.PostFormValue("RelayState")); err != nil {
		return s.ssoDone(w, r, sso.Result{}, err)
	}
	return goTo(w, r, "/sso/continue")
}

// ssoContinue is where the browser that began goes on with the response.
func (s *server) ssoContinue(w http.ResponseWriter, r *http.Request, _ *Visitor) error {
	out, err := s.SSO.Continue(r.Context(), visit(r), flowToken(r))
	return s.ssoDone(w, r, out, err)
}

func (s *server) ssoMetadata(w http.ResponseWriter, r *http.Request, _ *Visitor) error {
	b, err := s.SSO.Metadata(r.Context(), r.PathValue("id"), base(r))
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/samlmetadata+xml")
	_, _ = w.Write(b)
	return nil
}

// ssoDone goes on to the code or into the service. What was wrong is said in general words only.
func (s *server) ssoDone(w http.ResponseWriter, r *http.Request, out sso.Result, err error) error {
	if f := faultOf(err); err != nil && f.Kind == fault.Denied && !wantsJSON(r) && strings.HasPrefix(f.Code, "sso.") {
		s.Log.Info("sso refused", "request", traceOf(r).id, "code", f.Code)
		if s.lockedHere(r) { // somebody wanted to open the screen, and is still signed in
			return goTo(w, r, "/unlock?why=sso")
		}
		return goTo(w, r, "/login?why="+strings.Replace(f.Code, ".", "_", 1))
	}
	if err != nil && out.Pending.Token == "" {
		return err
	}
	cookie(w, sso.CookieFlow, "", -1)
	if out.Again != nil {
		return s.reopened(w, r, out)
	}
	if out.Pending.Token != "" {
		cookie(w, identity.CookieSignIn, out.Pending.Token, 600)
		return goTo(w, r, backTo("/login/code", out.Back))
	}
	s.enter(w, r, out.SignedIn)
	return goTo(w, r, s.landing(&Visitor{Actor: out.SignedIn.Session.Actor}, out.Back))
}

// enter hands the browser its session; the one that it replaces must not live on.
func (s *server) enter(w http.ResponseWriter, r *http.Request, in identity.SignedIn) {
	if c, err := r.Cookie(identity.CookieSession); err == nil {
		if err := s.Identity.SignOut(r.Context(), visit(r), c.Value); err != nil {
			s.Log.Error("replaced session not ended", "request", traceOf(r).id, "err", err)
		}
	}
	s.admitted(w, in)
	cookie(w, identity.CookieSignIn, "", -1)
}
