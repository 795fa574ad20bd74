package vault_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
	"rakudos/internal/testkit/testdb"
)

func open(t testing.TB, e *testdb.Env) *vault.Vault {
	t.Helper()
	root, err := vault.FileRoot(filepath.Join(e.Dir, "root.key"))
	if err != nil {
		t.Fatal(err)
	}
	v, err := vault.Open(t.Context(), e.Keys, root)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func tenant(t testing.TB, v *vault.Vault) ids.Tenant {
	t.Helper()
	id := ids.New[ids.Tenant]()
	if err := v.CreateTenant(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	return id
}

func people(n int) []ids.Person {
	out := make([]ids.Person, n)
	for i := range out {
		out[i] = ids.New[ids.Person]()
	}
	return out
}

func code(err error) string {
	if f := fault.Of(err); f != nil {
		return f.Code
	}
	return ""
}

var at = vault.Loc{Table: "x", ID: "1", Column: "y"}

func TestTenantKeySurvivesARestart(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		v := open(t, e)
		a, b := tenant(t, v), tenant(t, v)
		ka, err := v.Tenant(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		sealed := ka.Seal(at, []byte("kept"))
		if err := v.CreateTenant(t.Context(), a); err != nil { // again
			t.Fatal(err)
		}
		again := open(t, e)
		ka, err = again.Tenant(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := ka.Open(at, sealed); err != nil || string(got) != "kept" {
			t.Errorf("%q, %v", got, err)
		}
		kb, err := again.Tenant(t.Context(), b)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := kb.Open(at, sealed); err == nil {
			t.Error("the neighbour's key opens it")
		}
		if _, err := again.Tenant(t.Context(), ids.New[ids.Tenant]()); code(err) != "vault.key_missing" {
			t.Errorf("unknown tenant: %v", err)
		}
	})
}

func TestAnotherRootKeyIsRefusedAtStart(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		open(t, e)
		path := filepath.Join(e.Dir, "root.key")
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		root, err := vault.FileRoot(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := vault.Open(t.Context(), e.Keys, root); code(err) != "vault.root_mismatch" {
			t.Errorf("%v", err)
		}
	})
}

func TestPersonKeys(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		ctx, v := t.Context(), open(t, e)
		a, b := tenant(t, v), tenant(t, v)
		pa, pb := people(4321), people(3)
		for range 2 { // the second time changes nothing
			if err := v.CreatePersons(ctx, a, pa); err != nil {
				t.Fatal(err)
			}
		}
		if err := v.CreatePersons(ctx, b, pb); err != nil {
			t.Fatal(err)
		}
		keys, err := v.Persons(ctx, a, append(pa[:len(pa):len(pa)], pb...))
		if err != nil || len(keys) != len(pa) {
			t.Fatalf("%d keys, %v", len(keys), err)
		}
		sealed := keys[pa[7]].Seal(at, []byte("mine"))
		few, err := v.Persons(ctx, a, []ids.Person{pa[7], pa[8]})
		if err != nil || len(few) != 2 {
			t.Fatalf("%d keys, %v", len(few), err)
		}
		if got, err := few[pa[7]].Open(at, sealed); err != nil || string(got) != "mine" {
			t.Errorf("%q, %v", got, err)
		}
		if _, err := few[pa[8]].Open(at, sealed); err == nil {
			t.Error("another person's key opens it")
		}
		n := 0
		err = v.AllPersons(ctx, a, func(p ids.Person, k *vault.Key) error {
			n++
			if p == pa[7] {
				if _, err := k.Open(at, sealed); err != nil {
					t.Errorf("AllPersons gives another key: %v", err)
				}
			}
			return nil
		})
		if err != nil || n != len(pa) {
			t.Errorf("AllPersons: %d, %v", n, err)
		}
	})
}

func TestDestroyedIsGoneForEverAndOnlyThat(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		ctx, v := t.Context(), open(t, e)
		a, b := tenant(t, v), tenant(t, v)
		pa, pb := people(5), people(2)
		for tn, ps := range map[ids.Tenant][]ids.Person{a: pa, b: pb} {
			if err := v.CreatePersons(ctx, tn, ps); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 {
			if err := v.DestroyPersons(ctx, a, pa[:2]); err != nil {
				t.Fatal(err)
			}
		}
		if keys, err := v.Persons(ctx, a, pa); err != nil || len(keys) != 3 {
			t.Errorf("%d keys left, %v", len(keys), err)
		}
		if err := v.CreatePersons(ctx, a, pa); code(err) != "vault.key_destroyed" {
			t.Errorf("a destroyed person's key is made anew: %v", err)
		}
		for range 2 {
			if err := v.DestroyTenant(ctx, a); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := v.Tenant(ctx, a); code(err) != "vault.key_destroyed" {
			t.Errorf("the tenant's key: %v", err)
		}
		if err := v.CreateTenant(ctx, a); code(err) != "vault.key_destroyed" {
			t.Errorf("a destroyed tenant's key is made anew: %v", err)
		}
		if keys, err := v.Persons(ctx, b, pb); err != nil || len(keys) != 2 {
			t.Errorf("the neighbour has %d keys, %v", len(keys), err)
		}
		if err := v.DestroyTenant(ctx, ids.System); err == nil {
			t.Error("the service's own key can be destroyed")
		}
		inv, err := v.Inventory(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range inv {
			if k.Tenant == a && k.Kind != "destroyed" || k.Count == 0 || k.Oldest.After(time.Now()) {
				t.Errorf("inventory: %+v", k)
			}
		}
	})
}

var qForge = db.Q("vault_test.forge", `insert into key_destroyed (tenant_id, person_id, destroyed_at, proof) values ($1, '', 1, $2)`)
var qLose = db.Q("vault_test.lose", `delete from key_tenant where tenant_id = $1`)

func TestALostKeyIsNotADestroyedKey(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		ctx, v := t.Context(), open(t, e)
		a := tenant(t, v)
		err := e.Keys.Tx(ctx, a, func(tx *db.Tx) error {
			if _, err := tx.Exec(qLose, a); err != nil {
				return err
			}
			_, err := tx.Exec(qForge, a, bytes.Repeat([]byte{7}, 80))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := open(t, e).Tenant(ctx, a); code(err) != "vault.key_missing" {
			t.Errorf("a forged tombstone is believed: %v", err)
		}
	})
}

func TestSwappedPersonKeysDoNotOpen(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		ctx, v := t.Context(), open(t, e)
		a := tenant(t, v)
		p := people(2)
		if err := v.CreatePersons(ctx, a, p); err != nil {
			t.Fatal(err)
		}
		err := e.Keys.Tx(ctx, a, func(tx *db.Tx) error {
			_, err := tx.Exec(qCopyKey, a, p[0], p[1])
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := v.Persons(ctx, a, p); code(err) != "vault.key_broken" {
			t.Errorf("a key put in another person's row: %v", err)
		}
	})
}

var qCopyKey = db.Q("vault_test.copy", `update key_person set wrapped = (select k.wrapped from key_person k where k.tenant_id = $1 and k.person_id = $2)
	where tenant_id = $1 and person_id = $3`)

func TestAHundredThousandPeopleTakeSeconds(t *testing.T) {
	if testing.Short() {
		t.Skip("100,000 people")
	}
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		ctx, v := t.Context(), open(t, e)
		a, all := tenant(t, v), people(100_000)
		start := time.Now()
		if err := v.CreatePersons(ctx, a, all); err != nil {
			t.Fatal(err)
		}
		made := time.Since(start)
		start = time.Now()
		keys, err := v.Persons(ctx, a, all)
		if err != nil || len(keys) != len(all) {
			t.Fatalf("%d keys, %v", len(keys), err)
		}
		looked := time.Since(start)
		start = time.Now()
		if err := v.AllPersons(ctx, a, func(ids.Person, *vault.Key) error { return nil }); err != nil {
			t.Fatal(err)
		}
		scanned := time.Since(start)
		start = time.Now()
		if err := v.DestroyTenant(ctx, a); err != nil {
			t.Fatal(err)
		}
		t.Logf("made in %v, looked up in %v, scanned in %v, destroyed in %v", made, looked, scanned, time.Since(start))
		if made > 30*time.Second {
			t.Errorf("making the keys took %v", made)
		}
	})
}
