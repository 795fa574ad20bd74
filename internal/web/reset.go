package web

import (
	"net/http"

	"rakudos/internal/base/fault"
)

// cookieReset binds the setting of a forgotten password to the browser.
const cookieReset = "__Host-reset"

// resetView sets a forgotten password with a mailed code and the authenticator app together.
type resetView struct {
	Page
	Tenant, LoginID string
	Asked           bool
	Rules           []string
	Least           int
}

// Template names the file.
func (*resetView) Template() string { return "reset" }

func (s *server) newResetView(asked bool) *resetView {
	view := &resetView{Page: Page{Title: "認証アプリでパスワードを決め直す", Narrow: true, Crumbs: []Crumb{{"/login", "サインイン"}, {"/login/forgot", "パスワードを忘れたとき"}}}, Asked: asked}
	if !asked {
		return view
	}
	view.Least = s.Identity.Policy().PasswordLeast
	for _, rule := range []string{"length", "classes", "blocklist", "context", "maximum"} {
		view.Rules = append(view.Rules, s.Identity.Policy().RuleSentence(rule))
	}
	return view
}

func resetToken(r *http.Request) string {
	if c, err := r.Cookie(cookieReset); err == nil {
		return c.Value
	}
	return ""
}

func (s *server) resetForm(w http.ResponseWriter, r *http.Request, _ *Visitor) error {
	return s.page(w, r, nil, s.newResetView(resetToken(r) != "" && r.URL.Query().Has("asked")))
}

// resetAsk answers the same whether the account exists or not.
func (s *server) resetAsk(w http.ResponseWriter, r *http.Request, _ *Visitor) error {
	if err := r.ParseForm(); err != nil {
		return formFault(err)
	}
	view := s.newResetView(false)
	view.Tenant, view.LoginID = r.PostFormValue("tenant"), r.PostFormValue("login_id")
	for _, f := range []struct{ id, name string }{{"tenant", "契約先コード"}, {"login_id", "利用者ID"}} {
		if r.PostFormValue(f.id) == "" {
			view.Errors = append(view.Errors, FieldError{f.id, f.name + "を入力してください。"})
		}
	}
	if len(view.Errors) > 0 {
		return s.pageStatus(w, r, nil, http.StatusUnprocessableEntity, view)
	}
	token, err := s.Identity.BeginReset(r.Context(), visit(r), view.Tenant, view.LoginID)
	if err != nil {
		return s.retryForm(w, r, err, view)
	}
	cookie(w, cookieReset, token, 600)
	return goTo(w, r, "/login/reset?asked=1")
}

// resetPost sets the new password.
func (s *server) resetPost(w http.ResponseWriter, r *http.Request, _ *Visitor) error {
	if err := r.ParseForm(); err != nil {
		return formFault(err)
	}
	err := error(fault.New(fault.Invalid, "web.passwords"))
	if r.PostFormValue("new") == r.PostFormValue("again") {
		err = s.Identity.FinishReset(r.Context(), visit(r), resetToken(r), r.PostFormValue("code"), r.PostFormValue("app"), r.PostFormValue("new"))
	}
	if err == nil {
		cookie(w, cookieReset, "", -1)
		return goTo(w, r, "/login?done=reset")
	}
	f := faultOf(err)
	if wantsJSON(r) || f.Kind != fault.Invalid && f.Code != "identity.ceremony_over" {
		return err
	}
	view := s.newResetView(f.Code != "identity.ceremony_over")
	switch f.Code {
	case "identity.password_rules", "web.passwords":
		view.Errors = s.passwordErrors(f)
	case "identity.reset_wrong":
		view.Errors = []FieldError{{"code", message(f)}}
	case "identity.reset_past", "identity.reset_ahead":
		view.Errors = []FieldError{{"app", message(f)}}
	default:
		view.Errors = []FieldError{{Message: message(f)}}
	}
	return s.pageStatus(w, r, nil, statusOf(f), view)
}
