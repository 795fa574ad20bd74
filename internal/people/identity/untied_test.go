package identity

import (
	"slices"
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/testdb"
)

var (
	qTestTie      = db.Q("identity.test_tie", `update sso_connections set config = $2 where tenant_id = $1`)
	qTestVouched  = db.GlobalQ("identity.test_vouched", `select count(*) from identity_asserted`)
	qTestVouch    = db.Q("identity.test_vouch", `insert into identity_asserted (tenant_id, id, account_id, sealed, created_at) select tenant_id, $3, account_id, sealed, created_at from identity_asserted where tenant_id = $1 and id = $2`)
	qTestFactored = db.Q("identity.test_factored", `update identity_sessions set factor = 'sso' where tenant_id = $1 and session_id = $2`)
)

// provider makes a connection of midori that ties some roles, as package sso does; later calls change it.
func (h *house) provider(says string) {
	h.t.Helper()
	ctx, midori := h.t.Context(), h.tenants["midori"].ID
	k, err := h.keys.Tenant(ctx, midori)
	must(h.t, err)
	config := k.Seal(at("sso_connections", "c", "config"), []byte(says))
	must(h.t, h.db.Tx(ctx, midori, func(tx *db.Tx) error {
		n, err := tx.Exec(qTestTie, midori, config)
		if err == nil && n == 0 {
			_, err = tx.Exec(qTestConnection, midori, config)
		}
		return err
	}))
}

// untie runs what package sso runs in the transaction that makes a rule.
func (h *house) untie() {
	h.t.Helper()
	midori := h.tenants["midori"].ID
	k, err := h.keys.Tenant(h.t.Context(), midori)
	must(h.t, err)
	must(h.t, h.db.Tx(h.t.Context(), midori, func(tx *db.Tx) error { return h.EndUntied(tx, k, h.admin["midori"]) }))
}

// vouched signs somebody of midori in through the provider, with the mailed code or without.
func (h *house) vouched(login string, id ids.Account, two bool, kept string) SignedIn {
	h.t.Helper()
	v := Visit{Addr: "192.0.2.1"}
	p, in, err := h.SignInAsserted(h.t.Context(), v, Assertion{Tenant: h.tenants["midori"].ID, Account: id, Connection: "c", TwoFactors: two, Kept: []byte(kept)})
	must(h.t, err)
	if !two {
		in, err = h.SubmitCode(h.t.Context(), v, p.Token, h.mailed(login+"@midori.example"))
		must(h.t, err)
	}
	return in
}

// TestTiedRolesLeaveTheirPasswords: the sessions of roles that are tied to the provider end, unless they came through it;
// of others nothing ends: the keeper's, the emergency account's, another role's, the neighbour's. Each account's end is
// an event, and whoever comes back reads why.
func TestTiedRolesLeaveTheirPasswords(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := sealHouse(t, e, quick())
		ctx, v := t.Context(), Visit{Addr: "192.0.2.1"}
		other := h.account("midori", NewAccount{LoginID: "clerk", Name: "従業員", Email: "clerk@midori.example", Password: rightPW, Grants: []Grant{{Role: actor.Employee}}})
		second := h.account("midori", NewAccount{LoginID: "second", Name: "二人目", Email: "second@midori.example", Password: rightPW, Grants: []Grant{{Role: actor.TenantAdmin}}})
		env, err := h.Seal(ctx, h.keeper("k1"), "glass", "金庫")
		must(t, err)
		emergency, _ := h.opened(env)
		open := map[string]SignedIn{
			"password": h.in("midori", "hr", v), "again": h.in("midori", "hr", v), "mail": h.vouched("hr", h.ids["midori/hr"], false, ""), "two": h.vouched("nurse", h.ids["midori/nurse"], true, ""),
			"second": h.in("midori", "second", v), "keeper": h.in("midori", "tenantadmin", v), "employee": h.in("midori", "clerk", v), "neighbour": h.in("hikari", "hr", v), "emergency": emergency,
		}
		lives := func(want ...string) {
			t.Helper()
			for name, in := range open {
				_, err := h.Session(ctx, in.Token, false)
				if slices.Contains(want, name) {
					h.want(err, "")
				} else {
					h.want(err, "identity.session_sso")
				}
			}
		}
		all := []string{"password", "again", "mail", "two", "second", "keeper", "employee", "neighbour", "emergency"}
		h.untie() // no provider
		h.provider(`{"on": false, "only": ["hr", "nurse", "tenantadmin"]}`)
		h.untie() // none in use
		lives(all...)
		h.provider(`{"on": true, "only": ["hr", "nurse", "tenantadmin"]}`)
		lives(all...)
		h.untie()
		lives("mail", "two", "keeper", "employee", "neighbour", "emergency")
		seen := map[any]any{}
		for _, entry := range h.entries("midori") {
			if entry.Verb == "auth.sessions_ended" && entry.Detail["why"] == "sso-only" {
				seen[entry.Detail["account"]] = entry.Detail["sessions"]
			}
		}
		if len(seen) != 2 || seen[string(h.ids["midori/hr"])] != float64(2) || seen[string(second.ID)] != float64(1) {
			t.Errorf("events %v", seen)
		}
		must(t, h.Disable(ctx, h.admin["midori"], other.ID, "退職"))
		_, err = h.Session(ctx, open["employee"].Token, false)
		h.want(err, "identity.session_ended")
		must(t, h.Disable(ctx, h.admin["midori"], h.ids["midori/hr"], "退職"))
		_, err = h.Session(ctx, open["password"].Token, false)
		h.want(err, "identity.session_ended") // and not a word about the rule to who has left
	})
}

// TestNobodyVouchesInTheDatabase: neither a copied row nor a factor written past the service keeps a session, and a
// session that a sign-in beside the rule has made ends at the next look.
func TestNobodyVouchesInTheDatabase(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		ctx, v, midori := t.Context(), Visit{Addr: "192.0.2.1"}, h.tenants["midori"].ID
		real := h.vouched("hr", h.ids["midori/hr"], false, "")
		copied, factored, late := h.in("midori", "hr", v), h.in("midori", "hr", v), h.in("midori", "hr", v)
		must(t, h.db.Tx(ctx, midori, func(tx *db.Tx) error {
			if _, err := tx.Exec(qTestVouch, midori, real.Session.ID, copied.Session.ID); err != nil {
				return err
			}
			_, err := tx.Exec(qTestFactored, midori, factored.Session.ID)
			return err
		}))
		if _, ok, err := h.Vouched(ctx, copied.Token); ok || err != nil {
			t.Errorf("a copied row vouches: %v", err)
		}
		h.provider(`{"on": true, "only": ["hr"]}`)
		must(t, h.Sweep(ctx))
		for _, in := range []SignedIn{copied, factored, late} {
			_, err := h.Session(ctx, in.Token, false)
			h.want(err, "identity.session_sso")
		}
		_, err := h.Session(ctx, real.Token, false)
		must(t, err)
	})
}

// TestKeeperStepsBack: the tenant administrator of longest standing has a password while that is so; when one who has
// stood longer comes back, the open session ends with the privilege.
func TestKeeperStepsBack(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		ctx, v, admin := t.Context(), Visit{Addr: "192.0.2.1"}, h.admin["midori"]
		h.account("midori", NewAccount{LoginID: "second", Name: "二人目", Email: "second@midori.example", Password: rightPW, Grants: []Grant{{Role: actor.TenantAdmin}}})
		h.provider(`{"on": true, "only": ["tenantadmin"]}`)
		first := h.ids["midori/tenantadmin"]
		must(t, h.Disable(ctx, admin, first, "休職"))
		in := h.in("midori", "second", v)
		must(t, h.Enable(ctx, admin, first, "復職"))
		_, err := h.Session(ctx, in.Token, false)
		h.want(err, "identity.session_sso")
		must(t, h.SetGrants(ctx, admin, first, []Grant{{Role: actor.HR}}, "異動"))
		in = h.in("midori", "second", v)
		must(t, h.SetGrants(ctx, admin, first, []Grant{{Role: actor.TenantAdmin}}, "異動"))
		_, err = h.Session(ctx, in.Token, false)
		h.want(err, "identity.session_sso")
	})
}

// TestVouchedGoesWithTheSession: what is kept of a provider belongs to one session, is found by its holder alone, and is
// gone when the session or the sign-in is, however that ends.
func TestVouchedGoesWithTheSession(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		ctx, v := t.Context(), Visit{Addr: "192.0.2.1"}
		hr, midori := h.ids["midori/hr"], h.tenants["midori"].ID
		left := func(want int) {
			t.Helper()
			must(t, h.db.View(ctx, db.Global, func(tx *db.Tx) error {
				n, err := db.Value[int](tx, qTestVouched)
				if n != want {
					t.Errorf("%d rows, want %d", n, want)
				}
				return err
			}))
		}
		for _, two := range []bool{false, true} {
			in := h.vouched("hr", hr, two, "the provider's token")
			got, ok, err := h.Vouched(ctx, in.Token)
			must(t, err)
			if !ok || got.Connection != "c" || string(got.Kept) != "the provider's token" || got.Account != hr {
				t.Errorf("%v %+v", ok, got)
			}
			left(1)
			must(t, h.SignOut(ctx, v, in.Token))
			left(0)
		}
		long := h.vouched("hr", hr, true, string(make([]byte, MaxKept+1)))
		if got, ok, err := h.Vouched(ctx, long.Token); err != nil || !ok || got.Kept != nil {
			t.Errorf("too much is kept: %v %d %v", ok, len(got.Kept), err)
		}
		own := h.in("midori", "hr", v)
		if _, ok, err := h.Vouched(ctx, own.Token); ok || err != nil {
			t.Errorf("a password vouches: %v", err)
		}
		must(t, h.Prove(ctx, v, own.Token, rightPW))
		must(t, h.EndSession(ctx, v, own.Token, long.Session.ID))
		left(0)
		h.vouched("hr", hr, true, "")
		must(t, h.Prove(ctx, v, own.Token, rightPW))
		must(t, h.EndOthers(ctx, v, own.Token))
		left(0)
		h.vouched("hr", hr, true, "")
		must(t, h.EndAllSessions(ctx, h.admin["midori"], "疑い"))
		left(0)

		// What only runs out goes with the next sweep; what is still to be answered stays.
		idle := h.vouched("hr", hr, true, "")
		must(t, h.AgeSession(ctx, idle.Token, 4*time.Hour, 0))
		_, _, err := h.SignInAsserted(ctx, v, Assertion{Tenant: midori, Account: hr, Connection: "c"})
		must(t, err)
		left(2)
		must(t, h.Sweep(ctx))
		left(1)
		must(t, h.db.Tx(ctx, midori, func(tx *db.Tx) error {
			_, err := tx.Exec(qTestSignInsOld, midori, db.Micros(time.Now().Add(-time.Hour)))
			return err
		}))
		must(t, h.Sweep(ctx))
		left(0)
	})
}

var qTestSignInsOld = db.Q("identity.test_signins_old", `update identity_signins set created_at = $2 where tenant_id = $1`)
