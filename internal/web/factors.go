package web

import (
	"net/http"
	"slices"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/people/identity"
)

// factorsView is everything about one's own passkeys, authenticator app and recovery codes.
type factorsView struct {
	Page
	identity.Factors
	Must   bool      // nothing else opens before one is enrolled
	Proven time.Time // until when changes are possible; zero: who it is has to be shown first
	Name   string
}

// Template names the file.
func (*factorsView) Template() string { return "factors" }

// totpView shows a secret that waits for its first code.
type totpView struct {
	Page
	identity.TOTPOffer
	QR qrCode
}

// Template names the file.
func (*totpView) Template() string { return "totp" }

// codesView shows new recovery codes, once.
type codesView struct {
	Page
	Codes []string
}

// Template names the file.
func (*codesView) Template() string { return "codes" }

func (s *server) factorsView(r *http.Request, v *Visitor) (*factorsView, error) {
	f, err := s.Identity.Factors(r.Context(), v.token)
	view := &factorsView{Page: Page{Title: "パスキーと認証アプリ", Here: "/me/security", Crumbs: []Crumb{{"/me/security", "サインインと安全"}}}, Factors: f, Must: v.MustEnrol}
	if v.MustEnrol {
		view.Crumbs = nil
	}
	if time.Now().Before(v.ProvenUntil) {
		view.Proven = v.ProvenUntil
	}
	return view, err
}

func (s *server) factorsPage(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	view, err := s.factorsView(r, v)
	if err != nil {
		return err
	}
	return s.page(w, r, v, view)
}

// factorsAgain shows the page again with what was wrong; a proof that has run out is asked for there.
func (s *server) factorsAgain(w http.ResponseWriter, r *http.Request, v *Visitor, field string, err error) error {
	f := faultOf(err)
	if wantsJSON(r) || f.Kind != fault.Invalid && f.Kind != fault.Conflict && f.Kind != fault.Busy {
		return err
	}
	view, verr := s.factorsView(r, v)
	if verr != nil {
		return verr
	}
	if f.Code == "identity.proof_needed" {
		view.Proven, field = time.Time{}, "proof"
	}
	retry(w, f)
	view.Errors = []FieldError{{field, message(f)}}
	return s.pageStatus(w, r, v, statusOf(f), view)
}

// proofPost asks for the password before factors may be changed.
func (s *server) proofPost(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	if err := r.ParseForm(); err != nil {
		return formFault(err)
	}
	err := error(fault.New(fault.Invalid, "identity.proof_wrong"))
	if p := r.PostFormValue("password"); p != "" {
		err = s.Identity.Prove(r.Context(), visit(r), v.token, p)
	}
	if err == nil {
		err = s.renew(w, r, v)
	}
	if err != nil {
		return s.factorsAgain(w, r, v, "proof", err)
	}
	return goTo(w, r, "/me/factors?done=proven")
}

func (s *server) totpPost(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	if err := s.Identity.OfferTOTP(r.Context(), visit(r), v.token); err != nil {
		return s.factorsAgain(w, r, v, "", err)
	}
	return goTo(w, r, "/me/factors/totp")
}

func (s *server) totpView(r *http.Request, v *Visitor) (*totpView, error) {
	offer, err := s.Identity.TOTPOffer(r.Context(), v.token, s.Config.Service)
	if err != nil {
		return nil, err
	}
	qr, err := qrOf(offer.URI)
	return &totpView{Page: Page{Title: "認証アプリの登録", Narrow: true, Here: "/me/security", Crumbs: []Crumb{{"/me/factors", "パスキーと認証アプリ"}}}, TOTPOffer: offer, QR: qr}, err
}

func (s *server) totpForm(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	view, err := s.totpView(r, v)
	if err != nil && faultOf(err).Code == "identity.ceremony_over" { // never asked for, or too long ago
		return goTo(w, r, "/me/factors")
	}
	if err != nil {
		return err
	}
	return s.page(w, r, v, view)
}

func (s *server) totpConfirm(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	if err := r.ParseForm(); err != nil {
		return formFault(err)
	}
	err := s.Identity.ConfirmTOTP(r.Context(), visit(r), v.token, r.PostFormValue("code"))
	if err == nil {
		return goTo(w, r, "/me/factors?done=totp")
	}
	f := faultOf(err)
	if wantsJSON(r) || !slices.Contains([]string{"identity.totp_wrong", "identity.totp_past", "identity.totp_ahead"}, f.Code) {
		return s.factorsAgain(w, r, v, "", err)
	}
	view, verr := s.totpView(r, v)
	if verr != nil {
		return s.factorsAgain(w, r, v, "", verr)
	}
	view.Errors = []FieldError{{"code", message(f)}}
	return s.pageStatus(w, r, v, statusOf(f), view)
}

func (s *server) totpRemove(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	if err := s.Identity.RemoveTOTP(r.Context(), visit(r), v.token); err != nil {
		return s.factorsAgain(w, r, v, "", err)
	}
	return goTo(w, r, "/me/factors?done=removed")
}

func (s *server) codesPost(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	codes, err := s.Identity.MakeCodes(r.Context(), visit(r), v.token)
	if err != nil {
		return s.factorsAgain(w, r, v, "", err)
	}
	if wantsJSON(r) {
		return sendJSON(w, http.StatusOK, map[string]any{"codes": codes})
	}
	return s.page(w, r, v, &codesView{Page: Page{Title: "回復用コード", Narrow: true, Here: "/me/security", Crumbs: []Crumb{{"/me/factors", "パスキーと認証アプリ"}}}, Codes: codes})
}
