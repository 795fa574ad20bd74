package vault

import (
	"context"
	"encoding/binary"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
)

// NextTenant makes the version after from of a tenant's key, unless there is one already: then a rotation
// that was broken off has made it. Records sealed before stay readable by their version.
func (v *Vault) NextTenant(ctx context.Context, t ids.Tenant, from uint32) error {
	k, err := v.reload(ctx, t)
	if err != nil || k.Version() > from {
		return err
	}
	raw := newSecret()
	defer clear(raw[:])
	wrapped, err := v.root.Wrap(ctx, raw[:], tenantAAD(t, from+1))
	if err != nil {
		return err
	}
	err = v.keys.Tx(ctx, t, func(tx *db.Tx) error {
		// A tenant that was destroyed meanwhile gets no new key.
		n, err := db.Value[int64](tx, qTenantHas, t)
		if err == nil && n == 0 {
			err = fault.New(fault.Missing, "vault.key_missing")
		}
		if err == nil {
			_, err = tx.Exec(qTenantAdd, t, from+1, wrapped, db.Micros(time.Now()))
		}
		return err
	})
	if err == nil {
		_, err = v.reload(ctx, t)
	}
	return err
}

// NextPerson makes the version after from of a person's key, unless there is one already.
func (v *Vault) NextPerson(ctx context.Context, t ids.Tenant, p ids.Person, from uint32) error {
	tk, err := v.Tenant(ctx, t)
	if err != nil {
		return err
	}
	r, err := v.personRing(ctx, tk, p)
	if err != nil || r.newest.version > from {
		return err
	}
	raw := newSecret()
	defer clear(raw[:])
	wrapped := newWrapper(tk).seal(p, from+1, raw[:])
	return v.keys.Tx(ctx, t, func(tx *db.Tx) error {
		n, err := db.Value[int64](tx, qPersonHas, t, p)
		if err == nil && n == 0 { // destroyed meanwhile
			err = fault.New(fault.Missing, "vault.key_missing")
		}
		if err == nil {
			_, err = tx.Exec(qPersonNext, t, p, from+1, wrapped, db.Micros(time.Now()))
		}
		return err
	})
}

// VersionInfo is one version of a tenant's or a person's key.
type VersionInfo struct {
	Version uint32
	Made    time.Time
}

// Versions lists the versions of a tenant's key, or with a person of that person's, oldest first.
func (v *Vault) Versions(ctx context.Context, t ids.Tenant, p ids.Person) (out []VersionInfo, err error) {
	scan := func(s db.Scanner) (i VersionInfo, err error) {
		var at int64
		err = s.Scan(&i.Version, &at)
		i.Made = db.Time(at)
		return i, err
	}
	err = v.keys.View(ctx, t, func(tx *db.Tx) error {
		if p == "" {
			out, err = db.All(tx, qTenantMade, scan, t)
		} else {
			out, err = db.All(tx, qPersonMade, scan, t, p)
		}
		return err
	})
	return out, err
}

// Rotated lists the people of a tenant whose keys have more than one version.
func (v *Vault) Rotated(ctx context.Context, t ids.Tenant) (out []ids.Person, err error) {
	return out, v.keys.View(ctx, t, func(tx *db.Tx) (err error) {
		out, err = db.Column[ids.Person](tx, qPersonsRotated, t)
		return err
	})
}

// Retire destroys one superseded version of a tenant's key, or of a person's, for ever. The caller has made
// sure that nothing is sealed with it any more, in the records and in backups that are to stay readable.
// The newest version is refused, and the first version of a tenant's key: the blind indexes stand on it.
func (v *Vault) Retire(ctx context.Context, t ids.Tenant, p ids.Person, version uint32) error {
	all, err := v.Versions(ctx, t, p)
	if err != nil {
		return err
	}
	if len(all) == 0 || version >= all[len(all)-1].Version || p == "" && version == all[0].Version {
		return fault.New(fault.Conflict, "vault.version_in_use")
	}
	tk, err := v.Tenant(ctx, t)
	if err != nil {
		return err
	}
	now := db.Micros(time.Now())
	proof := tk.MAC("retired", []byte(p), binary.BigEndian.AppendUint32(nil, version), binary.BigEndian.AppendUint64(nil, uint64(now)))
	err = v.keys.Tx(ctx, t, func(tx *db.Tx) error {
		if p == "" { // person keys that are wrapped under it would be lost
			n, err := db.Value[int64](tx, qPersonsUnder, t, binary.BigEndian.AppendUint32(nil, version))
			if err != nil {
				return err
			}
			if n > 0 {
				return fault.New(fault.Conflict, "vault.version_in_use")
			}
		}
		if _, err := tx.Exec(qRetired, t, p, version, now, proof); err != nil {
			return err
		}
		if p == "" {
			if _, err := tx.Exec(qTenantVersionBlank, t, version, blank); err != nil {
				return err
			}
			_, err := tx.Exec(qTenantVersionDrop, t, version)
			return err
		}
		if _, err := tx.Exec(qPersonVersionBlank, t, p, version, blank); err != nil {
			return err
		}
		_, err := tx.Exec(qPersonVersionDrop, t, p, version)
		return err
	})
	if err == nil && p == "" {
		v.mu.Lock()
		if c, ok := v.cache[t]; ok { // or the reload would take the version from memory
			c.key.ring.Store(c.key.ring.Load().without(version))
		}
		v.mu.Unlock()
	}
	return err
}

func (r *ring) without(version uint32) *ring {
	out := &ring{newest: r.newest}
	for _, s := range r.older {
		if s.version != version {
			out.older = append(out.older, s)
		}
	}
	return out
}
