package vault_test

import (
	"path/filepath"
	"sync"
	"testing"
	"time"

	"rakudos/internal/base/ids"
	"rakudos/internal/engine/vault"
	"rakudos/internal/testkit/testdb"
)

func TestManyStartersMakeOneKey(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		v := open(t, e)
		id := ids.New[ids.Tenant]()
		p := people(150)
		var all sync.WaitGroup
		sealed := make([][]byte, 8)
		for i := range sealed {
			all.Go(func() {
				if err := v.CreateTenant(t.Context(), id); err != nil {
					t.Error(err)
					return
				}
				if err := v.CreatePersons(t.Context(), id, p); err != nil {
					t.Error(err)
					return
				}
				keys, err := v.Persons(t.Context(), id, p)
				if err != nil || len(keys) != len(p) {
					t.Errorf("%d keys, %v", len(keys), err)
					return
				}
				sealed[i] = keys[p[149]].Seal(at, []byte("x"))
			})
		}
		all.Wait()
		keys, err := open(t, e).Persons(t.Context(), id, p)
		if err != nil {
			t.Fatal(err)
		}
		for i, s := range sealed {
			if _, err := keys[p[149]].Open(at, s); err != nil {
				t.Errorf("starter %d used a key of its own: %v", i, err)
			}
		}
	})
}

// Another node has destroyed the tenant: the cached key is given up within a minute.
func TestACachedKeyIsGivenUpSoon(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		here, there := open(t, e), open(t, e)
		id := tenant(t, here)
		if _, err := here.Tenant(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		if err := there.DestroyTenant(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		vault.Age(here, 59*time.Second)
		if _, err := here.Tenant(t.Context(), id); err != nil {
			t.Errorf("looked at again too early: %v", err)
		}
		vault.Age(here, 2*time.Second)
		if _, err := here.Tenant(t.Context(), id); code(err) != "vault.key_destroyed" {
			t.Errorf("after a minute: %v", err)
		}
	})
}

func TestInventoryCountsByKindAndTenant(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		ctx, v := t.Context(), open(t, e)
		a := tenant(t, v)
		p := people(7)
		if err := v.CreatePersons(ctx, a, p); err != nil {
			t.Fatal(err)
		}
		if err := v.DestroyPersons(ctx, a, p[:2]); err != nil {
			t.Fatal(err)
		}
		got := map[string]int64{}
		all, err := v.Inventory(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range all {
			if k.Tenant == a {
				got[k.Kind] += k.Count
			}
			if time.Since(k.Oldest) > time.Minute || k.Newest.Before(k.Oldest) {
				t.Errorf("%+v", k)
			}
		}
		if got["tenant"] != 1 || got["person"] != 5 || got["destroyed"] != 2 {
			t.Errorf("%v", got)
		}
	})
}

func TestSealedAuditBodiesStayInTheirPlace(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		ctx, v := t.Context(), open(t, e)
		a, b := tenant(t, v), tenant(t, v)
		sealed, err := v.SealAudit(ctx, a, "id|1", []byte("body"))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := v.OpenAudit(ctx, a, "id|1", sealed); err != nil || string(got) != "body" {
			t.Errorf("%q, %v", got, err)
		}
		if _, err := v.OpenAudit(ctx, a, "id|2", sealed); err == nil {
			t.Error("opens under another number")
		}
		if _, err := v.OpenAudit(ctx, b, "id|1", sealed); err == nil {
			t.Error("opens for another tenant")
		}
		if _, err := v.SealAudit(ctx, ids.New[ids.Tenant](), "id", nil); code(err) != "vault.key_missing" {
			t.Errorf("a tenant without a key: %v", err)
		}
	})
}

// The canary of the control is the only plaintext ever written; here a whole tenant's life is, and nothing
// of the keys may stand in the key store's files.
func TestNoKeyStandsInTheKeyStore(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		ctx, v := t.Context(), open(t, e)
		a := tenant(t, v)
		p := people(3)
		if err := v.CreatePersons(ctx, a, p); err != nil {
			t.Fatal(err)
		}
		keys, err := v.Persons(ctx, a, p)
		if err != nil {
			t.Fatal(err)
		}
		tk, err := v.Tenant(ctx, a)
		if err != nil {
			t.Fatal(err)
		}
		files, err := filepath.Glob(filepath.Join(e.Dir, "keys.db*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range []*vault.Key{tk, keys[p[0]], keys[p[2]]} {
			for _, f := range files {
				if vault.Contains(t, f, k) {
					t.Errorf("%s holds a key in the clear", filepath.Base(f))
				}
			}
		}
	})
}
