package vault

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
)

// blank overwrites a wrapped key before its row is deleted; SQLite's secure_delete zeroes the page as well.
var blank = make([]byte, 4+nonceSize+secretSize+tagSize)

// DestroyPersons destroys people's keys for ever: what was sealed with them opens for nobody any more. It
// is idempotent. Backups of the key store that hold them must be purged in the same act by the caller.
func (v *Vault) DestroyPersons(ctx context.Context, t ids.Tenant, people []ids.Person) error {
	tk, err := v.Tenant(ctx, t)
	if err != nil {
		return err
	}
	now := db.Micros(time.Now())
	for len(people) > 0 {
		n := min(batch, len(people))
		err := v.keys.Tx(ctx, t, func(tx *db.Tx) error {
			for _, p := range people[:n] {
				if err := destroyPerson(tx, tk, p, now); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		people = people[n:]
	}
	return nil
}

func destroyPerson(tx *db.Tx, tk *Key, p ids.Person, now int64) error {
	proof := tk.MAC("destroyed", []byte(p), binary.BigEndian.AppendUint64(nil, uint64(now)))
	if _, err := tx.Exec(qDestroyed, tk.tenant, p, now, proof); err != nil {
		return err
	}
	if _, err := tx.Exec(qPersonBlank, tk.tenant, p, blank); err != nil {
		return err
	}
	_, err := tx.Exec(qPersonDrop, tk.tenant, p)
	return err
}

// DestroyTenant destroys a tenant's key and with it every person key that is wrapped under it: first the one row on
// which all hang, in a transaction of its own, then the rows that nothing opens any more. It is idempotent and takes up
// what a kill has left; a tenant that never had a key is fault.Missing.
func (v *Vault) DestroyTenant(ctx context.Context, t ids.Tenant) error {
	if t == ids.System {
		return fault.New(fault.Denied, "vault.system_key")
	}
	if _, _, err := v.loadTenant(ctx, t); err == nil {
		if err := v.destroyTenantKey(ctx, t); err != nil {
			return err
		}
	} else if fault.Of(err).Code != "vault.key_destroyed" {
		return err
	}
	return v.keys.Tx(ctx, t, func(tx *db.Tx) error {
		if _, err := tx.Exec(qPersonsBlank, t, blank); err != nil {
			return err
		}
		_, err := tx.Exec(qPersonsDrop, t)
		return err
	})
}

func (v *Vault) destroyTenantKey(ctx context.Context, t ids.Tenant) error {
	now := db.Micros(time.Now())
	proof, err := v.root.Wrap(ctx, goneText(t, now), tenantAAD(t, 0))
	if err != nil {
		return err
	}
	err = v.keys.Tx(ctx, t, func(tx *db.Tx) error {
		if _, err := tx.Exec(qDestroyed, t, "", now, proof); err != nil {
			return err
		}
		if _, err := tx.Exec(qTenantBlank, t, blank); err != nil {
			return err
		}
		_, err := tx.Exec(qTenantDrop, t)
		return err
	})
	v.drop(t)
	return err
}

// provenTenant tells whether a tombstone was made under the root key. A key service that is away leaves it open: a
// destroyed key that passed for a missing one would be made anew.
func (v *Vault) provenTenant(ctx context.Context, t ids.Tenant, d tombstone) (bool, error) {
	got, err := v.root.Unwrap(ctx, d.proof, tenantAAD(t, 0))
	if explained(err) {
		return false, err
	}
	return err == nil && string(got) == string(goneText(t, d.at)), nil
}

func goneText(t ids.Tenant, at int64) []byte {
	h := sha256.New()
	h.Write([]byte("rakudos key destroyed\x00" + string(t)))
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(at)))
	return h.Sum(nil)
}

// KeyInfo is one line of the key inventory: the keys of one tenant, kind and version.
type KeyInfo struct {
	Kind    string // "tenant", "person" or "destroyed"
	Tenant  ids.Tenant
	Version uint32
	Count   int64
	Oldest  time.Time // made, or destroyed, at
	Newest  time.Time
}

// Inventory lists every key of the store by kind, tenant and version.
func (v *Vault) Inventory(ctx context.Context) ([]KeyInfo, error) {
	var out []KeyInfo
	err := v.keys.View(ctx, db.Global, func(tx *db.Tx) (err error) {
		out, err = db.All(tx, qInventory, func(s db.Scanner) (KeyInfo, error) {
			var k KeyInfo
			var oldest, newest int64
			err := s.Scan(&k.Kind, &k.Tenant, &k.Version, &k.Count, &oldest, &newest)
			k.Oldest, k.Newest = db.Time(oldest), db.Time(newest)
			return k, err
		})
		return err
	})
	return out, err
}
