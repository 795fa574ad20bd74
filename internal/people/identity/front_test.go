package identity

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/mail"
	"rakudos/internal/engine/probe"
	"rakudos/internal/testkit/testdb"
)

// front is the smallest web in front of the service that the probes can look at.
type front struct {
	h    *house
	open string // a path that needs no session
}

func (f front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	v, ctx := Visit{Addr: host}, r.Context()
	get := func(name string) string {
		if c, err := r.Cookie(name); err == nil {
			return c.Value
		}
		return ""
	}
	set := func(name, value string) {
		http.SetCookie(w, &http.Cookie{Name: name, Value: value, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode})
	}
	v.Device = get(CookieDevice)
	answer := func(err error) {
		ft := fault.Of(err)
		status := http.StatusUnprocessableEntity
		switch ft.Kind {
		case fault.Busy:
			status = http.StatusTooManyRequests
			w.Header().Set("Retry-After", strconv.Itoa(int(ft.RetryAfter.Seconds())))
		case fault.Denied:
			status = http.StatusForbidden
		}
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]string{"code": ft.Code})
	}
	switch r.Method + " " + r.URL.Path {
	case "POST /login":
		p, err := f.h.SignIn(ctx, v, r.FormValue("tenant"), r.FormValue("login_id"), r.FormValue("password"))
		if err != nil {
			answer(err)
			return
		}
		set(CookieSignIn, p.Token)
		http.Redirect(w, r, "/login/code", http.StatusSeeOther)
		return
	case "POST /login/code/resend":
		if _, err := f.h.ResendCode(ctx, v, get(CookieSignIn)); err != nil {
			answer(err)
			return
		}
		http.Redirect(w, r, "/login/code", http.StatusSeeOther)
		return
	case "POST /login/code":
		in, err := f.h.SubmitCode(ctx, v, get(CookieSignIn), r.FormValue("code"))
		if err != nil {
			answer(err)
			return
		}
		set(CookieSession, in.Token)
		if in.Device != "" {
			set(CookieDevice, in.Device)
		}
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	if strings.HasPrefix(r.URL.Path, "/login/passkey") || strings.HasPrefix(r.URL.Path, "/me/factors") {
		f.factors(w, r, v, get, set, answer)
		return
	}
	s, err := f.h.Session(ctx, get(CookieSession), r.URL.Path != "/session")
	if err != nil && r.URL.Path != f.open {
		http.Redirect(w, r, "/login?why=x", http.StatusSeeOther)
		return
	}
	if s.Locked && !strings.HasPrefix(r.URL.Path, "/log") && r.URL.Path != "/session" && r.URL.Path != "/unlock" {
		http.Redirect(w, r, "/unlock", http.StatusSeeOther)
		return
	}
	if id, ok := strings.CutSuffix(strings.TrimPrefix(r.URL.Path, "/users/"), "/disable"); ok {
		if err := f.h.Disable(ctx, s.Actor, ids.Account(id), r.FormValue("reason")); err != nil {
			answer(err)
		}
		return
	}
	if id, ok := strings.CutSuffix(strings.TrimPrefix(r.URL.Path, "/users/"), "/unlock"); ok && id != "" {
		if err := f.h.Unlock(ctx, s.Actor, ids.Account(id), r.FormValue("reason")); err != nil {
			answer(err)
		}
		return
	}
	switch r.Method + " " + r.URL.Path {
	case "POST /unlock":
		if err := f.h.Reopen(ctx, v, get(CookieSession), r.FormValue("password")); err != nil {
			answer(err)
		}
	case "POST /screen/lock":
		_ = f.h.LockScreen(ctx, get(CookieSession))
	case "POST /users":
		a, err := f.h.CreateAccount(ctx, s.Actor, NewAccount{LoginID: r.FormValue("login_id"), Name: r.FormValue("name"), Email: r.FormValue("email"), Grants: []Grant{{Role: actor.Role(r.FormValue("role"))}}})
		if err != nil {
			answer(err)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]string{"id": string(a.ID)})
	case "GET /users":
		if !s.Actor.Has(actor.TenantAdmin) {
			answer(fault.New(fault.Denied, "access.denied"))
			return
		}
		_ = json.NewEncoder(w).Encode(s)
	case "POST /logout":
		_ = f.h.SignOut(ctx, v, get(CookieSession))
	case "POST /me/password":
		if _, err := f.h.ChangePassword(ctx, v, get(CookieSession), r.FormValue("old"), r.FormValue("new")); err != nil {
			answer(err)
		}
	default:
		_ = json.NewEncoder(w).Encode(s)
	}
}

// testStage opens a front for each look; sandboxes get a house of their own with one protection off.
type testStage struct {
	t      *testing.T
	engine db.Engine
	mu     sync.Mutex
	inside map[string]Inside
}

type testMail struct{ box *mail.Memory }

func (m testMail) Newest(ctx context.Context, to string, _ time.Time) (string, error) {
	for ctx.Err() == nil {
		if got, ok := m.box.Take(to, time.Time{}); ok {
			return got.Text, nil
		}
		time.Sleep(time.Millisecond)
	}
	return "", ctx.Err()
}

func (s *testStage) site(p Policy, open string) *probe.Site {
	h := newHouse(s.t, testdb.New(s.t, s.engine), p)
	srv := httptest.NewUnstartedServer(front{h, open})
	srv.TLS = &tls.Config{MinVersion: tls.VersionTLS13}
	srv.StartTLS()
	s.t.Cleanup(srv.Close)
	site := &probe.Site{Base: srv.URL, Roots: x509.NewCertPool(), Mail: testMail{h.box}}
	site.Roots.AddCert(srv.Certificate())
	for _, role := range []actor.Role{actor.Employee, actor.Manager, actor.HR, actor.Nurse, actor.Physician, actor.Operator, actor.Auditor, actor.TenantAdmin, actor.ITSM} {
		a := probe.Account{Tenant: "midori", Role: string(role), LoginID: "probe-" + string(role), Password: GeneratePassword(), Email: string(role) + "@probe.invalid"}
		h.account("midori", NewAccount{LoginID: a.LoginID, Name: a.Role, Email: a.Email, Password: a.Password, Grants: []Grant{{Role: role}}})
		site.Accounts = append(site.Accounts, a)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inside[site.Base] = strict{h.Service}
	return site
}

// strict takes the tests' cheap hashes for the policy's.
type strict struct{ *Service }

func (s strict) Census(ctx context.Context) (all, weak int, err error) {
	all, weak, err = s.Service.Census(ctx)
	if s.policy.weak != SabotageHash {
		weak = 0
	}
	return all, weak, err
}

// real is the policy of the tests' services: the default one, with hashes that cost a tenth.
func real() Policy {
	p := DefaultPolicy()
	p.Hash = HashParams{MemoryKiB: 2048, Time: 1, Threads: 1}
	return p
}

func (s *testStage) Live(context.Context) (*probe.Site, error) { return s.site(real(), ""), nil }

func (s *testStage) Sandbox(_ context.Context, sabotage string) (*probe.Site, func(), error) {
	open := ""
	if sabotage == SabotageRoute {
		open = "/people"
	}
	return s.site(real().Sabotage(sabotage), open), func() {}, nil
}

func testRoutes() []Route {
	return []Route{{"GET", "/login", true}, {"POST", "/login", true}, {"GET", "/{$}", false}, {"GET", "/people", false}, {"GET", "/people/{id}", false}, {"POST", "/imports/{id}/confirm", false}}
}

func probing(t *testing.T, engine db.Engine) Probing {
	s := &testStage{t: t, engine: engine, inside: map[string]Inside{}}
	return Probing{Stage: s, Tenant: "midori", Routes: testRoutes, Policy: DefaultPolicy(), Inside: func(base string) (Inside, bool) {
		s.mu.Lock()
		defer s.mu.Unlock()
		in, ok := s.inside[base]
		return in, ok
	}}
}

func failures(all []string) string { return strings.Join(all, " / ") }
