package vault_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/vault"
	"rakudos/internal/testkit/testdb"
)

// refusing is a root in a key service that opens nothing for now, and says why.
type refusing struct {
	vault.Root
	why error
}

func (r *refusing) Unwrap(ctx context.Context, wrapped, aad []byte) ([]byte, error) {
	if r.why != nil {
		return nil, r.why
	}
	return r.Root.Unwrap(ctx, wrapped, aad)
}

// TestAKeyServiceThatRefusesLosesNothing: a service that is away, sealed, or denies is never taken for a broken key, a
// damaged copy, or a key that is missing and may be made anew.
func TestAKeyServiceThatRefusesLosesNothing(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		ctx := t.Context()
		first := open(t, e)
		lives, gone := tenant(t, first), tenant(t, first)
		if err := first.DestroyTenant(ctx, gone); err != nil {
			t.Fatal(err)
		}
		root, err := vault.FileRoot(filepath.Join(e.Dir, "root.key"))
		if err != nil {
			t.Fatal(err)
		}
		r := &refusing{Root: root}
		_, wrapped, err := vault.NewWrapped(ctx, r, "copy")
		if err != nil {
			t.Fatal(err)
		}
		for want, kind := range map[string]fault.Kind{"vault.kms_away": fault.Busy, "vault.kms_sealed": fault.Busy, "vault.kms_denied": fault.Denied, "vault.kms_missing": fault.Denied} {
			r.why = nil
			v, err := vault.Open(ctx, e.Keys, r)
			if err != nil {
				t.Fatal(err)
			}
			r.why = fault.New(kind, want)
			_, errLives := v.Tenant(ctx, lives)
			_, errGone := v.Tenant(ctx, gone)
			_, errReceipt := v.TenantReceipt(ctx, gone)
			_, errCopy := vault.OpenWrapped(ctx, r, "copy", wrapped)
			_, errStart := vault.Open(ctx, e.Keys, r)
			for what, err := range map[string]error{"a tenant": errLives, "a destroyed one": errGone, "made anew": v.CreateTenant(ctx, gone), "its receipt": errReceipt, "a copy": errCopy, "a start": errStart} {
				if code(err) != want {
					t.Errorf("%s while the service says %s: %v", what, want, err)
				}
			}
			r.why = nil // it answers again, and everything is as it was
			if _, err := v.Tenant(ctx, lives); err != nil {
				t.Error(err)
			}
			if err := v.CreateTenant(ctx, gone); code(err) != "vault.key_destroyed" {
				t.Errorf("the destroyed one afterwards: %v", err)
			}
			if _, err := v.Tenant(ctx, ids.New[ids.Tenant]()); code(err) != "vault.key_missing" {
				t.Errorf("one that never was: %v", err)
			}
		}
	})
}

// node is one more process on the same key store, whose key service can be made to refuse.
func node(t *testing.T, e *testdb.Env) (*vault.Vault, *refusing) {
	t.Helper()
	root, err := vault.FileRoot(filepath.Join(e.Dir, "root.key"))
	if err != nil {
		t.Fatal(err)
	}
	r := &refusing{Root: root}
	v, err := vault.Open(t.Context(), e.Keys, r)
	if err != nil {
		t.Fatal(err)
	}
	return v, r
}

// TestADestroyedKeyIsGivenUpWithoutTheKeyService: a key that was destroyed on another node is used no more within a
// minute, although the key service cannot be asked whether its tombstone is genuine. One that lives goes on.
func TestADestroyedKeyIsGivenUpWithoutTheKeyService(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		ctx := t.Context()
		there := open(t, e)
		here, r := node(t, e)
		lives, gone := tenant(t, there), tenant(t, there)
		for _, id := range []ids.Tenant{lives, gone} {
			if _, err := here.Tenant(ctx, id); err != nil {
				t.Fatal(err)
			}
		}
		if err := there.DestroyTenant(ctx, gone); err != nil {
			t.Fatal(err)
		}
		r.why = fault.New(fault.Busy, "vault.kms_away")
		for range 2 {
			vault.Age(here, time.Minute)
			if k, err := here.Tenant(ctx, gone); k != nil || code(err) != "vault.kms_away" {
				t.Errorf("destroyed elsewhere: %v, %v", k != nil, err)
			}
			if vault.Cached(here, gone) {
				t.Error("its key is still in memory")
			}
			if _, err := here.Tenant(ctx, lives); err != nil {
				t.Errorf("one that lives: %v", err)
			}
		}
		r.why = nil
		if _, err := here.Tenant(ctx, gone); code(err) != "vault.key_destroyed" {
			t.Errorf("once the service answers: %v", err)
		}
	})
}
