package web

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/fault"
)

var quiet = slog.New(slog.DiscardHandler)

func TestHeadersStandOnEveryAnswer(t *testing.T) {
	h := bare(t)
	for _, path := range []string{"/healthz", "/login", "/nowhere", "/people"} {
		w := ask(h, "GET", path, "text/html")
		for _, name := range []string{"Content-Security-Policy", "Strict-Transport-Security", "X-Content-Type-Options", "Referrer-Policy", "Permissions-Policy", "Cross-Origin-Opener-Policy", "Cross-Origin-Resource-Policy", "X-Request-Id"} {
			if w.Header().Get(name) == "" {
				t.Errorf("%s lacks %s", path, name)
			}
		}
		if csp := w.Header().Get("Content-Security-Policy"); strings.Contains(csp, "unsafe") || !strings.Contains(csp, "default-src 'none'") {
			t.Errorf("%s: weak policy %s", path, csp)
		}
		if got := w.Header().Get("Cache-Control"); got != "no-store" {
			t.Errorf("%s: Cache-Control %q", path, got)
		}
	}
}

func TestStaticIsImmutableUnderItsHash(t *testing.T) {
	h, a := bare(t), mustAssets(t)
	w := ask(h, "GET", "/static/"+a.version+"/app.css", "*/*")
	if w.Code != 200 || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/css") {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	if w := ask(h, "GET", "/static/0000/app.css", "*/*"); strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
		t.Error("an old address promises new content for ever")
	}
	if w := ask(h, "GET", "/static/"+a.version+"/../view/layout.html", "*/*"); w.Code == 200 {
		t.Error("static serves what is not static")
	}
}

func mustAssets(t *testing.T) *assets {
	t.Helper()
	a, err := loadAssets()
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestAnotherSiteCanNotPost(t *testing.T) {
	h := bare(t)
	r := httptest.NewRequest("POST", "https://localhost/login", strings.NewReader("tenant=a"))
	r.Header.Set("Origin", "https://evil.example")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "別のサイト") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// TestAPageWithoutTLSCanNotPost, nor one of another site that its referrer alone tells of; a page of the service can.
func TestAPageWithoutTLSCanNotPost(t *testing.T) {
	h := bare(t)
	for header, refused := range map[[2]string]bool{{"Origin", "http://localhost"}: true, {"Referer", "https://evil.example/a"}: true, {"Referer", "https://localhost/login"}: false} {
		r := httptest.NewRequest("POST", "https://localhost/login", strings.NewReader("tenant="+strings.Repeat("a", formLimit+1)))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set(header[0], header[1])
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if got := w.Code == http.StatusForbidden && strings.Contains(w.Body.String(), "別のサイト"); got != refused {
			t.Errorf("%v: %d", header, w.Code)
		}
	}
}

func TestLargeFormIsRefused(t *testing.T) {
	h := bare(t)
	r := httptest.NewRequest("POST", "https://localhost/login", strings.NewReader("tenant="+strings.Repeat("a", formLimit+1)))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != http.StatusRequestEntityTooLarge || !strings.Contains(w.Body.String(), "64 KiB") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestUnknownPathAndMethodHaveWords(t *testing.T) {
	h := bare(t)
	if w := ask(h, "GET", "/nowhere", "application/json"); w.Code != 404 || !strings.Contains(w.Body.String(), `"code":"web.not_found"`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := ask(h, "DELETE", "/people", "application/json"); w.Code != 405 || w.Header().Get("Allow") == "" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestPanicIsAPage(t *testing.T) {
	s := &server{Deps: Deps{Log: quiet}, assets: mustAssets(t)}
	var err error
	if s.views, err = loadViews(s.assets); err != nil {
		t.Fatal(err)
	}
	h := s.frame(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("boom") }))
	w := ask(h, "GET", "/", "text/html")
	if w.Code != 500 || strings.Contains(w.Body.String(), "boom") || !strings.Contains(w.Body.String(), "システムの内部で問題が起きました") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestStatusOfFaults(t *testing.T) {
	for _, c := range []struct {
		err  error
		want int
	}{
		{fault.New(fault.Invalid, "identity.wrong"), 422},
		{fault.New(fault.Locked, "identity.wrong"), 422},
		{fault.New(fault.Denied, "access.denied"), 403},
		{fault.New(fault.Missing, "db.missing"), 404},
		{fault.New(fault.Conflict, "db.duplicate"), 409},
		{fault.New(fault.TooLarge, "web.too_large"), 413},
		{fault.New(fault.Busy, "identity.too_soon").After(time.Second), 429},
		{fault.New(fault.Busy, "identity.busy"), 503},
		{fault.New(fault.Busy, "db.busy"), 503},
		{errors.New("x"), 500},
		{fmt.Errorf("wrapped: %w", &http.MaxBytesError{Limit: 1 << 20}), 413},
	} {
		if got := statusOf(faultOf(c.err)); got != c.want {
			t.Errorf("%v: %d, want %d", c.err, got, c.want)
		}
	}
}

func TestRetryAfterIsRoundedUp(t *testing.T) {
	w := httptest.NewRecorder()
	retry(w, fault.New(fault.Busy, "identity.too_soon").After(1200*time.Millisecond))
	if got := w.Header().Get("Retry-After"); got != "2" {
		t.Errorf("Retry-After %q", got)
	}
}

// TestAccessLogKeepsSecretsOut looks for anything a visitor sent in the log.
func TestAccessLogKeepsSecretsOut(t *testing.T) {
	var b bytes.Buffer
	h, err := New(Deps{Log: slog.New(slog.NewTextHandler(&b, nil))})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("GET", "https://localhost/people?q=canary-name", nil)
	r.Header.Set("Cookie", "other=canary-cookie")
	r.Header.Set("User-Agent", "canary-agent")
	h.ServeHTTP(httptest.NewRecorder(), r)
	if strings.Contains(b.String(), "canary") || !strings.Contains(b.String(), `route="GET /people"`) {
		t.Errorf("log: %s", b.String())
	}
}

func TestEdgeIsStable(t *testing.T) {
	if edge("midori") == edge("hikari") {
		t.Error("the demo tenants look the same")
	}
}
