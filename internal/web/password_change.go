package web

import (
	"net/http"
	"strings"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/people/identity"
)

type passwordView struct {
	Page
	Forced     bool
	Rules      []string
	Least      int
	Suggestion string
	Proven     bool // a passkey or the password was shown just now: the old one is not asked for
}

// Template names the file.
func (*passwordView) Template() string { return "password" }

func (s *server) passwordView(v *Visitor) *passwordView {
	view := &passwordView{Page: Page{Title: "パスワードの変更", Narrow: true, Here: "/me/password"}, Forced: v.MustChange, Least: s.Identity.Policy().PasswordLeast, Suggestion: identity.GeneratePassword(), Proven: time.Now().Before(v.ProvenUntil)}
	for _, rule := range []string{"length", "classes", "blocklist", "context", "maximum"} {
		view.Rules = append(view.Rules, s.Identity.Policy().RuleSentence(rule))
	}
	return view
}

func (s *server) passwordForm(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	return s.page(w, r, v, s.passwordView(v))
}

// passwordPost changes the password and gives the browser its new session.
func (s *server) passwordPost(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	if err := r.ParseForm(); err != nil {
		return formFault(err)
	}
	var in identity.SignedIn
	err := error(fault.New(fault.Invalid, "web.passwords"))
	if r.PostFormValue("new") == r.PostFormValue("again") {
		if old := r.PostFormValue("old"); old == "" && time.Now().Before(v.ProvenUntil) {
			in, err = s.Identity.NewPassword(r.Context(), visit(r), v.token, r.PostFormValue("new"))
		} else {
			in, err = s.Identity.ChangePassword(r.Context(), visit(r), v.token, old, r.PostFormValue("new"))
		}
	}
	if err == nil {
		s.admitted(w, in)
		return goTo(w, r, "/?done=password")
	}
	f := faultOf(err)
	if f.Kind != fault.Invalid || wantsJSON(r) {
		return err
	}
	view := s.passwordView(v)
	view.Errors = s.passwordErrors(f)
	return s.pageStatus(w, r, v, http.StatusUnprocessableEntity, view)
}

// passwordErrors names the field and, for broken rules, each rule in its own sentence.
func (s *server) passwordErrors(f *fault.Fault) []FieldError {
	if f.Code != "identity.password_rules" {
		field := "new"
		if f.Code == "identity.password_old" {
			field = "old"
		}
		return []FieldError{{field, message(f)}}
	}
	var out []FieldError
	for rule := range strings.SplitSeq(f.Args["rules"], ",") {
		out = append(out, FieldError{"new", "満たしていない条件: " + s.Identity.Policy().RuleSentence(rule)})
	}
	return out
}
