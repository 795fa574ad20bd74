package web

import "net/http"

// forgotView asks the administrators for a new first password.
type forgotView struct {
	Page
	Tenant, LoginID string
	Sent            bool
}

// Template names the file.
func (*forgotView) Template() string { return "forgot" }

func newForgotView() *forgotView {
	return &forgotView{Page: Page{Title: "パスワードを忘れたとき", Narrow: true, Crumbs: []Crumb{{"/login", "サインイン"}}}}
}

func (s *server) forgotForm(w http.ResponseWriter, r *http.Request, _ *Visitor) error {
	return s.page(w, r, nil, newForgotView())
}

// forgotPost answers the same whether the account exists or not.
func (s *server) forgotPost(w http.ResponseWriter, r *http.Request, _ *Visitor) error {
	if err := r.ParseForm(); err != nil {
		return formFault(err)
	}
	view := newForgotView()
	view.Tenant, view.LoginID = r.PostFormValue("tenant"), r.PostFormValue("login_id")
	for _, f := range []struct{ id, name string }{{"tenant", "契約先コード"}, {"login_id", "利用者ID"}} {
		if r.PostFormValue(f.id) == "" {
			view.Errors = append(view.Errors, FieldError{f.id, f.name + "を入力してください。"})
		}
	}
	if len(view.Errors) > 0 {
		return s.pageStatus(w, r, nil, http.StatusUnprocessableEntity, view)
	}
	if err := s.Identity.AskReset(r.Context(), visit(r), view.Tenant, view.LoginID); err != nil {
		return s.retryForm(w, r, err, view)
	}
	view.Sent = true
	return s.page(w, r, nil, view)
}
