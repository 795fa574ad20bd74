package web

import (
	"errors"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"rakudos/internal/base/actor"
	"rakudos/internal/people/access"
)

const somebody = "01935a00-0000-7000-8000-000000000001"

func TestOwnPath(t *testing.T) {
	for asked, want := range map[string]string{
		"/":                                      "/",
		"/worklist?year=2026&due=overdue":        "/worklist?due=overdue&year=2026",
		"/people/" + somebody:                    "/people/" + somebody,
		"/people?q=%E7%94%B0":                    "/people?q=%E7%94%B0",
		"/imports/" + somebody + "?done=applied": "/imports/" + somebody,
	} {
		if got := ownPath(asked); got != want {
			t.Errorf("%q: %q, want %q", asked, got, want)
		}
	}
	for _, foreign := range []string{
		"", "worklist", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example", "/%09/evil.example",
		"https://evil.example/worklist", "http:evil.example", "javascript:alert(1)", "//evil.example/worklist", "/%2f%2fevil.example", "/%5cevil.example",
		"/worklist\r\nSet-Cookie: a=b", "/worklist%0d%0aSet-Cookie:%20a=b", "/worklist\x00", "/worklist/../..//evil.example", "/./worklist", "/worklist//", "/@evil.example", "/ worklist", "/従業員",
		"/login", "/login?back=//evil.example", "/logout", "/trust", "/healthz", "/session", "/unlock", "/nowhere", "/static/x/app.css", "/people/import/x", "/criteria/rejudge",
		"/checkups.csv", "/checkups.xlsx", "/access.csv", "/imports/" + somebody + "/events", "/imports/" + somebody + "/refused.csv", "/worklist?q=" + strings.Repeat("a", maxBack),
	} {
		if got := ownPath(foreign); got != "/" {
			t.Errorf("%q leads to %q", foreign, got)
		}
		if got := backTo("/login", foreign); got != "/login" {
			t.Errorf("%q travels as %q", foreign, got)
		}
	}
}

// TestOwnPathStaysHere: whatever is asked, a browser that follows the answer stays on this site.
func TestOwnPathStaysHere(t *testing.T) {
	base, _ := url.Parse("https://rakudos.example/login/code")
	rapid.Check(t, func(rt *rapid.T) {
		piece := rapid.SampledFrom([]string{"/", "//", "\\", "worklist", "people", "?", "#", "%2f", "%5c", "%0d%0a", "\r\n", "@", ":", "evil.example", "..", ".", " ", "a=b", "back=//x", "\t", "https:"})
		got := ownPath(strings.Join(rapid.SliceOf(piece).Draw(rt, "pieces"), ""))
		to, err := base.Parse(got)
		if err != nil || to.Host != base.Host || to.Scheme != "https" || to.User != nil || strings.ContainsAny(got, "\\\r\n\t ") || strings.HasPrefix(got, "//") || ownPath(got) != got {
			rt.Fatalf("%q leads to %v (%v)", got, to, err)
		}
	})
}

// TestDeepLinkTravels: the page asked for stands in the address of the sign-in page, and in its form.
func TestDeepLinkTravels(t *testing.T) {
	h := bare(t)
	w := ask(h, "GET", "/worklist?year=2026", "text/html")
	at := w.Header().Get("Location")
	if at != "/login?back=%2Fworklist%3Fyear%3D2026" {
		t.Fatalf("sent to %q", at)
	}
	if body := ask(h, "GET", at, "text/html").Body.String(); !strings.Contains(body, `name="back" value="/worklist?year=2026"`) {
		t.Errorf("the form forgets the page:\n%s", body)
	}
	for _, evil := range []string{"//evil.example", `/\evil.example`, "https://evil.example", "/worklist\r\nX: y"} {
		if body := ask(h, "GET", "/login?back="+url.QueryEscape(evil), "text/html").Body.String(); strings.Contains(body, "evil") || strings.Contains(body, `name="back"`) {
			t.Errorf("the form carries %q", evil)
		}
	}
	if at := ask(h, "POST", "/people/import", "text/html").Header().Get("Location"); at != "/login" {
		t.Errorf("after a POST: %q", at)
	}
	r := httptest.NewRequest("POST", "https://localhost/login", strings.NewReader(url.Values{"tenant": {"midori"}, "back": {"/worklist"}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	again := httptest.NewRecorder()
	h.ServeHTTP(again, r)
	if again.Code != 422 || !strings.Contains(again.Body.String(), `name="back" value="/worklist"`) {
		t.Errorf("a form with an error forgets the page: %d", again.Code)
	}
}

// TestLandingNeedsThePermission: who may not open the page asked for lands at home instead of on a refusal.
func TestLandingNeedsThePermission(t *testing.T) {
	s := &server{Deps: Deps{Guard: func(_ actor.Actor, p access.Permission) error {
		if p == access.CheckupDecide {
			return errors.New("refused")
		}
		return nil
	}}}
	s.routes = s.table()
	for asked, want := range map[string]string{"/worklist": "/", "/people?q=a": "/people?q=a", "/me": "/me", "//evil.example": "/", "": "/"} {
		if got := s.landing(&Visitor{}, asked); got != want {
			t.Errorf("%q: lands at %q, want %q", asked, got, want)
		}
	}
}
