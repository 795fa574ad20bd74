package identity

import (
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/testkit/testdb"
)

// TestSignInAsserted: what follows a believed assertion, and who is refused in spite of one.
func TestSignInAsserted(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		v := Visit{Addr: "192.0.2.1"}
		as := func(code, role string, two bool) Assertion {
			return Assertion{Tenant: h.tenants[code].ID, Account: h.ids[code+"/"+role], Connection: "c", TwoFactors: two}
		}
		p, in, err := h.SignInAsserted(t.Context(), v, as("midori", "hr", false))
		must(t, err)
		if p.Token == "" || in.Token != "" {
			t.Fatalf("a code must follow: %+v %+v", p, in)
		}
		got, err := h.SubmitCode(t.Context(), v, p.Token, h.mailed("hr@midori.example"))
		must(t, err)
		if got.Session.Actor.Account != h.ids["midori/hr"] || !got.Session.Actor.Has(actor.HR) {
			t.Errorf("%+v", got.Session)
		}
		p, in, err = h.SignInAsserted(t.Context(), v, as("midori", "nurse", true))
		must(t, err)
		if p.Token != "" || in.Session.Actor.Account != h.ids["midori/nurse"] {
			t.Errorf("two factors: %+v %+v", p, in)
		}

		// Another tenant's account, none, a closed tenant.
		for what, one := range map[string]Assertion{
			"another tenant's": {Tenant: h.tenants["hikari"].ID, Account: h.ids["midori/hr"], TwoFactors: true},
			"nobody's":         {Tenant: h.tenants["midori"].ID, Account: ids.New[ids.Account](), TwoFactors: true},
		} {
			if _, in, err := h.SignInAsserted(t.Context(), v, one); err == nil || in.Token != "" {
				t.Errorf("%s account is opened", what)
			}
		}
		closed := h.tenants["hikari"]
		closed.Closed = true
		h.tenants["hikari"] = closed
		_, _, err = h.SignInAsserted(t.Context(), v, as("hikari", "hr", true))
		h.want(err, "identity.wrong")

		// Locked by strangers: refused, but on a browser that has signed in before it works like a password does.
		for range 11 {
			_, err = h.first("midori", "hr", wrongPW, Visit{Addr: "198.51.100.1"})
			h.want(err, "identity.wrong")
		}
		_, _, err = h.SignInAsserted(t.Context(), v, as("midori", "hr", true))
		h.want(err, "identity.wrong")
		_, in, err = h.SignInAsserted(t.Context(), Visit{Addr: "192.0.2.1", Device: got.Device}, as("midori", "hr", true))
		must(t, err)
		if in.Token == "" {
			t.Error("the owner's own browser is locked out")
		}
		must(t, h.Disable(t.Context(), h.admin["midori"], h.ids["midori/nurse"], "退職"))
		_, _, err = h.SignInAsserted(t.Context(), v, as("midori", "nurse", true))
		h.want(err, "identity.wrong")
	})
}

// TestFirstPasswordIsVoidAfterAssertion: a first password that an administrator has seen opens nothing once
// its owner comes in through the provider; and the owner need not change what nobody uses.
func TestFirstPasswordIsVoidAfterAssertion(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		v := Visit{Addr: "192.0.2.1"}
		a := h.account("midori", NewAccount{LoginID: "new", Name: "新人", Email: "new@midori.example", Grants: []Grant{{Role: actor.HR}}})
		if !a.MustChange || a.FirstPassword == "" {
			t.Fatalf("%+v", a)
		}
		_, in, err := h.SignInAsserted(t.Context(), v, Assertion{Tenant: a.Tenant, Account: a.ID, TwoFactors: true})
		must(t, err)
		if in.Session.MustChange || !in.Session.Actor.Has(actor.HR) {
			t.Errorf("%+v", in.Session)
		}
		_, err = h.first("midori", "new", a.FirstPassword, v)
		h.want(err, "identity.wrong")
	})
}

// TestProvision: names at once; an address waits for a day, its owner is told at the present one, and asking
// again for the same does not begin the day anew.
func TestProvision(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		admin, id := h.admin["midori"], h.ids["midori/hr"]
		must(t, h.Rename(t.Context(), admin, id, "  人事 次郎 ", "SCIM"))
		a, err := h.Account(t.Context(), admin, id)
		must(t, err)
		if a.Name != "人事 次郎" {
			t.Errorf("name %q", a.Name)
		}
		h.want(h.Rename(t.Context(), admin, id, " ", "SCIM"), "identity.name_form")
		h.want(h.Rename(t.Context(), admin, id, "x", ""), "identity.reason_missing")
		h.want(h.Rename(t.Context(), h.admin["hikari"], id, "x", "SCIM"), "identity.no_account")
		h.want(h.ProposeEmail(t.Context(), admin, id, "not an address", "SCIM"), "identity.email_form")
		h.want(h.ProposeEmail(t.Context(), h.admin["hikari"], id, "x@evil.example", "SCIM"), "identity.no_account")

		must(t, h.ProposeEmail(t.Context(), admin, id, "new@midori.example", "SCIM"))
		eventually(t, "a notice to the present address", func() bool { _, ok := h.box.Take("hr@midori.example", time.Time{}); return ok })
		own := actor.Actor{Kind: actor.Human, Tenant: h.tenants["midori"].ID, Account: id}
		first, err := h.EmailChange(t.Context(), own)
		must(t, err)
		must(t, h.ProposeEmail(t.Context(), admin, id, "new@midori.example", "SCIM"))
		again, err := h.EmailChange(t.Context(), own)
		must(t, err)
		if first.Due.IsZero() || !again.Due.Equal(first.Due) || time.Until(first.Due) < EmailHold-time.Minute {
			t.Errorf("due %s, then %s", first.Due, again.Due)
		}
		if a, _ := h.Account(t.Context(), admin, id); a.Email != "hr@midori.example" {
			t.Errorf("the address is %s at once", a.Email)
		}
		must(t, h.DropEmail(t.Context(), own)) // the owner takes it back
	})
}

// TestNoProviderOpensAnEnvelope: an emergency account opens by its envelope alone. Were a provider believed, its
// administrator could open a session that nobody is told of, and one of an envelope that is used up.
func TestNoProviderOpensAnEnvelope(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h, ctx := sealHouse(t, e, quick()), t.Context()
		env, err := h.Seal(ctx, h.keeper("k1"), "Glass", "金庫")
		must(t, err)
		all, err := h.SealedAccounts(ctx, h.keeper("k1"))
		must(t, err)
		for _, two := range []bool{true, false} {
			p, in, err := h.SignInAsserted(ctx, Visit{Addr: "192.0.2.1"}, Assertion{Tenant: h.tenants["midori"].ID, Account: all[0].ID, Connection: "c", TwoFactors: two})
			h.want(err, "identity.wrong")
			if p.Token != "" || in.Token != "" {
				t.Fatalf("opened: %+v %+v", p, in)
			}
		}
		if all, err = h.SealedAccounts(ctx, h.keeper("k1")); err != nil || all[0].State != Sealed {
			t.Errorf("the seal is %+v, %v", all, err)
		}
		if !strings.Contains(h.verbs("midori"), "sso_refused") {
			t.Error("the refusal is in no log")
		}
		h.opened(env) // as ever
	})
}
