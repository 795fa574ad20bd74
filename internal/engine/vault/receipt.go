package vault

import (
	"context"
	"crypto/hmac"
	"encoding/binary"
	"encoding/hex"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
)

// Receipt says that a key was destroyed: whose, when, and the proof that the key above it made.
type Receipt struct {
	Key   string    `json:"key"` // "tenant <id>" or "person <id>"
	At    time.Time `json:"destroyed_at"`
	Proof string    `json:"proof"` // hexadecimal
}

// Held tells which versions of a tenant's key there are and how many keys of people stand under it.
func (v *Vault) Held(ctx context.Context, t ids.Tenant) (versions []uint32, people int64, err error) {
	err = v.keys.View(ctx, t, func(tx *db.Tx) (err error) {
		if versions, err = db.Column[uint32](tx, qTenantVersions, t); err != nil {
			return err
		}
		people, err = db.Value[int64](tx, qPersonCount, t)
		return err
	})
	return versions, people, err
}

// People lists everybody of a tenant who has a key.
func (v *Vault) People(ctx context.Context, t ids.Tenant) (out []ids.Person, err error) {
	err = v.keys.View(ctx, t, func(tx *db.Tx) (err error) {
		out, err = db.Column[ids.Person](tx, qPersonIDs, t)
		return err
	})
	return out, err
}

// TenantReceipt is fault.Missing "vault.not_destroyed" unless the tenant's key was destroyed with proof.
func (v *Vault) TenantReceipt(ctx context.Context, t ids.Tenant) (Receipt, error) {
	gone, err := v.tombstones(ctx, t)
	if err != nil {
		return Receipt{}, err
	}
	for _, d := range gone {
		if d.person != "" {
			continue
		}
		proven, err := v.provenTenant(ctx, t, d)
		if err != nil {
			return Receipt{}, err
		}
		if proven {
			return Receipt{"tenant " + string(t), db.Time(d.at), hex.EncodeToString(d.proof)}, nil
		}
	}
	return Receipt{}, fault.New(fault.Missing, "vault.not_destroyed")
}

// PersonReceipts gives the receipts of those people whose keys were destroyed; whoever still has a key, or
// never had one, is absent.
func (v *Vault) PersonReceipts(ctx context.Context, t ids.Tenant, people []ids.Person) ([]Receipt, error) {
	gone, err := v.tombstones(ctx, t)
	if err != nil {
		return nil, err
	}
	at := make(map[ids.Person]tombstone, len(gone))
	for _, d := range gone {
		at[d.person] = d
	}
	var out []Receipt
	for _, p := range people {
		if d, ok := at[p]; ok && p != "" {
			out = append(out, Receipt{"person " + string(p), db.Time(d.at), hex.EncodeToString(d.proof)})
		}
	}
	return out, nil
}

func (v *Vault) tombstones(ctx context.Context, t ids.Tenant) (out []tombstone, err error) {
	err = v.keys.View(ctx, t, func(tx *db.Tx) (err error) {
		out, err = db.All(tx, qAllGone, scanTombstone, t)
		return err
	})
	return out, err
}

// Head is the newest entry of the erasure ledger as the key store remembers it: with every copy of the key
// store travels how long the ledger must be at least.
type Head struct {
	N    int64
	Hash []byte
}

// KeepHead remembers the ledger's newest entry; it never goes back.
func (v *Vault) KeepHead(ctx context.Context, h Head) error {
	k, err := v.Tenant(ctx, ids.System)
	if err != nil {
		return err
	}
	mac := k.MAC("erasure ledger head", number(h.N), h.Hash)
	return v.keys.Tx(ctx, ids.System, func(tx *db.Tx) error {
		_, err := tx.Exec(qHeadKeep, ids.System, h.N, h.Hash, mac)
		return err
	})
}

// LedgerHead is the head that KeepHead remembered; N is 0 when there was none. One that was altered is the fault
// "vault.head_broken".
func (v *Vault) LedgerHead(ctx context.Context) (h Head, err error) {
	k, err := v.Tenant(ctx, ids.System)
	if err != nil {
		return h, err
	}
	var mac []byte
	err = v.keys.View(ctx, ids.System, func(tx *db.Tx) error {
		_, err := db.One(tx, qHead, func(s db.Scanner) (struct{}, error) { return struct{}{}, s.Scan(&h.N, &h.Hash, &mac) }, ids.System)
		return err
	})
	if fault.Is(err, fault.Missing) {
		return Head{}, nil
	}
	if err == nil && !equal(mac, k.MAC("erasure ledger head", number(h.N), h.Hash)) {
		err = fault.New(fault.Internal, "vault.head_broken")
	}
	return h, err
}

// MAC lets the erasure ledger sign its entries with a key that survives every customer's.
func (v *Vault) MAC(ctx context.Context, purpose string, parts ...[]byte) ([]byte, error) {
	k, err := v.Tenant(ctx, ids.System)
	if err != nil {
		return nil, err
	}
	return k.MAC(purpose, parts...), nil
}

func number(n int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(n)) }

func equal(a, b []byte) bool { return hmac.Equal(a, b) }

var (
	qTenantVersions = db.Q("vault.tenant_versions", `select version from key_tenant where tenant_id = $1 order by version`)
	qPersonCount    = db.Q("vault.person_count", `select count(distinct person_id) from key_person where tenant_id = $1`)
	qPersonIDs      = db.Q("vault.person_ids", `select distinct person_id from key_person where tenant_id = $1 order by person_id`)
	qAllGone        = db.Q("vault.all_gone", `select person_id, destroyed_at, proof from key_destroyed where tenant_id = $1`)
	qHeadKeep       = db.Q("vault.head_keep", `insert into erasure_head (tenant_id, n, hash, mac) values ($1, $2, $3, $4)
		on conflict (tenant_id) do update set n = excluded.n, hash = excluded.hash, mac = excluded.mac where erasure_head.n < excluded.n`)
	qHead = db.Q("vault.head", `select n, hash, mac from erasure_head where tenant_id = $1`)
)
