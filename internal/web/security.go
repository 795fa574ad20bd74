package web

import (
	"net/http"
	"strings"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/people/identity"
)

// securityView is everything about one's own signing in.
type securityView struct {
	Page
	Sessions []sessionLine
	Email    string
	Change   identity.EmailChange
	Screen   int // minutes
	Typed    string
	Factors  identity.Factors
	Proven   bool // sessions may be ended without showing again who it is
}

// sessionLine is a session in words.
type sessionLine struct {
	identity.SessionInfo
	Device string
}

// Template names the file.
func (*securityView) Template() string { return "security" }

func (s *server) securityView(r *http.Request, v *Visitor) (*securityView, error) {
	view := &securityView{Page: Page{Title: "サインインと安全", Here: "/me/security"}, Proven: time.Now().Before(v.ProvenUntil)}
	all, err := s.Identity.Sessions(r.Context(), v.Actor)
	if err != nil {
		return nil, err
	}
	for _, one := range all {
		view.Sessions = append(view.Sessions, sessionLine{one, deviceName(one.Agent)})
	}
	if view.Email, err = s.Identity.OwnEmail(r.Context(), v.Actor); err != nil {
		return nil, err
	}
	if view.Change, err = s.Identity.EmailChange(r.Context(), v.Actor); err != nil {
		return nil, err
	}
	if view.Factors, err = s.Identity.Factors(r.Context(), v.token); err != nil {
		return nil, err
	}
	view.Screen, err = s.Identity.ScreenMinutes(r.Context(), v.Tenant)
	return view, err
}

func (s *server) securityPage(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	view, err := s.securityView(r, v)
	if err != nil {
		return err
	}
	return s.page(w, r, v, view)
}

// sessionEnd ends one of the own sessions, or with "others" all but the present one. The password comes with
// it, unless it or a passkey has been shown just now.
func (s *server) sessionEnd(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	if err := r.ParseForm(); err != nil {
		return formFault(err)
	}
	err := s.endOwn(w, r, v)
	if err == nil {
		return goTo(w, r, "/me/security?done=ended")
	}
	f := faultOf(err)
	if wantsJSON(r) || f.Code != "identity.proof_wrong" && f.Code != "identity.proof_needed" && f.Kind != fault.Busy {
		return err
	}
	view, verr := s.securityView(r, v)
	if verr != nil {
		return verr
	}
	retry(w, f)
	view.Errors = []FieldError{{"proof", message(f)}}
	return s.pageStatus(w, r, v, statusOf(f), view)
}

func (s *server) endOwn(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	if p := r.PostFormValue("password"); p != "" && !time.Now().Before(v.ProvenUntil) {
		if err := s.Identity.Prove(r.Context(), visit(r), v.token, p); err != nil {
			return err
		}
		if err := s.renew(w, r, v); err != nil {
			return err
		}
	}
	if id := r.PathValue("id"); id != "others" {
		return s.Identity.EndSession(r.Context(), visit(r), v.token, ids.Session(id))
	}
	return s.Identity.EndOthers(r.Context(), visit(r), v.token)
}

// renew hands the browser another token after its holder has shown again who it is.
func (s *server) renew(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	token, err := s.Identity.Renew(r.Context(), v.token)
	if err != nil {
		return err
	}
	v.token = token
	cookie(w, identity.CookieSession, token, 0)
	return nil
}

// emailPost asks for another address for the codes.
func (s *server) emailPost(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	if err := r.ParseForm(); err != nil {
		return formFault(err)
	}
	email := strings.TrimSpace(r.PostFormValue("email"))
	err := error(fault.New(fault.Invalid, "identity.password_old"))
	if p := r.PostFormValue("password"); p != "" {
		err = s.Identity.AskEmail(r.Context(), visit(r), v.token, p, email)
	}
	if err == nil {
		return goTo(w, r, "/me/security?done=email")
	}
	f := faultOf(err)
	if f.Kind != fault.Invalid && f.Code != "identity.email_daily" || wantsJSON(r) {
		return err
	}
	view, verr := s.securityView(r, v)
	if verr != nil {
		return verr
	}
	field := "password"
	if strings.HasPrefix(f.Code, "identity.email_") {
		field = "email"
	}
	view.Typed, view.Errors = email, []FieldError{{field, message(f)}}
	return s.pageStatus(w, r, v, http.StatusUnprocessableEntity, view)
}

func (s *server) emailDrop(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	if err := s.Identity.DropEmail(r.Context(), v.Actor); err != nil {
		return err
	}
	return goTo(w, r, "/me/security?done=email-kept")
}
