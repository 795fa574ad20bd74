package sso

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"rakudos/internal/people/identity"
	"rakudos/internal/testkit/idp"
	"rakudos/internal/testkit/testdb"
)

// through signs hr in by the connection, up to the session, and gives what the session keeps of the provider.
func (b *bed) through(c Connection, start Start, answer url.Values) (string, identity.Vouched) {
	b.t.Helper()
	got, err := b.Callback(b.t.Context(), here, start.Token, c.ID, answer)
	must(b.t, err)
	in, err := b.id.SubmitCode(b.t.Context(), here, got.Pending.Token, b.code("hr@midori.example"))
	must(b.t, err)
	v, ok, err := b.id.Vouched(b.t.Context(), in.Token)
	must(b.t, err)
	if !ok || v.Connection != c.ID {
		b.t.Fatalf("%v %+v", ok, v)
	}
	return in.Token, v
}

// TestLeavingTheProvider: with a real provider and on both engines, the way to its sign-out names the session by its own
// token, leads back to an address of ours with our state, and ends that person's session there and nobody else's. An
// address that is not registered, and a token that was changed, get nowhere at the provider.
func TestLeavingTheProvider(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		p := idp.NewOIDC(t, people()...)
		b := newBed(t, e, Net{AllowPrivate: true, RootsFile: idp.Roots(t, p.Server())})
		c := b.connect(OIDC, Settings{Issuer: p.URL, ClientID: "rakudos", Secret: "very-secret"})
		p.Register("rakudos", "very-secret", base+PathCallback+c.ID)
		midori := b.tenants["midori"].ID
		s := b.begin()
		session, v := b.through(c, s, p.SignIn(t, s.Location, "hr").Query())
		must(t, b.id.SignOut(t.Context(), here, session))
		way, ok := b.Leave(t.Context(), midori, v, base)
		if !ok || way.Name != "会社のアカウント" || len(way.State) < 40 {
			t.Fatalf("%v %+v", ok, way)
		}
		to := mustURL(t, way.Location)
		q := to.Query()
		for name, want := range map[string]string{"client_id": "rakudos", "post_logout_redirect_uri": base + "/sso/oidc/left", "state": way.State, "ui_locales": "ja"} {
			if q.Get(name) != want {
				t.Errorf("%s is %q", name, q.Get(name))
			}
		}
		if !strings.HasPrefix(way.Location, p.URL+"/") || strings.Count(q.Get("id_token_hint"), ".") != 2 {
			t.Errorf("it leads to %s", way.Location)
		}
		if again, _ := b.Leave(t.Context(), midori, v, base); again.State == way.State {
			t.Error("the state is the same twice")
		}

		if got := p.Refuses(t, way.Location); got != http.StatusBadRequest || len(p.Ended()) != 0 {
			t.Errorf("an unregistered address gets %d, ended %v", got, p.Ended())
		}
		p.Lets(base + PathLeft)
		forged := mustURL(t, way.Location)
		fq := forged.Query()
		fq.Set("id_token_hint", fq.Get("id_token_hint")[:len(fq.Get("id_token_hint"))-6]+"AAAAAA")
		forged.RawQuery = fq.Encode()
		if got := p.Refuses(t, forged.String()); got != http.StatusBadRequest || len(p.Ended()) != 0 {
			t.Errorf("a forged token gets %d, ended %v", got, p.Ended())
		}
		back := p.Leave(t, way.Location)
		if back.Scheme+"://"+back.Host+back.Path != base+PathLeft || !Left(way.State, back.Query().Get("state")) {
			t.Errorf("it leads back to %s", back)
		}
		if got := p.Ended(); !slices.Equal(got, []string{"sub-hr rakudos"}) {
			t.Errorf("ended %v", got)
		}
		if Left("", "") || Left("", back.Query().Get("state")) || Left(way.State, "") || Left(way.State, way.State+"x") {
			t.Error("a stranger comes back")
		}

		// The neighbour has no such connection, whatever it was handed.
		if _, ok := b.Leave(t.Context(), b.tenants["hikari"].ID, v, base); ok {
			t.Error("the neighbour's provider is named")
		}
		if _, err := b.Save(t.Context(), b.admin["midori"], c.ID, OIDC, Settings{Name: "x", Issuer: p.URL, ClientID: "rakudos", LinkBy: ByEmail}, false); err != nil {
			t.Fatal(err)
		}
		if _, ok := b.Leave(t.Context(), midori, v, base); ok {
			t.Error("a provider that is not used any more is named")
		}
	})
}

// TestLeavingElsewhere: a token goes to the provider that has made it and to no other; a provider that offers nothing,
// offers something else than https, or is down, is left alone; what is too long is not kept.
func TestLeavingElsewhere(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		l, other := idp.NewLiar(t), idp.NewLiar(t)
		b := newBed(t, e, Net{AllowPrivate: true, RootsFile: idp.Roots(t, l.Server, other.Server)})
		ctx, midori := t.Context(), b.tenants["midori"].ID
		ends := func(at string) func(map[string]any) {
			return func(d map[string]any) { d["end_session_endpoint"] = at }
		}
		l.Document, other.Document = ends(l.URL+"/out?tenant=7"), ends(other.URL+"/out")
		set := Settings{Name: "会社", Issuer: l.URL, ClientID: "rakudos", Secret: "s", LinkBy: ByEmail}
		c := b.connect(OIDC, set)
		s := b.begin()
		_, v := b.through(c, s, l.Answer(t, s.Location))
		hint := func() (string, bool) {
			t.Helper()
			way, ok := b.Leave(ctx, midori, v, base)
			if !ok {
				return "", false
			}
			if q := mustURL(t, way.Location).Query(); q.Get("client_id") == "" || q.Get("state") != way.State {
				t.Errorf("%s", way.Location)
			}
			return mustURL(t, way.Location).Query().Get("id_token_hint"), true
		}
		if got, ok := hint(); !ok || got == "" {
			t.Errorf("%q %v", got, ok)
		}
		if way, _ := b.Leave(ctx, midori, v, base); mustURL(t, way.Location).Query().Get("tenant") != "7" {
			t.Errorf("what the provider's own address says is lost: %s", way.Location)
		}

		set.Issuer = other.URL // another provider takes the place under the same connection
		if _, err := b.Save(ctx, b.admin["midori"], c.ID, OIDC, set, true); err != nil {
			t.Fatal(err)
		}
		if got, ok := hint(); !ok || got != "" {
			t.Errorf("another provider is shown the token: %q %v", got, ok)
		}
		set.Issuer, set.ClientID = l.URL, "another"
		if _, err := b.Save(ctx, b.admin["midori"], c.ID, OIDC, set, true); err != nil {
			t.Fatal(err)
		}
		if got, ok := hint(); !ok || got != "" {
			t.Errorf("another client shows the token: %q %v", got, ok)
		}
		for what, document := range map[string]func(map[string]any){"none": nil, "plain": ends("http://provider.example/out"), "script": ends("javascript:alert(1)"), "fragment": ends(l.URL + "/out#x"), "text": func(d map[string]any) { d["end_session_endpoint"] = 7 }} {
			l.Document = document
			must(t, forgetProvider(b, l.URL))
			if got, ok := hint(); ok {
				t.Errorf("%s: it leads on: %q", what, got)
			}
		}
		l.Server.Close()
		must(t, forgetProvider(b, l.URL))
		if _, ok := hint(); ok {
			t.Error("a provider that is down is named")
		}
		for _, who := range []identityOf{{}, {Token: strings.Repeat("x", maxHint+1)}} {
			if got := ticketOf(&c, who); got != nil {
				t.Errorf("kept: %d", len(got))
			}
		}
		if got := ticketOf(&Connection{Settings: Settings{Kind: SAML}}, identityOf{Token: "x"}); got != nil {
			t.Error("a SAML provider gives no such token")
		}
		var k ticket
		if b := ticketOf(&c, identityOf{Token: "x"}); json.Unmarshal(b, &k) != nil || k.Token != "x" || k.Client != "rakudos" || k.Issuer != l.URL {
			t.Errorf("%+v", k)
		}
	})
}

// forgetProvider makes the next question go to the provider, as an hour later.
func forgetProvider(b *bed, issuer string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.providers, issuer)
	return nil
}
