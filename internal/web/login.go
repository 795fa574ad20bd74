package web

import (
	"net/http"
	"net/url"

	"rakudos/internal/base/fault"
	"rakudos/internal/people/identity"
	"rakudos/internal/words"
)

type loginView struct {
	Page
	Tenant, LoginID, Why, Back string
}

// Template names the file.
func (*loginView) Template() string { return "login" }

// SSO is the way through the company's own identity provider.
func (v *loginView) SSO() string {
	if v.Tenant != "" {
		return backTo("/sso/"+url.PathEscape(v.Tenant), v.Back)
	}
	return backTo("/sso", v.Back)
}

// clip keeps the first n characters.
func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n])
	}
	return s
}

// whys are the reasons for landing on the sign-in page, by the code of the ended session.
var whys = map[string]string{
	"session_idle":  "操作がないまま3時間が過ぎたため、サインアウトしました。",
	"session_limit": "サインインから12時間が過ぎたため、サインアウトしました。",
	"session_ended": "このサインインは終了しています。もう一度サインインしてください。",
	"sso_refused":   "会社のアカウントでのサインインができませんでした。もう一度お試しください。続くときは、会社の管理者にご連絡ください。",
	"sso_no_flow":   "会社のアカウントでのサインインは、時間切れか、別の画面で始めたものでした。はじめからやり直してください。",
	"session_sso":   "あなたの役割は会社のアカウントだけでサインインすることになったため、サインアウトしました。「会社のアカウントでサインインする」から進んでください。",
	"session_weak":  "二つの要素での本人確認が必要になったため、もう一度サインインしてください。",
	"code":          "認証コードの確認が終わらなかったため、はじめからやり直してください。",
}

func (s *server) loginForm(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	if v != nil {
		return goTo(w, r, s.landing(v, r.URL.Query().Get("back")))
	}
	return s.page(w, r, nil, &loginView{Page: Page{Title: "サインイン", Narrow: true}, Tenant: clip(r.URL.Query().Get("tenant"), 64), Why: whys[r.URL.Query().Get("why")], Back: ownPath(r.URL.Query().Get("back"))})
}

// loginPost is the password step. Wrong password, unknown ID and locked account get one and the same answer.
func (s *server) loginPost(w http.ResponseWriter, r *http.Request, _ *Visitor) error {
	if err := r.ParseForm(); err != nil {
		return formFault(err)
	}
	view := &loginView{Page: Page{Title: "サインイン", Narrow: true}, Tenant: r.PostFormValue("tenant"), LoginID: r.PostFormValue("login_id"), Back: ownPath(r.PostFormValue("back"))}
	for _, f := range []struct{ id, name string }{{"tenant", "契約先コード"}, {"login_id", "利用者ID"}, {"password", "パスワード"}} {
		if r.PostFormValue(f.id) == "" {
			view.Errors = append(view.Errors, FieldError{f.id, f.name + "を入力してください。"})
		}
	}
	if len(view.Errors) > 0 {
		return s.pageStatus(w, r, nil, http.StatusUnprocessableEntity, view)
	}
	p, err := s.Identity.SignIn(r.Context(), visit(r), view.Tenant, view.LoginID, r.PostFormValue("password"))
	if err != nil {
		return s.retryForm(w, r, err, view)
	}
	cookie(w, identity.CookieSignIn, p.Token, 0)
	return goTo(w, r, backTo("/login/code", view.Back))
}

// retryForm shows a form again with what was wrong; only faults about input or waiting come back to it.
func (s *server) retryForm(w http.ResponseWriter, r *http.Request, err error, view Viewer) error {
	f := faultOf(err)
	if wantsJSON(r) || f.Kind == fault.Internal || f.Kind == fault.Denied {
		return err
	}
	retry(w, f)
	t := words.Fault(f)
	view.page().Errors = append(view.page().Errors, FieldError{Message: t.Message + t.Next})
	return s.pageStatus(w, r, nil, statusOf(f), view)
}

// formFault is what an unreadable form means; a body over its limit keeps its own words.
func formFault(err error) error {
	if f := faultOf(err); f.Kind == fault.TooLarge {
		return f
	}
	return fault.New(fault.Invalid, "web.form").Because(err)
}
