// Package vault keeps the keys and seals the records: root key → tenant key → person key → record, each
// step AES-256-GCM with the place of the record as associated data (clause 3-11a).
// It must never store or log a key or a plaintext, and no other package may use a cipher.
package vault

import (
	"context"
	"crypto/rand"
	"sync"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
)

// recheck is how long a cached tenant key is used before its row is looked at again, so that a key that
// another node destroyed is soon gone here too.
const recheck = time.Minute

// Vault hands out keys. It is safe for concurrent use.
type Vault struct {
	keys *db.DB
	root Root

	mu      sync.RWMutex
	cache   map[ids.Tenant]cached
	dropped map[ids.Tenant]bool   // left the cache since the last Sweep because their rows are gone
	absent  map[absence]time.Time // versions that were asked for in vain

	bare []Place // what a sandbox leaves unsealed; nil in a service
}

type cached struct {
	key    *Key
	loaded time.Time
}

// Open binds the key store (a migrated database of its own) to the root key. It refuses a root key that is
// not the one under which this key store was begun, and makes the key of ids.System when it is missing.
func Open(ctx context.Context, keys *db.DB, root Root) (*Vault, error) {
	v := &Vault{keys: keys, root: root, cache: map[ids.Tenant]cached{}, dropped: map[ids.Tenant]bool{}, absent: map[absence]time.Time{}}
	if err := v.checkRoot(ctx); err != nil {
		return nil, err
	}
	if err := v.CreateTenant(ctx, ids.System); err != nil {
		return nil, err
	}
	return v, nil
}

// checkRoot keeps one known value under the root key: a lost or exchanged root key is found at start, not
// when the first record is needed.
func (v *Vault) checkRoot(ctx context.Context) error {
	aad := rootAAD("1")
	var rows [][]byte
	err := v.keys.View(ctx, db.Global, func(tx *db.Tx) (err error) {
		rows, err = db.All(tx, qRoot, scanBytes)
		return err
	})
	if err != nil {
		return err
	}
	if len(rows) > 0 {
		got, err := v.root.Unwrap(ctx, rows[0], aad)
		if explained(err) {
			return err
		}
		if err != nil || string(got) != knownValue {
			return fault.New(fault.Internal, "vault.root_mismatch").Because(err)
		}
		return nil
	}
	wrapped, err := v.root.Wrap(ctx, []byte(knownValue), aad)
	if err != nil {
		return err
	}
	if err := v.keys.Tx(ctx, db.Global, func(tx *db.Tx) error {
		_, err := tx.Exec(qRootAdd, wrapped, db.Micros(time.Now()))
		return err
	}); err != nil {
		return err
	}
	for _, m := range marks { // what begins with this key store has nothing from before
		if err := v.SetMark(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

// Used tells whether a key store has been opened with a root key before.
func Used(ctx context.Context, keys *db.DB) (used bool, err error) {
	err = keys.View(ctx, db.Global, func(tx *db.Tx) error {
		rows, err := db.All(tx, qRoot, scanBytes)
		used = len(rows) > 0
		return err
	})
	return used, err
}

const knownValue = "rakudos key store"

func rootAAD(id string) []byte {
	return appendLoc(nil, "*", Loc{Table: "key_root", ID: id, Column: "wrapped"}, 1)
}

// CreateTenant makes a tenant's key when there is none. It refuses a tenant whose key was destroyed.
func (v *Vault) CreateTenant(ctx context.Context, t ids.Tenant) error {
	_, err := v.Tenant(ctx, t)
	if f := fault.Of(err); f == nil || f.Code != "vault.key_missing" {
		return err
	}
	raw := newSecret()
	wrapped, err := v.root.Wrap(ctx, raw[:], tenantAAD(t, 1))
	if err != nil {
		return err
	}
	return v.keys.Tx(ctx, t, func(tx *db.Tx) error {
		_, err := tx.Exec(qTenantAdd, t, 1, wrapped, db.Micros(time.Now()))
		return err
	})
}

// Tenant returns a tenant's key. It is fault.Missing when there is none ("vault.key_missing") or when it
// was destroyed ("vault.key_destroyed").
func (v *Vault) Tenant(ctx context.Context, t ids.Tenant) (*Key, error) {
	v.mu.RLock()
	c, ok := v.cache[t]
	v.mu.RUnlock()
	if ok && time.Since(c.loaded) < recheck {
		return c.key, nil
	}
	return v.reload(ctx, t)
}

// reload reads a tenant's key anew. The cached Key stays the same value, so that everybody who holds it
// gets the versions of a rotation as well.
func (v *Vault) reload(ctx context.Context, t ids.Tenant) (*Key, error) {
	r, there, err := v.loadTenant(ctx, t)
	v.mu.Lock()
	defer v.mu.Unlock()
	c, ok := v.cache[t]
	if err != nil {
		// While the key service is away, keys that are open already go on working, as long as their rows are there.
		if ok && there && fault.Is(err, fault.Busy) {
			return c.key, nil
		}
		return nil, err
	}
	if !ok {
		c.key = newKey(t, "", v, r)
	}
	if held := c.key.ring.Load(); held == nil || held.newest.version <= r.newest.version {
		c.key.ring.Store(r) // or somebody who read later was here first
	}
	c.loaded = time.Now()
	v.cache[t] = c
	return c.key, nil
}

// loadTenant reads every version of a tenant's key; the newest seals, the older ones still open. there is false once it
// is certain that the key store has none of them: then the key has left the cache already, before the root was asked
// whether it was destroyed.
func (v *Vault) loadTenant(ctx context.Context, t ids.Tenant) (_ *ring, there bool, err error) {
	var rows []wrappedKey
	var gone []tombstone
	err = v.keys.View(ctx, t, func(tx *db.Tx) (err error) {
		if rows, err = db.All(tx, qTenant, scanWrapped, t); err != nil || len(rows) > 0 {
			return err
		}
		gone, err = db.All(tx, qTenantGone, scanTombstone, t)
		return err
	})
	if err != nil {
		return nil, true, err
	}
	if len(rows) == 0 {
		v.drop(t)
		return nil, false, v.whyNone(ctx, t, gone)
	}
	r, err := v.unwrapTenant(ctx, t, rows)
	return r, true, err
}

// whyNone is why a tenant without rows has no key.
func (v *Vault) whyNone(ctx context.Context, t ids.Tenant, gone []tombstone) error {
	if len(gone) > 0 {
		if proven, err := v.provenTenant(ctx, t, gone[0]); err != nil {
			return err
		} else if proven {
			return fault.New(fault.Missing, "vault.key_destroyed")
		}
	}
	return fault.New(fault.Missing, "vault.key_missing")
}

func (v *Vault) unwrapTenant(ctx context.Context, t ids.Tenant, rows []wrappedKey) (*ring, error) {
	known := v.known(t)
	k := &ring{}
	for _, r := range rows {
		if s := known.version(r.version); s != nil { // a version never changes, so the key service is not asked again
			k.add(*s)
			continue
		}
		raw, err := v.root.Unwrap(ctx, r.wrapped, tenantAAD(t, r.version))
		if explained(err) {
			return nil, err
		}
		if err != nil || len(raw) != secretSize {
			return nil, fault.New(fault.Internal, "vault.key_broken").Because(err)
		}
		k.add(secret{version: r.version, raw: secretBytes(raw)})
	}
	return k, nil
}

func (v *Vault) known(t ids.Tenant) *ring {
	v.mu.RLock()
	defer v.mu.RUnlock()
	if c, ok := v.cache[t]; ok {
		return c.key.ring.Load()
	}
	return &ring{}
}

// SealAudit and OpenAudit seal the bodies of audit events with the tenant's key; id carries every clear
// column of the event, so none of them can be exchanged under a body.
func (v *Vault) SealAudit(ctx context.Context, t ids.Tenant, id string, plain []byte) ([]byte, error) {
	k, err := v.Tenant(ctx, t)
	if err != nil {
		return nil, err
	}
	return k.Seal(Loc{Table: "audit_event", ID: id, Column: "sealed"}, plain), nil
}

// OpenAudit opens what SealAudit sealed.
func (v *Vault) OpenAudit(ctx context.Context, t ids.Tenant, id string, sealed []byte) ([]byte, error) {
	k, err := v.Tenant(ctx, t)
	if err != nil {
		return nil, err
	}
	return k.Open(Loc{Table: "audit_event", ID: id, Column: "sealed"}, sealed)
}

func newSecret() (b [secretSize]byte) { rand.Read(b[:]); return b }

func secretBytes(raw []byte) (b [secretSize]byte) { copy(b[:], raw); return b }
