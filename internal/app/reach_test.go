package app

import (
	"path/filepath"
	"testing"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/people/tenant"
)

// TestServiceWideRecordsAreTheAssociations: behind the pages too, the role of an auditor opens the ledger of assets
// and the register of certificates to people of the association alone.
func TestServiceWideRecordsAreTheAssociations(t *testing.T) {
	r := started(t, filepath.Join(t.TempDir(), "data"))
	for code, kind := range map[string]tenant.Kind{"aoi": tenant.Customer, "kyokai": tenant.Association} {
		of, err := r.tenant(t.Context(), tenant.New{Code: code, Name: code, Kind: kind})
		if err != nil {
			t.Fatal(err)
		}
		who := actor.Actor{Kind: actor.Human, Tenant: of.ID, Account: "a", Roles: []actor.Role{actor.Auditor}}
		_, ledger := r.Assets.Ledger(t.Context(), who)
		_, register := r.Certificates.List(t.Context(), who, 10)
		for name, err := range map[string]error{"ledger": ledger, "register": register} {
			if kind == tenant.Customer && !fault.Is(err, fault.Denied) || kind == tenant.Association && err != nil {
				t.Errorf("%s for an auditor of a %s: %v", name, kind, err)
			}
		}
	}
}
