package app

import (
	"path/filepath"
	"testing"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/people/tenant"
)

var forgetChoices = db.GlobalQ("test.forget_choices", `delete from identity_two_factor`)

// TestTenantsKeepTheirPolicy: demo and probe tenants have the literal policy of clause 3-5; a tenant that
// people make begins with two factors; one from before the tables of factors keeps what it had.
func TestTenantsKeepTheirPolicy(t *testing.T) {
	r := started(t, filepath.Join(t.TempDir(), "data"))
	ctx := t.Context()
	required := func(id ids.Tenant) int {
		t.Helper()
		roles, err := r.Identity.TwoFactor(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		return len(roles)
	}
	for _, id := range r.probes.tenants {
		if n := required(id); n != 0 {
			t.Errorf("a probe tenant requires two factors of %d roles", n)
		}
	}
	made, err := r.Tenants.Create(ctx, actor.HostOperator(ids.System, "setup"), tenant.New{Code: "newcomer", Name: "新しい契約先", Kind: tenant.Customer})
	if err != nil {
		t.Fatal(err)
	}
	if n := required(made.ID); n == 0 {
		t.Error("a new tenant requires no second factor of anybody")
	}
	if err := r.DB.Tx(ctx, db.Global, func(tx *db.Tx) error { _, err := tx.Exec(forgetChoices); return err }); err != nil {
		t.Fatal(err)
	}
	if n := required(r.probes.tenants[0]); n == 0 {
		t.Error("without a choice the policy does not hold")
	}
	for _, fresh := range []bool{false, true} {
		r.factorsNew = fresh
		if err := r.keepPolicy(ctx); err != nil {
			t.Fatal(err)
		}
		if n := required(made.ID); (n == 0) != fresh {
			t.Errorf("after the step (%v) it requires two factors of %d roles", fresh, n)
		}
	}
}
