package vault

import (
	"context"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
)

// absence is a version that a sealed value names and the key store does not have.
type absence struct {
	tenant  ids.Tenant
	person  ids.Person
	version uint32
}

const (
	refreshWithin = 10 * time.Second
	refreshTries  = 3
	absentFor     = 5 * time.Second // before a version that was not there is asked for again
	absentMost    = 1000
)

// refresh reads a key's versions anew because a value names one that its holder does not know: another
// process, or another request, has rotated it meanwhile. It tells whether it looked.
func (v *Vault) refresh(k *Key, n uint32) bool {
	at := absence{k.tenant, k.person, n}
	v.mu.RLock()
	since, gone := v.absent[at]
	v.mu.RUnlock()
	if gone && time.Since(since) < absentFor {
		return false
	}
	// The holder has no context to give, and a bounded wait is better than a record that does not open.
	ctx, cancel := context.WithTimeout(context.Background(), refreshWithin)
	defer cancel()
	for range refreshTries {
		err := v.renew(ctx, k)
		if err == nil && k.ring.Load().version(n) != nil {
			return true
		}
		// What was read may have been wrapped anew, and its old root key destroyed, before it was unwrapped.
		if err == nil || fault.Is(err, fault.Missing) || fault.Is(err, fault.Busy) {
			break
		}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.absent) >= absentMost {
		clear(v.absent)
	}
	v.absent[at] = time.Now()
	return true
}

func (v *Vault) renew(ctx context.Context, k *Key) error {
	if k.person == "" {
		fresh, err := v.reload(ctx, k.tenant)
		if err == nil && fresh != k { // held since before the tenant's key left the cache
			k.ring.Store(fresh.ring.Load())
		}
		return err
	}
	tk, err := v.Tenant(ctx, k.tenant)
	if err != nil {
		return err
	}
	r, err := v.personRing(ctx, tk, k.person)
	if err == nil {
		k.ring.Store(r)
	}
	return err
}

func (v *Vault) personRing(ctx context.Context, tk *Key, p ids.Person) (*ring, error) {
	var rows []wrappedKey
	err := v.keys.View(ctx, tk.tenant, func(tx *db.Tx) (err error) {
		rows, err = db.All(tx, qPersonsNear, scanPersonKey, nearArgs(tk.tenant, []ids.Person{p})...)
		return err
	})
	if err != nil {
		return nil, err
	}
	var r *ring
	err = unwrapAll(tk, rows, func(_ ids.Person, k *Key) error { r = k.ring.Load(); return nil })
	if err == nil && r == nil {
		err = fault.New(fault.Missing, "vault.key_missing")
	}
	return r, err
}
