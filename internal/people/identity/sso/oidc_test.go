package sso

import (
	"net/url"
	"strings"
	"testing"

	"rakudos/internal/base/fault"
	"rakudos/internal/people/identity"
	"rakudos/internal/testkit/idp"
	"rakudos/internal/testkit/testdb"
)

func people() []idp.User {
	return []idp.User{{ID: "sub-hr", Name: "hr", Email: "HR@midori.example", Verified: true}, {ID: "sub-x", Name: "x", Email: "x@midori.example", Verified: true},
		{ID: "sub-u", Name: "u", Email: "employee@midori.example"}, {ID: "sub-hr2", Name: "hr2", Email: "hr@midori.example", Verified: true}}
}

// TestOpenIDSignsIn: with a real provider, from the first link to the session, on both engines.
func TestOpenIDSignsIn(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		p := idp.NewOIDC(t, people()...)
		b := newBed(t, e, Net{AllowPrivate: true, RootsFile: idp.Roots(t, p.Server())})
		c := b.connect(OIDC, Settings{Issuer: p.URL, ClientID: "rakudos", Secret: "very-secret"})
		p.Register("rakudos", "very-secret", base+PathCallback+c.ID)
		must(t, b.Test(t.Context(), b.admin["midori"], c.ID))

		s := b.begin()
		q := mustURL(t, s.Location).Query()
		for name, want := range map[string]string{"response_type": "code", "code_challenge_method": "S256", "redirect_uri": base + PathCallback + c.ID} {
			if q.Get(name) != want {
				t.Errorf("%s is %q", name, q.Get(name))
			}
		}
		if len(q.Get("state")) < 40 || len(q.Get("nonce")) < 40 || q.Get("state") == q.Get("nonce") || len(q.Get("code_challenge")) < 40 {
			t.Errorf("the request is not tied to this attempt: %s", s.Location)
		}
		back := p.SignIn(t, s.Location, "hr")
		got, err := b.Callback(t.Context(), here, s.Token, c.ID, back.Query())
		must(t, err)
		if got.Pending.Token == "" || got.SignedIn.Token != "" || got.Back != "/worklist" {
			t.Fatalf("the code must follow by default: %+v", got)
		}
		in, err := b.id.SubmitCode(t.Context(), here, got.Pending.Token, b.code("hr@midori.example"))
		must(t, err)
		if in.Session.Actor.Account != b.ids["midori/hr"] || in.Session.Actor.Tenant != b.tenants["midori"].ID {
			t.Errorf("signed in as %+v", in.Session.Actor)
		}

		// The answer can't be used again, here or in another browser.
		_, err = b.Callback(t.Context(), here, s.Token, c.ID, back.Query())
		b.want(err, "sso.no_flow")
		other := b.begin()
		_, err = b.Callback(t.Context(), here, other.Token, c.ID, back.Query())
		b.want(err, "sso.refused")
		// Nor with a new attempt's own state: the provider has redeemed the code, and PKCE ties it to the old one.
		q = back.Query()
		q.Set("state", mustURL(t, other.Location).Query().Get("state"))
		_, err = b.Callback(t.Context(), here, other.Token, c.ID, q)
		b.want(err, "sso.refused")
		if got := b.events("midori", "sso.failed"); got != "sso.failed:state sso.failed:code" {
			t.Errorf("the log says %q", got)
		}

		// From now on only issuer and subject count; another subject with the same address gets nowhere.
		links, err := b.Links(t.Context(), b.admin["midori"])
		must(t, err)
		if len(links) != 1 || links[0].Subject != "sub-hr" || links[0].Account != b.ids["midori/hr"] {
			t.Fatalf("links %+v", links)
		}
		for name, why := range map[string]string{"hr2": "account-taken", "x": "no-account", "u": "email-unverified"} {
			s := b.begin()
			_, err = b.Callback(t.Context(), here, s.Token, c.ID, p.SignIn(t, s.Location, name).Query())
			b.want(err, "sso.refused")
			if got := b.events("midori", "sso.failed"); !strings.HasSuffix(got, ":"+why) {
				t.Errorf("%s: the log says %q", name, got)
			}
		}

		// The administrator takes the link away; the next sign-in is a first one again.
		must(t, b.Unlink(t.Context(), b.admin["midori"], links[0].ID))
		b.want(b.Unlink(t.Context(), b.admin["hikari"], links[0].ID), "sso.missing")
		s = b.begin()
		_, err = b.Callback(t.Context(), here, s.Token, c.ID, p.SignIn(t, s.Location, "hr2").Query())
		must(t, err)

		// A disabled account is refused although it is linked.
		must(t, b.id.Disable(t.Context(), b.admin["midori"], b.ids["midori/hr"], "退職"))
		s = b.begin()
		_, err = b.Callback(t.Context(), here, s.Token, c.ID, p.SignIn(t, s.Location, "hr2").Query())
		b.want(err, "sso.refused")
	})
}

func mustURL(t testing.TB, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	must(t, err)
	return u
}

// TestNeighbourHasNoProvider: what one tenant trusts is nothing to another, and nobody learns who has what.
func TestNeighbourHasNoProvider(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		p := idp.NewOIDC(t, people()...)
		b := newBed(t, e, Net{AllowPrivate: true, RootsFile: idp.Roots(t, p.Server())})
		c := b.connect(OIDC, Settings{Issuer: p.URL, ClientID: "rakudos", Secret: "very-secret"})
		none := func(code string) error {
			_, err := b.Begin(t.Context(), here, code, "", base, "/")
			return err
		}
		first, second := fault.Of(none("hikari")), fault.Of(none("nobody"))
		if first == nil || second == nil || first.Code != "sso.unavailable" || first.Code != second.Code || first.Kind != second.Kind {
			t.Errorf("%v and %v", first, second)
		}
		_, err := b.Begin(t.Context(), here, "hikari", c.ID, base, "/")
		b.want(err, "sso.unavailable")
		if all, err := b.Connections(t.Context(), b.admin["hikari"]); err != nil || len(all) != 0 {
			t.Errorf("the neighbour sees %v %v", all, err)
		}
		b.want(b.Remove(t.Context(), b.admin["hikari"], c.ID), "sso.missing")
		_, err = b.Save(t.Context(), b.admin["hikari"], c.ID, OIDC, Settings{Name: "x"}, true)
		b.want(err, "sso.missing")
		hr := b.admin["midori"]
		hr.Roles = nil
		_, err = b.Connections(t.Context(), hr)
		b.want(err, "access.denied")

		// Who begins again and again from one network is slowed down.
		for range 30 {
			if err = none("nobody"); fault.Is(err, fault.Busy) {
				break
			}
		}
		b.want(err, "sso.too_soon")

		all, err := b.Connections(t.Context(), b.admin["midori"])
		must(t, err)
		if len(all) != 1 || all[0].Secret != "" {
			t.Errorf("the secret comes back: %+v", all)
		}
		must(t, b.Remove(t.Context(), b.admin["midori"], c.ID))
	})
}

// TestTwoFactorsOfTheProvider: only values that the tenant has named spare the code.
func TestTwoFactorsOfTheProvider(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		l := idp.NewLiar(t)
		b := newBed(t, e, Net{AllowPrivate: true, RootsFile: idp.Roots(t, l.Server)})
		c := b.connect(OIDC, Settings{Issuer: l.URL, ClientID: "rakudos", Secret: "s", MFA: []string{"mfa", "urn:acr:2"}})
		b.confirmed(c)
		for what, code := range map[string]bool{"pwd": true, "mfa": false, "MFA": true} {
			l.Alter = func(claims map[string]any) { claims["amr"] = []string{what} }
			s := b.begin()
			got, err := b.Callback(t.Context(), here, s.Token, c.ID, l.Answer(t, s.Location))
			must(t, err)
			if (got.Pending.Token != "") != code || (got.SignedIn.Session.Actor.Account == b.ids["midori/hr"]) == code {
				t.Errorf("%s: %+v", what, got)
			}
		}
		l.Alter = func(claims map[string]any) { claims["acr"] = "urn:acr:2" }
		s := b.begin()
		got, err := b.Callback(t.Context(), here, s.Token, c.ID, l.Answer(t, s.Location))
		must(t, err)
		if got.SignedIn.Token == "" {
			t.Error("a named acr does not count")
		}
		must(t, b.id.SignOut(t.Context(), here, got.SignedIn.Token))
	})
}

// TestPasswordOfRestrictedRoles: a tenant may tie roles to its provider; the tenant administrator of longest
// standing keeps the password, and without a provider in use so does everybody.
func TestPasswordOfRestrictedRoles(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e, Net{})
		admin := b.admin["midori"]
		b.want(b.SetOnlyRoles(t.Context(), admin, restricted), "sso.none_enabled")
		set := Settings{Name: "x", Issuer: "https://login.example", ClientID: "c", Secret: "s", LinkBy: ByEmail}
		c := b.connect(OIDC, set)
		must(t, b.SetOnlyRoles(t.Context(), admin, restricted))
		second, err := b.id.CreateAccount(t.Context(), admin, identity.NewAccount{LoginID: "admin2", Name: "二人目", Email: "admin2@midori.example", Password: rightPW, Grants: []identity.Grant{{Role: "tenantadmin"}}})
		must(t, err)
		try := func(code, login string) error {
			_, err := b.id.SignIn(t.Context(), here, code, login, rightPW)
			return err
		}
		b.want(try("midori", "hr"), "identity.sso_only")
		b.want(try("midori", "admin2"), "identity.sso_only")
		must(t, try("midori", "tenantadmin"))
		must(t, try("midori", "employee"))
		must(t, try("hikari", "hr"))
		if keeper, err := b.id.BreakGlass(t.Context(), admin.Tenant); err != nil || keeper != b.ids["midori/tenantadmin"] {
			t.Errorf("keeper %s %v", keeper, err)
		}
		must(t, b.id.Disable(t.Context(), admin, b.ids["midori/tenantadmin"], "退職"))
		must(t, try("midori", "admin2"))
		if keeper, _ := b.id.BreakGlass(t.Context(), admin.Tenant); keeper != second.ID {
			t.Error("nobody keeps the password")
		}
		if _, err = b.Save(t.Context(), admin, c.ID, OIDC, set, false); err != nil {
			t.Fatal(err)
		}
		must(t, try("midori", "hr"))
	})
}
