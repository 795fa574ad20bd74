package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"rakudos/internal/people/identity"
)

// sampleFactors has passkeys and an app, or with one only the last.
func sampleFactors(many bool) *factorsView {
	f := identity.Factors{Owned: identity.Owned{Passkeys: 1, Codes: 2}, Required: true, Passkeys: []identity.Passkey{{ID: "p", Name: "会社の電話", CreatedAt: sampleNow, Used: sampleNow}}}
	if many {
		f.Owned = identity.Owned{TOTP: 1, Passkeys: 2}
		f.Passkeys = append(f.Passkeys, identity.Passkey{ID: "q", Name: "ノートPC", CreatedAt: sampleNow, Suspended: true})
		f.TOTPAt, f.Required = sampleNow, false
	}
	return &factorsView{Page: Page{Title: "パスキーと認証アプリ"}, Factors: f, Proven: sampleNow}
}

func sampleTOTP() *totpView {
	qr, err := qrOf("otpauth://totp/a:b?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
	if err != nil {
		panic(err)
	}
	return &totpView{Page: Page{Title: "認証アプリの登録", Narrow: true}, TOTPOffer: identity.TOTPOffer{Secret: "GEZD GNBV"}, QR: qr}
}

// TestQR: the three finder patterns stand where they must, inside a quiet zone of four modules.
func TestQR(t *testing.T) {
	q := sampleTOTP().QR
	n := q.Size - 2*margin
	if n < 21 || (n-17)%4 != 0 {
		t.Fatalf("%d modules are no QR code", n)
	}
	for _, want := range []string{"M4 4h7v1h-7z", "M4 10h7v1h-7z"} {
		if !strings.Contains(q.Path, want) {
			t.Errorf("no %s in the path", want)
		}
	}
	if strings.ContainsAny(q.Path, `"<>&`) || !strings.HasPrefix(q.Path, "M4 4h7") {
		t.Errorf("%.60s", q.Path)
	}
	if _, err := qrOf(strings.Repeat("x", 5000)); err == nil {
		t.Error("a text beyond every QR code is drawn")
	}
}

// TestRelying: passkeys belong to the name in the address, never to a bare address.
func TestRelying(t *testing.T) {
	s := &server{Deps: Deps{Config: Config{Service: "検査"}}}
	for host, want := range map[string]identity.Relying{
		"localhost:8443":      {Name: "localhost", Origin: "https://localhost:8443", Service: "検査"},
		"Rakudos.Example":     {Name: "rakudos.example", Origin: "https://rakudos.example", Service: "検査"},
		"rakudos.example:443": {Name: "rakudos.example", Origin: "https://rakudos.example:443", Service: "検査"},
		"127.0.0.1:8443":      {}, "[::1]:8443": {}, "::1": {}, "": {},
	} {
		r := httptest.NewRequest("POST", "/login/passkey/options", nil)
		r.Host = host
		got, err := s.relying(r)
		if (err == nil) != (want.Name != "") || got != want {
			t.Errorf("%s: %+v %v", host, got, err)
		}
	}
}

// TestEnrolFirst: while a factor is still to be enrolled, only rows that say so open, and a browser is led
// to the page.
func TestEnrolFirst(t *testing.T) {
	s := &server{}
	s.routes = s.table()
	open := map[string]bool{}
	for _, row := range s.routes {
		if row.Permission == Public {
			continue
		}
		r := httptest.NewRequest(strings.Fields(row.Pattern)[0], "/", nil)
		err := s.admit(r, row, &Visitor{MustEnrol: true})
		if err == nil {
			open[row.Pattern] = true
		} else if faultOf(err).Code != "web.factor_first" {
			t.Errorf("%s: %v", row.Pattern, err)
		}
	}
	for _, want := range []string{"GET /me/factors", "POST /me/factors/totp/confirm", "POST /me/factors/passkeys", "POST /logout"} {
		if !open[want] {
			t.Errorf("%s is shut", want)
		}
	}
	for _, never := range []string{"GET /{$}", "GET /people", "GET /me/security", "POST /me/email", "POST /me/factors/totp/remove", "GET /users"} {
		if open[never] {
			t.Errorf("%s is open", never)
		}
	}
	if len(open) != 20 {
		t.Errorf("%d rows are open: %v", len(open), open)
	}
	w := httptest.NewRecorder()
	s.fail(w, httptest.NewRequest("GET", "/people", nil), nil, s.admit(httptest.NewRequest("GET", "/people", nil), Route{Permission: SignedIn}, &Visitor{MustEnrol: true}))
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/me/factors" {
		t.Errorf("%d %s", w.Code, w.Header().Get("Location"))
	}
}

// TestPasskeyBodies: what is no answer of a passkey is refused before anything is asked.
func TestPasskeyBodies(t *testing.T) {
	s := &server{}
	for _, body := range []string{"", "{}", "[]", `{"credential"`, `{"name":"x"}`} {
		r := httptest.NewRequest("POST", "/login/passkey", strings.NewReader(body))
		r.Host = "localhost"
		if _, _, err := s.readAnswer(r); err == nil {
			t.Errorf("%q is an answer", body)
		}
	}
	r := httptest.NewRequest("POST", "/login/passkey", strings.NewReader(`{"credential":{"id":"x"},"back":"/people"}`))
	r.Host = "localhost"
	if a, p, err := s.readAnswer(r); err != nil || a.Back != "/people" || p.Name != "localhost" {
		t.Errorf("%+v %+v %v", a, p, err)
	}
}
