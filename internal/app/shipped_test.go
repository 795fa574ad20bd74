package app

import (
	"path/filepath"
	"slices"
	"testing"

	"rakudos/internal/base/actor"
	"rakudos/internal/engine/probe"
	"rakudos/internal/people/tenant"
)

// TestNoAccountIsShipped: a service that has started without demo data has the accounts of its own probes and nobody
// else's, and no name and no password of theirs is that of another installation.
func TestNoAccountIsShipped(t *testing.T) {
	var before []probe.Account
	for range 2 {
		r := started(t, filepath.Join(t.TempDir(), "data"))
		all, err := r.Tenants.List(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		probes, n := r.site().Accounts, 0
		for _, x := range all {
			accounts, err := r.Identity.Accounts(t.Context(), actor.System(x.ID, "test"))
			if err != nil {
				t.Fatal(err)
			}
			for _, a := range accounts {
				n++
				if x.Kind != tenant.Probe || !slices.ContainsFunc(probes, func(p probe.Account) bool { return p.Tenant == x.Code && p.LoginID == a.LoginID }) {
					t.Errorf("%s of %s is no probe's", a.LoginID, x.Code)
				}
			}
		}
		if n != len(probes) || n == 0 {
			t.Errorf("%d accounts, %d of probes", n, len(probes))
		}
		for _, p := range probes {
			if slices.ContainsFunc(before, func(o probe.Account) bool { return o.LoginID == p.LoginID || o.Password == p.Password }) {
				t.Errorf("an account of %s is the same in two installations", p.Role)
			}
		}
		before = probes
	}
}
