package vault_test

import (
	"bytes"
	"crypto/sha256"
	"slices"
	"testing"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
	"rakudos/internal/testkit/testdb"
)

// TestReceiptsOfDestroyedKeys: who still has a key has no receipt; a neighbour's keys stay.
func TestReceiptsOfDestroyedKeys(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		ctx, v := t.Context(), open(t, e)
		ours, other := tenant(t, v), tenant(t, v)
		all := people(5)
		for _, to := range []ids.Tenant{ours, other} {
			if err := v.CreatePersons(ctx, to, all); err != nil {
				t.Fatal(err)
			}
		}
		if versions, n, err := v.Held(ctx, ours); err != nil || n != 5 || !slices.Equal(versions, []uint32{1}) {
			t.Errorf("before: %v %d %v", versions, n, err)
		}
		if _, err := v.TenantReceipt(ctx, ours); !fault.Is(err, fault.Missing) || fault.Of(err).Code != "vault.not_destroyed" {
			t.Errorf("a receipt for a key that is there: %v", err)
		}
		if r, err := v.PersonReceipts(ctx, ours, all); err != nil || len(r) != 0 {
			t.Errorf("receipts for keys that are there: %v %v", r, err)
		}
		gone := all[1:3]
		if err := v.DestroyPersons(ctx, ours, gone); err != nil {
			t.Fatal(err)
		}
		r, err := v.PersonReceipts(ctx, ours, append(slices.Clone(all), ""))
		if err != nil || len(r) != 2 || r[0].Key != "person "+string(gone[0]) || r[0].At.IsZero() || len(r[0].Proof) != 64 {
			t.Errorf("%+v %v", r, err)
		}
		left, err := v.People(ctx, ours)
		if err != nil || len(left) != 3 || slices.Contains(left, gone[0]) {
			t.Errorf("left: %v %v", left, err)
		}
		if err := v.DestroyTenantKey(ctx, ours); err != nil { // and here the process is killed
			t.Fatal(err)
		}
		if keys, err := v.Persons(ctx, ours, left); fault.Of(err).Code != "vault.key_destroyed" {
			t.Errorf("people's keys open without the tenant's: %d, %v", len(keys), err)
		}
		if err := v.DestroyTenant(ctx, ours); err != nil {
			t.Fatal(err)
		}
		one, err := v.TenantReceipt(ctx, ours)
		if err != nil || one.Key != "tenant "+string(ours) || one.At.IsZero() || one.Proof == "" {
			t.Errorf("%+v %v", one, err)
		}
		if versions, n, err := v.Held(ctx, ours); err != nil || n != 0 || len(versions) != 0 {
			t.Errorf("after: %v %d %v", versions, n, err)
		}
		if _, n, err := v.Held(ctx, other); err != nil || n != 5 {
			t.Errorf("the neighbour: %d %v", n, err)
		}
	})
}

var (
	qCutHead   = db.Q("vault_test.cut_head", `update erasure_head set n = 1 where tenant_id = $1`)
	qForgeGone = db.Q("vault_test.forge_gone", `insert into key_destroyed (tenant_id, person_id, destroyed_at, proof) values ($1, '', 5, $2)`)
)

// TestHeadOfTheLedger only moves forward, and one that was changed past the service is noticed.
func TestHeadOfTheLedger(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		ctx, v := t.Context(), open(t, e)
		if h, err := v.LedgerHead(ctx); err != nil || h.N != 0 {
			t.Fatalf("a new one: %+v %v", h, err)
		}
		sum := sha256.Sum256([]byte("second"))
		for _, h := range []vault.Head{{N: 1, Hash: []byte("first")}, {N: 2, Hash: sum[:]}, {N: 1, Hash: []byte("first")}} {
			if err := v.KeepHead(ctx, h); err != nil {
				t.Fatal(err)
			}
		}
		if h, err := v.LedgerHead(ctx); err != nil || h.N != 2 || !bytes.Equal(h.Hash, sum[:]) {
			t.Errorf("%+v %v", h, err)
		}
		again := open(t, e)
		if h, err := again.LedgerHead(ctx); err != nil || h.N != 2 {
			t.Errorf("after a start: %+v %v", h, err)
		}
		if err := e.Keys.Tx(ctx, ids.System, func(tx *db.Tx) error { _, err := tx.Exec(qCutHead, ids.System); return err }); err != nil {
			t.Fatal(err)
		}
		if _, err := v.LedgerHead(ctx); err == nil || fault.Of(err).Code != "vault.head_broken" {
			t.Errorf("a changed head: %v", err)
		}
	})
}

// TestForgedTombstoneIsNoReceipt: a row that was slipped in proves nothing.
func TestForgedTombstoneIsNoReceipt(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		v := open(t, e)
		ours := tenant(t, v)
		err := e.Keys.Tx(t.Context(), ours, func(tx *db.Tx) error { _, err := tx.Exec(qForgeGone, ours, []byte("proof")); return err })
		if err != nil {
			t.Fatal(err)
		}
		if _, err := v.TenantReceipt(t.Context(), ours); !fault.Is(err, fault.Missing) {
			t.Errorf("%v", err)
		}
	})
}

// TestMACOfTheLedger depends on purpose and every part, and outlives a tenant.
func TestMACOfTheLedger(t *testing.T) {
	e := testdb.New(t, db.SQLite)
	v := open(t, e)
	mac := func(purpose string, parts ...[]byte) string {
		b, err := v.MAC(t.Context(), purpose, parts...)
		if err != nil || len(b) != sha256.Size {
			t.Fatalf("%v %v", b, err)
		}
		return string(b)
	}
	a := mac("p", []byte("ab"), []byte("c"))
	if a == mac("p", []byte("a"), []byte("bc")) || a == mac("q", []byte("ab"), []byte("c")) || a != mac("p", []byte("ab"), []byte("c")) {
		t.Error("the MAC does not tell parts or purposes apart")
	}
}
