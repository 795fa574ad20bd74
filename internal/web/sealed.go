package web

import (
	"net/http"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/people/access"
	"rakudos/internal/people/identity"
)

// sealedView keeps the emergency accounts: their envelopes, the review of a use, the quarter's drill.
type sealedView struct {
	Page
	Accounts   []sealedLine
	Envelope   *identity.Envelope // printed once
	Tenant     string             // code, for the envelope
	MaySeal    bool
	Quarter    string
	Login      string
	Name       string
	Finding    string
	PrintedDay string
}

// sealedLine is an account with what its keepers have to do.
type sealedLine struct {
	identity.SealedAccount
	Word, Class string
	Drilled     bool // in this fiscal quarter
	Reviews     bool // waits for the review
	InUse       bool // can be stopped
}

// Template names the file.
func (*sealedView) Template() string { return "sealed" }

var sealWords = map[identity.SealState][2]string{
	identity.Sealed: {"封をしてあります", "ok"}, identity.Broken: {"封が切られました", "bad"}, identity.Opened: {"使用中です", "bad"}, identity.Spent: {"使用済み（停止中）", "warn"},
}

// shutWords take the place of 「封をしてあります」 where the envelope would open nothing.
var shutWords = map[identity.Shut]string{
	identity.ShutStopped: "停止中（封筒を開けても使えません）", identity.ShutNoRole: "役割なし（封筒を開けても使えません）", identity.ShutUnsure: "書き換えの疑い（封筒を開けても使えません）",
}

func newSealedLine(a identity.SealedAccount, today jst.Date) sealedLine {
	w := sealWords[a.State]
	l := sealedLine{SealedAccount: a, Word: w[0], Class: w[1], Reviews: a.State == identity.Spent && a.ReviewedAt.IsZero(), InUse: a.State == identity.Broken || a.State == identity.Opened}
	if w, shut := shutWords[a.Shut]; shut {
		l.Word, l.Class = w, "bad"
	}
	if !a.DrilledAt.IsZero() {
		y, q := jst.Quarter(today)
		dy, dq := jst.Quarter(jst.Of(a.DrilledAt))
		l.Drilled = y == dy && q == dq
	}
	return l
}

func (s *server) sealedView(r *http.Request, v *Visitor) (*sealedView, error) {
	view := &sealedView{Page: Page{Title: "緊急用の利用者ID", Here: "/sealed"}, Tenant: v.TenantCode, MaySeal: access.Allows(v.Actor, access.SealedSeal)}
	all, err := s.Identity.SealedAccounts(r.Context(), v.Actor)
	for _, a := range all {
		view.Accounts = append(view.Accounts, newSealedLine(a, jst.Of(time.Now())))
	}
	return view, err
}

func (s *server) sealedPage(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	view, err := s.sealedView(r, v)
	if err != nil {
		return err
	}
	return s.page(w, r, v, view)
}

// sealedSeal makes or renews an envelope and shows what to print, once.
func (s *server) sealedSeal(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	if err := r.ParseForm(); err != nil {
		return formFault(err)
	}
	login, name := r.PostFormValue("login_id"), r.PostFormValue("name")
	if name == "" {
		name = "緊急用"
	}
	e, err := s.Identity.Seal(r.Context(), v.Actor, login, name)
	if err == nil && wantsJSON(r) {
		return sendJSON(w, http.StatusOK, e)
	}
	if err != nil {
		return s.sealedAgain(w, r, v, "login_id", err)
	}
	view, err := s.sealedView(r, v)
	if err != nil {
		return err
	}
	view.Envelope, view.PrintedDay = &e, day(jst.Of(time.Now()))
	return s.page(w, r, v, view)
}

// sealedReview records what was found out about a use.
func (s *server) sealedReview(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	if err := r.ParseForm(); err != nil {
		return formFault(err)
	}
	if err := s.Identity.ReviewSealed(r.Context(), v.Actor, ids.Account(r.PathValue("id")), r.PostFormValue("finding")); err != nil {
		return s.sealedAgain(w, r, v, "finding", err)
	}
	return goTo(w, r, "/sealed?done=saved")
}

// sealedStop ends a use that is under way.
func (s *server) sealedStop(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	if err := s.Identity.StopSealed(r.Context(), v.Actor, ids.Account(r.PathValue("id"))); err != nil {
		return err
	}
	return goTo(w, r, "/sealed?done=sealed-stop")
}

func (s *server) sealedAgain(w http.ResponseWriter, r *http.Request, v *Visitor, field string, err error) error {
	f := faultOf(err)
	if wantsJSON(r) || f.Kind != fault.Invalid && f.Kind != fault.Conflict {
		return err
	}
	view, verr := s.sealedView(r, v)
	if verr != nil {
		return verr
	}
	view.Login, view.Name, view.Finding = r.PostFormValue("login_id"), r.PostFormValue("name"), r.PostFormValue("finding")
	view.Errors = []FieldError{{field, message(f)}}
	return s.pageStatus(w, r, v, statusOf(f), view)
}
