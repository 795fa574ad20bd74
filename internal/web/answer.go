package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/people/identity"
	"rakudos/internal/words"
)

// page answers with a rendered view.
func (s *server) page(w http.ResponseWriter, r *http.Request, v *Visitor, view Viewer) error {
	return s.pageStatus(w, r, v, http.StatusOK, view)
}

func (s *server) pageStatus(w http.ResponseWriter, r *http.Request, v *Visitor, status int, view Viewer) error {
	p := view.page()
	p.Frame = s.frameView(r, v)
	if status >= http.StatusBadRequest && status < http.StatusInternalServerError {
		p.typed = r.PostForm
	}
	if p.Notice == nil {
		p.Notice = notices[r.URL.Query().Get("done")]
	}
	var b bytes.Buffer
	if err := s.views.render(&b, view); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(b.Len()))
	w.WriteHeader(status)
	_, err := w.Write(b.Bytes())
	if err != nil {
		s.Log.Debug("answer cut", "request", traceOf(r).id, "err", err)
	}
	return nil
}

// sendJSON answers with JSON.
func sendJSON(w http.ResponseWriter, status int, value any) error {
	b, err := json.Marshal(value)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(append(b, '\n'))
	return nil
}

// goTo answers a form that succeeded.
func goTo(w http.ResponseWriter, r *http.Request, path string) error {
	http.Redirect(w, r, path, http.StatusSeeOther)
	return nil
}

// wantsJSON tells a script from a browser.
func wantsJSON(r *http.Request) bool {
	a := r.Header.Get("Accept")
	return strings.Contains(a, "application/json") && !strings.Contains(a, "text/html")
}

// statusOf maps a fault to HTTP. A failed form is 422, never 401.
func statusOf(f *fault.Fault) int {
	switch f.Kind {
	case fault.Invalid, fault.Locked:
		return http.StatusUnprocessableEntity
	case fault.Denied:
		return http.StatusForbidden
	case fault.Missing:
		return http.StatusNotFound
	case fault.Conflict:
		return http.StatusConflict
	case fault.TooLarge:
		return http.StatusRequestEntityTooLarge
	case fault.Busy:
		if strings.HasPrefix(f.Code, "identity.") && f.Code != "identity.busy" || f.Code == "sso.too_soon" || f.Code == "scim.too_many" {
			return http.StatusTooManyRequests
		}
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// errorJSON is the form of every JSON error.
type errorJSON struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Kept    string `json:"kept"`
	Next    string `json:"next"`
}

// fail turns an error into an answer: what happened, what was kept, what to do.
func (s *server) fail(w http.ResponseWriter, r *http.Request, v *Visitor, err error) {
	f := faultOf(err)
	if forMachines(r) {
		s.failStatus(w, r, v, statusOf(f), f)
		return
	}
	if f.Code == "web.password_first" && !wantsJSON(r) {
		_ = goTo(w, r, "/me/password")
		return
	}
	if f.Code == "web.factor_first" && !wantsJSON(r) {
		_ = goTo(w, r, "/me/factors")
		return
	}
	if f.Code == "web.screen_locked" && !wantsJSON(r) {
		back := "/"
		if r.Method == http.MethodGet {
			back = r.URL.RequestURI()
		}
		_ = goTo(w, r, "/unlock?back="+url.QueryEscape(back))
		return
	}
	s.failStatus(w, r, v, statusOf(f), f)
}

// faultOf also understands what the standard library says about bodies.
func faultOf(err error) *fault.Fault {
	var big *http.MaxBytesError
	if errors.As(err, &big) {
		return fault.New(fault.TooLarge, "web.too_large", "limit", size(big.Limit)).Because(err)
	}
	return fault.Of(err)
}

func (s *server) failStatus(w http.ResponseWriter, r *http.Request, v *Visitor, status int, f *fault.Fault) {
	if status >= 500 && !(r.Context().Err() != nil && errors.Is(f, context.Canceled)) { // a visitor who went away is no fault
		s.Log.Error("fault", "request", traceOf(r).id, "route", traceOf(r).route, "code", f.Code, "err", f.Error())
	}
	if forMachines(r) {
		failMachine(w, status, f)
		return
	}
	retry(w, f)
	text := words.Fault(f)
	if wantsJSON(r) {
		_ = sendJSON(w, status, errorJSON{f.Code, text.Message, text.Kept, text.Next})
		return
	}
	view := &errorView{Page: Page{Title: text.Message, Narrow: true}, Text: text, Code: f.Code, Request: traceOf(r).id, Typed: givenBack(r, v, f)}
	if err := s.pageStatus(w, r, v, status, view); err != nil {
		s.Log.Error("error page", "request", traceOf(r).id, "err", err)
		http.Error(w, text.Message, status)
	}
}

// retry says when to come back.
func retry(w http.ResponseWriter, f *fault.Fault) {
	if f.Kind != fault.Busy {
		return
	}
	after := f.RetryAfter
	if after <= 0 {
		after = 2 * time.Second
	}
	w.Header().Set("Retry-After", strconv.Itoa(int((after+time.Second-1)/time.Second)))
}

// signInFirst sends a browser to the sign-in page and tells a script 401; err says why there is no
// session, nil when there never was one.
func (s *server) signInFirst(w http.ResponseWriter, r *http.Request, err error) {
	why, dead := ended(err)
	if err != nil && !dead {
		s.fail(w, r, nil, err)
		return
	}
	if dead {
		cookie(w, identity.CookieSession, "", -1)
	}
	if forMachines(r) {
		failMachine(w, http.StatusUnauthorized, fault.New(fault.Denied, "scim.token"))
		return
	}
	if wantsJSON(r) {
		s.failStatus(w, r, nil, http.StatusUnauthorized, fault.New(fault.Denied, "web.sign_in"))
		return
	}
	step := "/login"
	if dead {
		step += "?why=" + why
	}
	if r.Method == http.MethodGet {
		step = backTo(step, r.URL.RequestURI())
	}
	_ = goTo(w, r, step)
}

// size prints a limit for people.
func size(n int64) string {
	if n >= 1<<20 {
		return strconv.FormatInt(n>>20, 10) + " MiB"
	}
	return strconv.FormatInt(n>>10, 10) + " KiB"
}

// message is what happened and what to do, in one line.
func message(err error) string {
	t := words.Fault(faultOf(err))
	return t.Message + t.Next
}
