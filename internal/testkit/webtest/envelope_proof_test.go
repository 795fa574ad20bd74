package webtest

import (
	"slices"
	"strings"
	"testing"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/control"
	"rakudos/internal/engine/db"
	"rakudos/internal/people/identity"
	"rakudos/internal/testkit/testdb"
)

var qKillEnvelope = db.Q("webtest.kill_envelope", `update identity_accounts set state = 'disabled' where tenant_id = $1 and account_id = $2`)

// TestADeadEnvelopeOfACustomerIsSeen: the probe of AC-BREAKGLASS looks, without opening any, at the envelopes of every
// tenant: one that was put out of use makes it fail.
func TestADeadEnvelopeOfACustomerIsSeen(t *testing.T) {
	h := Start(t, testdb.Engines[0])
	ctx := t.Context()
	all := promised(h.Statement.Set())
	c := all[slices.IndexFunc(all, func(c control.Control) bool { return c.ID == "AC-BREAKGLASS" })]
	tenant, err := h.Tenant(ctx, "midori")
	if err != nil {
		t.Fatal(err)
	}
	host := actor.HostOperator(tenant.ID, "account")
	for _, dead := range []bool{false, true} {
		if _, err := h.Identity.Seal(ctx, host, "glass-midori", "本社の金庫"); err != nil {
			t.Fatal(err)
		}
		if dead {
			accounts, err := h.Identity.Accounts(ctx, host)
			if err != nil {
				t.Fatal(err)
			}
			kept := accounts[slices.IndexFunc(accounts, func(a identity.Account) bool { return a.Sealed })]
			if err := h.DB.Tx(ctx, tenant.ID, func(tx *db.Tx) error {
				_, err := tx.Exec(qKillEnvelope, tenant.ID, kept.ID)
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		got, err := c.Probe(ctx)
		if err != nil || got.OK == dead || dead != strings.Contains(strings.Join(got.Failed, ""), "使えない緊急用の利用者IDが1件") {
			t.Errorf("dead %v: %+v, %v", dead, got, err)
		}
	}
}
