package probe_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"rakudos/internal/engine/probe"
)

// house is a small service that signs people in as the real one does.
type house struct {
	mu    sync.Mutex
	code  string
	at    time.Time
	next  int
	wrong bool // the mail holds no code
}

func (h *house) Newest(ctx context.Context, to string, after time.Time) (string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if to != "nurse@probe.invalid" || h.at.Before(after) {
		return "", context.DeadlineExceeded
	}
	if h.wrong {
		return "件名のみ 123456789", nil
	}
	return "認証コード: " + h.code + "\n10分以内に入力してください。", nil
}

func (h *house) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	cookie := func(v string) {
		http.SetCookie(w, &http.Cookie{Name: "__Host-s", Value: v, Path: "/", Secure: true, HttpOnly: true})
	}
	has := func(v string) bool { c, err := r.Cookie("__Host-s"); return err == nil && c.Value == v }
	switch r.Method + " " + r.URL.Path {
	case "POST /login":
		if r.FormValue("tenant") != "probe" || r.FormValue("login_id") != "nurse" || r.FormValue("password") != "pw" || r.Header.Get("Origin") == "" {
			http.Error(w, "no", http.StatusUnauthorized)
			return
		}
		h.next++
		h.code, h.at = fmt.Sprintf("%08d", h.next), time.Now()
		cookie("half" + h.code)
		http.Redirect(w, r, "/login/code", http.StatusSeeOther)
	case "POST /login/code":
		if !has("half"+h.code) || r.FormValue("code") != h.code {
			http.Redirect(w, r, "/login", http.StatusSeeOther)
			return
		}
		cookie("full")
		http.Redirect(w, r, "https://"+r.Host+"/", http.StatusSeeOther)
	case "GET /":
		if !has("full") {
			http.Redirect(w, r, "/login", http.StatusSeeOther)
			return
		}
		fmt.Fprint(w, "agent "+r.UserAgent())
	case "GET /big":
		w.Write([]byte(strings.Repeat("x", probe.MaxBody+5)))
	case "POST /logout":
		cookie("")
	default:
		http.NotFound(w, r)
	}
}

func open(t *testing.T, h *house) *probe.Site {
	t.Helper()
	srv := httptest.NewUnstartedServer(h)
	srv.TLS = &tls.Config{MinVersion: tls.VersionTLS13}
	srv.Config.ErrorLog = nil
	srv.StartTLS()
	t.Cleanup(srv.Close)
	roots := x509.NewCertPool()
	roots.AddCert(srv.Certificate())
	return &probe.Site{Base: srv.URL, Roots: roots, Mail: h, Accounts: []probe.Account{
		{Tenant: "probe", Role: "nurse", LoginID: "nurse", Password: "pw", Email: "nurse@probe.invalid"},
		{Tenant: "other", Role: "nurse", LoginID: "nurse2", Password: "pw", Email: "x@probe.invalid"},
		{Tenant: "other", Role: "hr", LoginID: "hr", Password: "wrong", Email: "x@probe.invalid"},
	}}
}

func TestSignIn(t *testing.T) {
	ctx, site := t.Context(), open(t, &house{})
	c := site.New()
	defer c.Close()
	p, err := c.Get(ctx, "/")
	if err != nil || p.Status != http.StatusSeeOther || p.Location != "/login" {
		t.Fatalf("a stranger at /: %+v, %v", p, err)
	}
	if err := c.SignIn(ctx, "nurse"); err != nil {
		t.Fatal(err)
	}
	p, err = c.Get(ctx, "/")
	if err != nil || p.Status != http.StatusOK || p.Text() != "agent rakudos-probe" || p.Took <= 0 {
		t.Fatalf("signed in: %+v, %v", p, err)
	}
	if p, err = site.New().Get(ctx, "/"); err != nil || p.Status != http.StatusSeeOther {
		t.Fatalf("another browser shares the session: %+v, %v", p, err)
	}
	old := c.Cookies()
	if len(old) != 1 {
		t.Fatalf("cookies: %v", old)
	}
	if _, err := c.SignOut(ctx); err != nil {
		t.Fatal(err)
	}
	if p, err = c.Get(ctx, "/"); err != nil || p.Status != http.StatusSeeOther {
		t.Fatalf("signed out: %+v, %v", p, err)
	}
	c.SetCookies([]*http.Cookie{{Name: "__Host-s", Value: "full", Path: "/", Secure: true}})
	if p, err = c.Get(ctx, "/"); err != nil || p.Status != http.StatusOK {
		t.Fatalf("a replayed cookie is not sent: %+v, %v", p, err)
	}
}

func TestSignInRefusals(t *testing.T) {
	ctx := t.Context()
	h := &house{}
	site := open(t, h)
	if err := site.New().SignIn(ctx, "hr"); !errors.Is(err, probe.ErrRefused) || !strings.Contains(err.Error(), "password step") {
		t.Errorf("wrong password: %v", err)
	}
	if err := site.New().SignIn(ctx, "physician"); !errors.Is(err, probe.ErrNoAccount) {
		t.Errorf("unknown role: %v", err)
	}
	if a, err := site.Account("other", "nurse"); err != nil || a.LoginID != "nurse2" {
		t.Errorf("Account: %+v, %v", a, err)
	}
	h.wrong = true
	short, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if err := site.New().SignIn(short, "nurse"); !errors.Is(err, probe.ErrNoCode) {
		t.Errorf("a run of nine digits passes for a code: %v", err)
	}
	site.Mail = nil
	if err := site.New().SignIn(ctx, "nurse"); err == nil {
		t.Error("signed in without a mailbox")
	}
}

func TestParallelSignInsDoNotMixCodes(t *testing.T) {
	site := open(t, &house{})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := site.New().SignIn(t.Context(), "nurse"); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestVersionsRootsAndBounds(t *testing.T) {
	ctx, site := t.Context(), open(t, &house{})
	if _, err := site.New(probe.TLS(tls.VersionTLS12, tls.VersionTLS12)).Get(ctx, "/"); err == nil {
		t.Error("a TLS 1.2 handshake succeeds")
	}
	p, err := site.New().Get(ctx, "/big")
	if err != nil || !p.Cut || len(p.Body) != probe.MaxBody || p.TLS.Version != tls.VersionTLS13 {
		t.Errorf("big page: cut %v, %d bytes, %v", p.Cut, len(p.Body), err)
	}
	stranger := &probe.Site{Base: site.Base, Roots: x509.NewCertPool()}
	if _, err := stranger.New().Get(ctx, "/"); err == nil {
		t.Error("a certificate of an unknown authority is believed")
	}
	dead, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := site.New().Get(dead, "/"); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled request: %v", err)
	}
}
