package sso

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/crewjam/saml"

	"rakudos/internal/people/identity"
	"rakudos/internal/testkit/idp"
	"rakudos/internal/testkit/testdb"
)

// seated is hr, signed in through the provider of a connection, with the screen locked.
func (b *bed) seated(got Result) string {
	b.t.Helper()
	in, err := b.id.SubmitCode(b.t.Context(), here, got.Pending.Token, b.code("hr@midori.example"))
	must(b.t, err)
	must(b.t, b.id.LockScreen(b.t.Context(), in.Token))
	if !b.locked(in.Token) {
		b.t.Fatal("the screen does not lock")
	}
	return in.Token
}

func (b *bed) locked(token string) bool {
	b.t.Helper()
	cur, err := b.id.Session(b.t.Context(), token, false)
	must(b.t, err)
	return cur.Locked
}

func (b *bed) whyNot(want string) {
	b.t.Helper()
	if got := b.events("midori", "sso.failed"); !strings.HasSuffix(got, ":"+want) {
		b.t.Errorf("the log says %q, want %q", got, want)
	}
}

// TestScreenOpensThroughOpenID: with a real provider, which is told to authenticate anew; what comes back opens the
// screen of the very session that asked, and signs nobody in.
func TestScreenOpensThroughOpenID(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		p := idp.NewOIDC(t, people()...)
		b := newBed(t, e, Net{AllowPrivate: true, RootsFile: idp.Roots(t, p.Server())})
		ctx := t.Context()
		c := b.connect(OIDC, Settings{Issuer: p.URL, ClientID: "rakudos", Secret: "very-secret"})
		p.Register("rakudos", "very-secret", base+PathCallback+c.ID)
		s := b.begin()
		got, err := b.Callback(ctx, here, s.Token, c.ID, p.SignIn(t, s.Location, "hr").Query())
		must(t, err)
		token := b.seated(got)
		who := b.admin["midori"]
		if can, err := b.CanAgain(ctx, who); err != nil || can {
			t.Errorf("who is not linked can: %v %v", can, err)
		}
		who.Account = b.ids["midori/hr"]
		if can, err := b.CanAgain(ctx, who); err != nil || !can {
			t.Errorf("who is linked can not: %v", err)
		}
		again := func(name string) (Result, error) {
			t.Helper()
			s, err := b.BeginAgain(ctx, here, token, base, "/people")
			must(t, err)
			if q := mustURL(t, s.Location).Query(); q.Get("prompt") != "login" || q.Get("max_age") != "0" || q.Get("code_challenge") == "" || q.Get("nonce") == "" {
				t.Fatalf("the provider is not asked anew: %s", s.Location)
			}
			return b.Callback(ctx, here, s.Token, c.ID, p.SignIn(t, s.Location, name).Query())
		}
		_, err = again("x") // somebody else at the keyboard
		b.want(err, "sso.refused")
		b.whyNot("other-subject")
		got, err = again("hr")
		must(t, err)
		if got.Again == nil || got.SignedIn.Token != "" || got.Pending.Token != "" || got.Back != "/people" {
			t.Fatalf("%+v", got)
		}

		// In another session it opens nothing, of the same person or of another.
		p2, _, err := b.id.SignInAsserted(ctx, here, identity.Assertion{Tenant: who.Tenant, Account: who.Account})
		must(t, err)
		elsewhere, err := b.id.SubmitCode(ctx, here, p2.Token, b.code("hr@midori.example"))
		must(t, err)
		must(t, b.id.LockScreen(ctx, elsewhere.Token))
		b.want(b.id.ReopenAsserted(ctx, here, elsewhere.Token, *got.Again), "sso.refused")
		other := *got.Again
		other.Account = b.ids["midori/employee"]
		b.want(b.id.ReopenAsserted(ctx, here, token, other), "sso.refused")
		if !b.locked(token) || !b.locked(elsewhere.Token) {
			t.Fatal("a screen is open")
		}
		must(t, b.id.ReopenAsserted(ctx, here, token, *got.Again))
		if b.locked(token) {
			t.Error("the screen stays locked")
		}
		if got := b.events("midori", "auth.screen_"); got != "auth.screen_locked auth.screen_locked auth.screen_refused auth.screen_refused auth.screen_opened" {
			t.Errorf("the log says %q", got)
		}
		must(t, b.id.SignOut(ctx, here, token))
		if _, err := b.BeginAgain(ctx, here, token, base, "/"); err == nil {
			t.Error("a session that is over asks")
		}
	})
}

// TestScreenNeedsAFreshAuthentication: a provider that lets a session of its own do, or does not say when, opens
// nothing.
func TestScreenNeedsAFreshAuthentication(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		l := idp.NewLiar(t)
		b := newBed(t, e, Net{AllowPrivate: true, RootsFile: idp.Roots(t, l.Server)})
		ctx := t.Context()
		c := b.connect(OIDC, Settings{Issuer: l.URL, ClientID: "rakudos", Secret: "s"})
		s := b.begin()
		got, err := b.Callback(ctx, here, s.Token, c.ID, l.Answer(t, s.Location))
		must(t, err)
		token := b.seated(got)
		for name, k := range map[string]struct {
			at   any
			open bool
		}{
			"not said": {nil, false}, "an hour ago": {time.Now().Add(-time.Hour).Unix(), false}, "two minutes before it was asked": {time.Now().Add(-2 * time.Minute).Unix(), false},
			"in the future": {time.Now().Add(time.Hour).Unix(), false}, "as text": {"now", false}, "never": {0, false}, "now": {time.Now().Unix(), true},
		} {
			l.Alter = func(claims map[string]any) {
				if k.at != nil {
					claims["auth_time"] = k.at
				}
			}
			s, err := b.BeginAgain(ctx, here, token, base, "/")
			must(t, err)
			got, err := b.Callback(ctx, here, s.Token, c.ID, l.Answer(t, s.Location))
			if k.open {
				if err != nil || got.Again == nil {
					t.Errorf("%s: %v", name, err)
				}
				continue
			}
			if err == nil || got.Again != nil {
				t.Errorf("%s opens the screen", name)
			}
			b.whyNot("authentication-not-fresh")
		}
	})
}

// TestScreenOpensThroughSAML: as above; the request says ForceAuthn, and the statement's instant is looked at.
func TestScreenOpensThroughSAML(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b, p, c := samlBed(t, e, Settings{})
		ctx := t.Context()
		answer := func(s Start) (Result, error) {
			t.Helper()
			response, relay := p.SignIn(t, s.Location, "hr")
			must(t, b.Answer(ctx, here, c.ID, post(response), relay))
			return b.Continue(ctx, here, s.Token)
		}
		s := b.begin()
		if strings.Contains(asked(t, s.Location), "ForceAuthn") {
			t.Error("an ordinary sign-in forces the provider")
		}
		got, err := answer(s)
		must(t, err)
		token := b.seated(got)
		again := func() (Result, error) {
			t.Helper()
			s, err := b.BeginAgain(ctx, here, token, base, "/people")
			must(t, err)
			if !strings.Contains(asked(t, s.Location), `ForceAuthn="true"`) {
				t.Fatal("the provider is not asked anew")
			}
			return answer(s)
		}
		p.Alter = func(a *saml.Assertion) { a.AuthnStatements[0].AuthnInstant = time.Now().Add(-time.Hour) }
		_, err = again()
		b.want(err, "sso.refused")
		b.whyNot("authentication-not-fresh")
		p.Alter = nil
		got, err = again()
		must(t, err)
		must(t, b.id.ReopenAsserted(ctx, here, token, *got.Again))
		if b.locked(token) {
			t.Error("the screen stays locked")
		}
	})
}

// asked is the request inside of an address at a SAML provider.
func asked(t *testing.T, location string) string {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(mustURL(t, location).Query().Get("SAMLRequest"))
	must(t, err)
	text, err := io.ReadAll(flate.NewReader(bytes.NewReader(raw)))
	must(t, err)
	return string(text)
}
