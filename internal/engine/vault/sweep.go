package vault

import (
	"context"

	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
)

var qTenantsHeld = db.GlobalQ("vault.tenants_held", `select distinct tenant_id from key_tenant`)

// Sweep takes out of memory the keys whose rows are gone, although nobody asks for them here any more: another node has
// destroyed them. It returns the tenants whose key has left memory for that reason since the last Sweep, so that
// whatever else is kept of them can be dropped too. Whoever uses a key at this moment may finish, so its bytes are left
// to the collector. It asks the key store once and the root never.
func (v *Vault) Sweep(ctx context.Context) ([]ids.Tenant, error) {
	var open []ids.Tenant
	v.mu.RLock()
	for t := range v.cache {
		open = append(open, t)
	}
	v.mu.RUnlock()
	held := map[ids.Tenant]bool{} // read after the cache: what was open and has no rows now is gone
	err := v.keys.View(ctx, db.Global, func(tx *db.Tx) error {
		rows, err := db.Column[ids.Tenant](tx, qTenantsHeld)
		for _, t := range rows {
			held[t] = true
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, t := range open {
		if !held[t] {
			v.drop(t)
		}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	var gone []ids.Tenant
	for t := range v.dropped {
		gone = append(gone, t)
	}
	clear(v.dropped)
	return gone, nil
}

// drop forgets a key whose rows are gone; the next Sweep names its tenant.
func (v *Vault) drop(t ids.Tenant) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if _, ok := v.cache[t]; ok {
		delete(v.cache, t)
		v.dropped[t] = true
	}
}
