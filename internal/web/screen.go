package web

import (
	"net/http"

	"rakudos/internal/base/fault"
	"rakudos/internal/words"
)

// unlockView is the only page of a session whose screen is locked.
type unlockView struct {
	Page
	Back string
	SSO  bool // the company's provider can open it too
}

// Template names the file.
func (*unlockView) Template() string { return "unlock" }

func newUnlockView(back string) *unlockView {
	return &unlockView{Page: Page{Title: "画面をロックしています", Narrow: true}, Back: ownPath(back)}
}

func (s *server) unlockForm(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	if !v.Locked {
		return goTo(w, r, ownPath(r.URL.Query().Get("back")))
	}
	view, err := s.unlockView(r, v, r.URL.Query().Get("back"))
	if err != nil {
		return err
	}
	if r.URL.Query().Get("why") == "sso" {
		view.Errors = []FieldError{{"", words.Fault(fault.New(fault.Denied, "sso.again_refused")).Message}}
	}
	return s.page(w, r, v, view)
}

func (s *server) unlockView(r *http.Request, v *Visitor, back string) (*unlockView, error) {
	view := newUnlockView(back)
	var err error
	view.SSO, err = s.SSO.CanAgain(r.Context(), v.home)
	return view, err
}

// unlockPost opens the screen with the password.
func (s *server) unlockPost(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	if err := r.ParseForm(); err != nil {
		return formFault(err)
	}
	back := ownPath(r.PostFormValue("back"))
	err := error(fault.New(fault.Invalid, "identity.screen_wrong"))
	if p := r.PostFormValue("password"); p != "" {
		err = s.Identity.Reopen(r.Context(), visit(r), v.token, p)
	}
	if err == nil {
		err = s.renew(w, r, v)
	}
	if err == nil {
		if wantsJSON(r) {
			return sendJSON(w, http.StatusOK, struct{}{})
		}
		return goTo(w, r, back)
	}
	return s.retryUnlock(w, r, v, err, back)
}

// retryUnlock shows the page again with what was wrong.
func (s *server) retryUnlock(w http.ResponseWriter, r *http.Request, v *Visitor, err error, back string) error {
	f := faultOf(err)
	if wantsJSON(r) || f.Kind == fault.Internal || f.Kind == fault.Denied {
		return err
	}
	retry(w, f)
	view, err := s.unlockView(r, v, back)
	if err != nil {
		return err
	}
	view.Errors = []FieldError{{"unlock-password", words.Fault(f).Message}}
	return s.pageStatus(w, r, v, statusOf(f), view)
}

// screenLock locks the screen at once: by the button of every page, and by the page itself when nobody has touched
// it for the tenant's time. Whoever opens it again is where the button was pressed.
func (s *server) screenLock(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	if err := r.ParseForm(); err != nil {
		return formFault(err)
	}
	if err := s.Identity.LockScreen(r.Context(), v.token); err != nil {
		return err
	}
	if wantsJSON(r) {
		return sendJSON(w, http.StatusOK, struct{}{})
	}
	return goTo(w, r, backTo("/unlock", ownPath(r.PostFormValue("back"))))
}
