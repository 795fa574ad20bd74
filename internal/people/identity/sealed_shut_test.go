package identity

import (
	"strings"
	"testing"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/testdb"
)

// envelopeOf seals an emergency account in midori and gives its id too.
func (h *house) envelopeOf(login string) (Envelope, ids.Account) {
	h.t.Helper()
	e, err := h.Seal(h.t.Context(), h.keeper("k1"), login, "金庫")
	must(h.t, err)
	all, err := h.SealedAccounts(h.t.Context(), h.keeper("k1"))
	must(h.t, err)
	for _, a := range all {
		if a.LoginID == login {
			return e, a.ID
		}
	}
	h.t.Fatal("no envelope")
	return e, ""
}

func (h *house) shutOf(login string) Shut {
	h.t.Helper()
	all, err := h.SealedAccounts(h.t.Context(), h.keeper("k1"))
	must(h.t, err)
	for _, a := range all {
		if a.LoginID == login {
			return a.Shut
		}
	}
	return "missing"
}

// TestNobodyTakesTheEnvelopeAway: neither an administrator nor the service itself stops, strips, renames or readdresses
// an emergency account, and afterwards it still opens the door.
func TestNobodyTakesTheEnvelopeAway(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h, ctx := sealHouse(t, e, quick()), t.Context()
		env, id := h.envelopeOf("glass")
		for name, a := range map[string]actor.Actor{"an administrator": h.keeper("k1"), "the service": h.admin["midori"], "a personnel system": {Kind: actor.Machine, Tenant: h.tenants["midori"].ID, Account: "scim:x"}} {
			for what, err := range map[string]error{
				"disable": h.Disable(ctx, a, id, "x"), "revoke": h.RevokeGrant(ctx, a, id, Grant{Role: actor.Emergency}, "x"),
				"narrow": h.NarrowGrant(ctx, a, id, Grant{Role: actor.Emergency}, "site-1", "x"), "rename": h.Rename(ctx, a, id, "別の名前", "x"),
				"address": h.ProposeEmail(ctx, a, id, "thief@elsewhere.example", "x"), "person": h.BindPerson(ctx, a, id, "p1", "x"),
			} {
				t.Log(name, what)
				h.want(err, "identity.sealed_account")
			}
		}
		h.want(h.Disable(ctx, h.keeper("k1"), h.ids["hikari/hr"], "他社"), "identity.no_account")
		all, err := h.Accounts(ctx, h.keeper("k1"))
		must(t, err)
		for _, a := range all {
			if a.Sealed != (a.ID == id) {
				t.Errorf("%s: sealed %v", a.LoginID, a.Sealed)
			}
		}
		if s := h.shutOf("glass"); s != "" {
			t.Errorf("it says %q", s)
		}
		if in, _ := h.opened(env); !in.Session.Actor.Has(actor.Emergency) {
			t.Error("the envelope opens no door")
		}
	})
}

// TestAnEnvelopeThatOpensNothingSaysSo: stopped by the host, or without its role, it is no sealed envelope on any page;
// whoever watches is told once, and sealing it anew makes it whole.
func TestAnEnvelopeThatOpensNothingSaysSo(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h, ctx := sealHouse(t, e, quick()), t.Context()
		_, stopped := h.envelopeOf("glass")
		_, bare := h.envelopeOf("glass2")
		h.envelopeOf("glass3")
		k, err := h.keys.Tenant(ctx, h.tenants["midori"].ID)
		must(t, err)
		must(t, h.db.Tx(ctx, h.tenants["midori"].ID, func(tx *db.Tx) error { // as an earlier version let everybody do
			return h.amend(tx, k, h.tenants["midori"].ID, stopped, func(a *account) { a.State = "disabled" })
		}))
		h.forge(qGrantClear, bare)
		if got := []Shut{h.shutOf("glass"), h.shutOf("glass2"), h.shutOf("glass3")}; got[0] != ShutStopped || got[1] != ShutNoRole || got[2] != "" {
			t.Errorf("%q", got)
		}
		if all, shut, err := h.Envelopes(ctx); err != nil || all != 3 || shut != 2 {
			t.Errorf("%d of %d, %v", shut, all, err)
		}
		must(t, h.Sweep(ctx))
		must(t, h.Sweep(ctx))
		told := 0
		eventually(t, "the watchers are told", func() bool {
			if h.alarm("今は使えません")() {
				told++
			}
			return told == 2
		})
		if h.alarm("今は使えません")() {
			t.Error("told again on the same day")
		}
		for _, login := range []string{"glass", "glass2"} {
			env, err := h.Seal(ctx, h.keeper("k1"), login, "金庫")
			must(t, err)
			if s := h.shutOf(login); s != "" {
				t.Errorf("sealed anew, %s is %q", login, s)
			}
			if in, _ := h.opened(env); !in.Session.Actor.Has(actor.Emergency) || len(in.Session.Actor.Roles) != 1 {
				t.Errorf("%s opens with %v", login, in.Session.Actor.Roles)
			}
		}
		if all, shut, err := h.Envelopes(ctx); err != nil || all != 1 || shut != 0 {
			t.Errorf("afterwards %d of %d, %v", shut, all, err)
		}
	})
}

// TestTheHostRetiresAnEnvelope: it is used up then, not dead with a whole seal, and comes back as after a use.
func TestTheHostRetiresAnEnvelope(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h, ctx := sealHouse(t, e, quick()), t.Context()
		env, id := h.envelopeOf("glass")
		host := actor.HostOperator(h.tenants["midori"].ID, "account")
		must(t, h.Disable(ctx, host, id, "支所を閉じた"))
		h.want(h.Disable(ctx, host, id, "もう一度"), "identity.sealed_account")
		_, err := h.first("midori", "glass", env.Password, Visit{})
		h.want(err, "identity.wrong")
		all, err := h.SealedAccounts(ctx, h.keeper("k1"))
		if err != nil || all[0].State != Spent || all[0].Shut != "" {
			t.Errorf("%+v, %v", all, err)
		}
		if ready, shut, err := h.Envelopes(ctx); err != nil || ready != 0 || shut != 0 {
			t.Errorf("%d of %d, %v", shut, ready, err)
		}
		_, err = h.Seal(ctx, h.keeper("k1"), "glass", "金庫")
		h.want(err, "identity.sealed_unreviewed")
	})
}

// TestAGrantOfSomebodyElsesHandIsNoRole: a grant written past the service opens nothing, so the envelope counts as shut.
func TestAGrantOfSomebodyElsesHandIsNoRole(t *testing.T) {
	h := sealHouse(t, testdb.New(t, "sqlite"), quick())
	_, id := h.envelopeOf("glass")
	h.forge(qGrantInsert, id, "hr", "", "", 1, "host", 0, "")
	if s := h.shutOf("glass"); s != ShutNoRole {
		t.Errorf("it says %q", s)
	}
	if _, shut, err := h.Envelopes(t.Context()); err != nil || shut != 1 {
		t.Errorf("%d, %v", shut, err)
	}
	if got := strings.Count(h.verbs("midori"), "sealed.sealed"); got != 1 {
		t.Errorf("looking wrote %d events", got)
	}
}
