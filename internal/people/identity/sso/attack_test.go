package sso

import (
	"net/http"
	"strings"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/testkit/idp"
	"rakudos/internal/testkit/testdb"
)

var restricted = []actor.Role{actor.HR, actor.TenantAdmin}

// TestForgedTokens: every way in which an ID token can be wrong is refused, with its reason in the log and
// none in the answer (ASVS 5.0 chapter 10).
func TestForgedTokens(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		l := idp.NewLiar(t)
		b := newBed(t, e, Net{AllowPrivate: true, RootsFile: idp.Roots(t, l.Server)})
		c := b.connect(OIDC, Settings{Issuer: l.URL, ClientID: "rakudos", Secret: "s", Domain: "midori.example"})
		stranger := idp.NewLiar(t)
		claim := func(name string, value any) func(map[string]any) {
			return func(m map[string]any) { m[name] = value }
		}
		old := time.Now().Add(-time.Hour).Unix()
		for name, k := range map[string]struct {
			alter func(map[string]any)
			sign  func([]byte) (string, error)
			query [2]string
			why   string
		}{
			"wrong nonce":          {alter: claim("nonce", "another"), why: "nonce"},
			"no nonce":             {alter: func(m map[string]any) { delete(m, "nonce") }, why: "nonce"},
			"another audience":     {alter: claim("aud", "other-client"), why: "id-token"},
			"two audiences":        {alter: claim("aud", []string{"rakudos", "other"}), why: "audience"},
			"another party":        {alter: claim("azp", "other-client"), why: "audience"},
			"wrong issuer":         {alter: claim("iss", "https://evil.example"), why: "id-token"},
			"expired":              {alter: claim("exp", old), why: "id-token"},
			"issued in the future": {alter: claim("iat", time.Now().Add(time.Hour).Unix()), why: "id-token"},
			"no subject":           {alter: claim("sub", ""), why: "id-token"},
			"alg none":             {sign: idp.Unsigned, why: "id-token"},
			"HS256 by public key":  {sign: idp.SignWith(jose.HS256, l.PublicPEM()), why: "id-token"},
			"HS256 by the secret":  {sign: idp.SignWith(jose.HS256, []byte("s-32-bytes-long-or-a-little-more")), why: "id-token"},
			"another key":          {sign: idp.SignWith(jose.RS256, stranger.Key), why: "id-token"},
			"no token":             {sign: func([]byte) (string, error) { return "", nil }, why: "id-token"},
			"address not verified": {alter: claim("email_verified", false), why: "domain"},
			"another domain":       {alter: claim("email", "hr@evil.example"), why: "domain"},
			"a domain that folds":  {alter: claim("email", "hr@mıdori.example"), why: "domain"},
			"a name that folds":    {alter: claim("email", "hr\u212a@midori.example"), why: "no-account"},
			"another's issuer":     {query: [2]string{"iss", "https://evil.example"}, why: "issuer"}, // mix-up, RFC 9207
			"the provider says no": {query: [2]string{"error", "access_denied"}, why: "provider-error"},
			"a wrong state":        {query: [2]string{"state", "guessed"}, why: "state"},
			"no state":             {query: [2]string{"state", ""}, why: "state"},
		} {
			t.Run(name, func(t *testing.T) {
				b.t = t
				l.Alter, l.Sign = k.alter, k.sign
				clear(b.starts)
				s := b.begin()
				q := l.Answer(t, s.Location)
				if k.query[0] != "" {
					q.Set(k.query[0], k.query[1])
				}
				got, err := b.Callback(t.Context(), here, s.Token, c.ID, q)
				b.want(err, "sso.refused")
				if got.Pending.Token != "" || got.SignedIn.Token != "" {
					t.Error("something was given out")
				}
				if log := b.events("midori", "sso.failed"); !strings.HasSuffix(log, ":"+k.why) {
					t.Errorf("the log ends with %s", log[strings.LastIndex(log, " ")+1:])
				}
			})
		}
		b.t, l.Alter, l.Sign = t, nil, nil
		clear(b.starts)

		// Another browser, no browser, another connection, too late: there is no attempt.
		s := b.begin()
		q := l.Answer(t, s.Location)
		for _, token := range []string{"", "guessed", b.begin().Token} {
			_, err := b.Callback(t.Context(), here, token, c.ID, q)
			if token == "" || token == "guessed" {
				b.want(err, "sso.no_flow")
			} else {
				b.want(err, "sso.refused") // its own cookie, another's state
			}
		}
		_, err := b.Callback(t.Context(), here, s.Token, "another", q)
		b.want(err, "sso.no_flow")
		if links, _ := b.Links(t.Context(), b.admin["midori"]); len(links) != 0 {
			t.Errorf("an attack left links: %v", links)
		}

		// And the same address, honest, works: what was refused above was refused for its fault alone.
		_, err = b.Callback(t.Context(), here, s.Token, c.ID, l.Answer(t, s.Location))
		must(t, err)
		form := l.Asked[len(l.Asked)-1]
		if !strings.Contains(form, "code_verifier=") {
			t.Errorf("the code is redeemed without its verifier: %s", form)
		}
	})
}

// TestProviderThatPromisesIss must keep it in every answer (RFC 9207).
func TestProviderThatPromisesIss(t *testing.T) {
	l := idp.NewLiar(t)
	l.Document = func(d map[string]any) { d["authorization_response_iss_parameter_supported"] = true }
	b := newBed(t, testdb.New(t, testdb.Engines[0]), Net{AllowPrivate: true, RootsFile: idp.Roots(t, l.Server)})
	c := b.connect(OIDC, Settings{Issuer: l.URL, ClientID: "rakudos", Secret: "s"})
	s := b.begin()
	_, err := b.Callback(t.Context(), here, s.Token, c.ID, l.Answer(t, s.Location))
	b.want(err, "sso.refused")
	s = b.begin()
	q := l.Answer(t, s.Location)
	q.Set("iss", l.URL)
	_, err = b.Callback(t.Context(), here, s.Token, c.ID, q)
	must(t, err)
}

// TestWhatAProviderMayNotBe: addresses inside of private networks, plain http, other hosts, endless answers.
func TestWhatAProviderMayNotBe(t *testing.T) {
	l := idp.NewLiar(t)
	other := idp.NewLiar(t)
	roots := idp.Roots(t, l.Server, other.Server)
	for name, k := range map[string]struct {
		net     Net
		prepare func()
		why     string
	}{
		"a private address":    {Net{RootsFile: roots}, func() {}, "provider-address"},
		"an unknown authority": {Net{AllowPrivate: true}, func() {}, "provider-unreachable"},
		"a redirect elsewhere": {Net{AllowPrivate: true, RootsFile: roots}, func() {
			l.Routes["/.well-known/openid-configuration"] = func(w http.ResponseWriter) {
				w.Header().Set("Location", other.URL+"/.well-known/openid-configuration")
				w.WriteHeader(http.StatusFound)
			}
		}, "provider-address"},
		"an endless document": {Net{AllowPrivate: true, RootsFile: roots}, func() {
			l.Routes["/.well-known/openid-configuration"] = func(w http.ResponseWriter) {
				for range 1200 {
					_, _ = w.Write([]byte(strings.Repeat(" ", 1024)))
				}
			}
		}, "answer"},
		"words for the log": {Net{AllowPrivate: true, RootsFile: roots}, func() {
			l.Routes["/.well-known/openid-configuration"] = func(w http.ResponseWriter) {
				w.WriteHeader(http.StatusInternalServerError)
				_, _ = w.Write([]byte("its own words\nlevel=ERROR msg=forged"))
			}
		}, "answer"},
		"plain endpoints": {Net{AllowPrivate: true, RootsFile: roots}, func() {
			clear(l.Routes)
			l.Document = func(d map[string]any) { d["token_endpoint"] = "http://127.0.0.1/token" }
		}, "endpoints"},
		"another's name": {Net{AllowPrivate: true, RootsFile: roots}, func() {
			clear(l.Routes)
			l.Document = func(d map[string]any) { d["issuer"] = "https://evil.example" }
		}, "answer"},
	} {
		t.Run(name, func(t *testing.T) {
			l.Document = nil
			clear(l.Routes)
			k.prepare()
			b := newBed(t, testdb.New(t, testdb.Engines[0]), k.net)
			c := b.connect(OIDC, Settings{Issuer: l.URL, ClientID: "rakudos", Secret: "s"})
			err := b.Test(t.Context(), b.admin["midori"], c.ID)
			b.want(err, "sso.test_failed")
			if says := fault.Of(err).Args["says"]; says == "" || says != whys[k.why] || strings.Contains(says, k.why) {
				t.Errorf("said as %q", says)
			}
			if got := reason(err); got != k.why {
				t.Errorf("refused for %q (%v)", got, err)
			}
			_, err = b.Begin(t.Context(), here, "midori", "", base, "/")
			b.want(err, "sso.provider")
			if strings.Contains(err.Error(), "own words") { // it is logged: a provider must not write there
				t.Errorf("the log gets %v", err)
			}
		})
	}
}
