package vault_test

import (
	"slices"
	"testing"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/vault"
	"rakudos/internal/testkit/testdb"
)

// TestASweepForgetsWhatAnotherNodeDestroyed: the key of a tenant for whom nobody asks here leaves memory, also while the
// key service is away, and its tenant is named once; so is one whose loss was noticed by asking, or made here. Keys that
// live stay.
func TestASweepForgetsWhatAnotherNodeDestroyed(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		ctx := t.Context()
		there := open(t, e)
		here, r := node(t, e)
		lives, quiet, asked, own, strange := tenant(t, there), tenant(t, there), tenant(t, there), tenant(t, there), tenant(t, there)
		for _, id := range []ids.Tenant{lives, quiet, asked, own} {
			if _, err := here.Tenant(ctx, id); err != nil {
				t.Fatal(err)
			}
		}
		sweep := func(want ...ids.Tenant) {
			t.Helper()
			got, err := here.Sweep(ctx)
			slices.Sort(got)
			slices.Sort(want)
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("gone %v, want %v; %v", got, want, err)
			}
		}
		sweep()
		for _, id := range []ids.Tenant{quiet, asked, strange} {
			if err := there.DestroyTenant(ctx, id); err != nil {
				t.Fatal(err)
			}
		}
		if err := here.DestroyTenant(ctx, own); err != nil {
			t.Fatal(err)
		}
		r.why = fault.New(fault.Busy, "vault.kms_away")
		vault.Age(here, time.Minute)
		if _, err := here.Tenant(ctx, asked); code(err) != "vault.kms_away" {
			t.Error(err)
		}
		if !vault.Cached(here, quiet) {
			t.Fatal("left memory before the sweep")
		}
		sweep(quiet, asked, own)
		if vault.Cached(here, quiet) || vault.Cached(here, asked) || vault.Cached(here, own) || !vault.Cached(here, lives) || !vault.Cached(here, ids.System) {
			t.Error("a key that is gone is still in memory, or one that lives is not")
		}
		sweep()
		if _, err := here.Tenant(ctx, lives); err != nil {
			t.Error(err)
		}
	})
}
