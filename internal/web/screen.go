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
	return s.page(w, r, v, newUnlockView(r.URL.Query().Get("back")))
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
	f := faultOf(err)
	if wantsJSON(r) || f.Kind == fault.Internal || f.Kind == fault.Denied {
		return err
	}
	retry(w, f)
	view := newUnlockView(back)
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
