package identity

import (
	"strings"
	"testing"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/testdb"
)

var (
	qTestConnection = db.Q("identity.test_connection", `insert into sso_connections (tenant_id, connection_id, kind, config, enabled, created_at, changed_at) values ($1, 'c', 'oidc', $2, 1, 1, 1)`)
	qTestStopped    = db.Q("identity.test_stopped", `update sso_connections set enabled = 0, config = $2 where tenant_id = $1`)
)

// TestOnlyTheProvider: a role that the tenant ties to its provider can't come in by what its people had before, and
// is told why, once it has shown that the account is its own; the provider's way, the keeper's and the neighbour's
// stay open, and so do all when no provider is in use.
func TestOnlyTheProvider(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		ctx, v, midori := t.Context(), Visit{Addr: "192.0.2.1"}, h.tenants["midori"].ID
		enrol := func(role string) func() error {
			in := h.in("midori", role, v)
			must(t, h.Prove(ctx, v, in.Token, rightPW))
			d := h.passkey(in.Token)
			return func() error { _, err := h.byPasskey(d); return err }
		}
		hrPasskey, adminPasskey := enrol("hr"), enrol("tenantadmin")
		second := h.account("midori", NewAccount{LoginID: "second", Name: "二人目", Email: "second@midori.example", Password: rightPW, Grants: []Grant{{Role: actor.TenantAdmin}}})
		k, err := h.keys.Tenant(ctx, midori)
		must(t, err)
		config := func(says string) []byte { return k.Seal(at("sso_connections", "c", "config"), []byte(says)) }
		begun, err := h.first("midori", "nurse", rightPW, v)
		must(t, err)
		must(t, e.DB.Tx(ctx, midori, func(tx *db.Tx) error {
			_, err := tx.Exec(qTestConnection, midori, config(`{"on": true, "only": ["hr", "nurse", "tenantadmin"]}`))
			return err
		}))
		password := func(code, login, pw string) error { _, err := h.first(code, login, pw, v); return err }

		h.want(password("midori", "hr", rightPW), "identity.sso_only")
		h.want(password("midori", "hr", wrongPW), "identity.wrong") // a stranger learns nothing
		h.want(password("midori", "second", rightPW), "identity.sso_only")
		h.want(hrPasskey(), "identity.sso_only")
		_, err = h.SubmitCode(ctx, v, begun.Token, h.mailed("nurse@midori.example"))
		h.want(err, "identity.sso_only")
		if n := strings.Count(h.verbs("midori"), "password_not_allowed"); n != 4 {
			t.Errorf("%d events: %s", n, h.verbs("midori"))
		}

		must(t, password("midori", "tenantadmin", rightPW)) // of longest standing: the way back when the provider is down
		must(t, adminPasskey())
		must(t, password("hikari", "hr", rightPW))
		for login, id := range map[string]ids.Account{"hr": h.ids["midori/hr"], "nurse": h.ids["midori/nurse"], "second": second.ID} {
			p, in, err := h.SignInAsserted(ctx, v, Assertion{Tenant: midori, Account: id, Connection: "c", TwoFactors: login == "hr"})
			must(t, err)
			if login != "hr" { // the mailed code follows, and lets in
				in, err = h.SubmitCode(ctx, v, p.Token, h.mailed(login+"@midori.example"))
				must(t, err)
			}
			if in.Session.Actor.Account != id {
				t.Errorf("%s is in as %+v", login, in.Session.Actor)
			}
		}

		must(t, e.DB.Tx(ctx, midori, func(tx *db.Tx) error {
			_, err := tx.Exec(qTestStopped, midori, config(`{"on": false, "only": ["hr"]}`))
			return err
		}))
		must(t, password("midori", "hr", rightPW))
		must(t, hrPasskey())
	})
}
