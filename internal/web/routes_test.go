package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"rakudos/internal/people/access"
)

// TestTable holds the rules of the route table.
func TestTable(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range Table() {
		method, path, ok := strings.Cut(r.Pattern, " ")
		if !ok || !strings.HasPrefix(path, "/") {
			t.Errorf("%q names no method and path", r.Pattern)
		}
		if seen[r.Pattern] {
			t.Errorf("%s stands twice", r.Pattern)
		}
		seen[r.Pattern] = true
		if r.Permission == "" {
			t.Errorf("%s has no permission", r.Pattern)
		}
		if r.Action == nil {
			t.Errorf("%s does nothing", r.Pattern)
		}
		if method != http.MethodGet && r.Verb == "" {
			t.Errorf("%s changes something without an audit verb", r.Pattern)
		}
		if r.Verb != "" && verbWords[r.Verb] == "" {
			t.Errorf("%s: the verb %s has no words", r.Pattern, r.Verb)
		}
		if r.Upload && method == http.MethodGet {
			t.Errorf("%s takes an upload by GET", r.Pattern)
		}
	}
}

// public is the whole list of what needs no session; a new entry is a decision, not an accident.
var public = map[string]bool{
	"GET /healthz": true, "GET /readyz": true, "GET /favicon.ico": true, "GET /login": true, "POST /login": true, "GET /login/code": true,
	"POST /login/code": true, "POST /login/code/resend": true, "GET /login/forgot": true, "POST /login/forgot": true, "GET /trust": true, "GET /trust.json": true, "GET /demo/mail": true,
	"GET /login/reset": true, "POST /login/reset": true, "POST /login/reset/finish": true, "POST /login/passkey/options": true, "POST /login/passkey": true,
	"GET /certificates/key": true, "GET /certificates/verify": true, "POST /certificates/verify": true,
	"GET /sso": true, "GET /sso/{tenant}": true, "POST /sso": true, "GET /sso/oidc/{id}": true, "GET /sso/oidc/left": true, "POST /sso/saml/{id}/acs": true, "GET /sso/saml/{id}/metadata": true, "GET /sso/continue": true,
}

func target(pattern string) (method, path string) {
	method, path, _ = strings.Cut(pattern, " ")
	path = strings.NewReplacer("{$}", "", "{id}", "01935a00-0000-7000-8000-000000000001", "{result}", "01935a00-0000-7000-8000-000000000002").Replace(path)
	return method, path
}

// TestAnonymousIsRefused asks every row without a session: a browser is sent to sign in, a script gets 401. The
// protocol of machines has its own test.
func TestAnonymousIsRefused(t *testing.T) {
	h := bare(t)
	for _, r := range Table() {
		method, path := target(r.Pattern)
		if (r.Permission == Public) != public[r.Pattern] {
			t.Errorf("%s: public is %v", r.Pattern, r.Permission == Public)
		}
		if r.Permission == Public || r.Permission == access.Provision {
			continue
		}
		w := ask(h, method, path, "text/html")
		if w.Code != http.StatusSeeOther || w.Header().Get("Location") != backTo("/login", map[bool]string{true: path}[method == http.MethodGet]) {
			t.Errorf("%s: a browser gets %d %s", r.Pattern, w.Code, w.Header().Get("Location"))
		}
		w = ask(h, method, path, "application/json")
		if w.Code != http.StatusUnauthorized || !strings.Contains(w.Body.String(), `"code":"web.sign_in"`) {
			t.Errorf("%s: a script gets %d %s", r.Pattern, w.Code, w.Body)
		}
	}
}

// bare is the site without any service: enough for what is refused before one is asked.
func bare(t *testing.T) http.Handler {
	t.Helper()
	h, err := New(Deps{Config: Config{Service: "試験"}, Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func ask(h http.Handler, method, path, accept string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "https://localhost"+path, nil)
	r.Header.Set("Accept", accept)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}
