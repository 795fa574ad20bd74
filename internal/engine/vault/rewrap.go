package vault

import (
	"bytes"
	"context"
	"encoding/binary"
	"strconv"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
)

// Tell hears how far a rotation is, after each batch that stays. It may be nil.
type Tell func(done, total int64)

// underRoot is one thing that stands wrapped under the root key.
type underRoot struct {
	kind    string // "root", "tenant", "gone"
	tenant  ids.Tenant
	version uint32 // of a tenant's key; of the root's rows their number
	wrapped []byte
}

func (u underRoot) aad() []byte {
	if u.kind == "root" {
		return rootAAD(strconv.Itoa(int(u.version)))
	}
	return tenantAAD(u.tenant, u.version) // of a tombstone: version 0
}

// exchange puts the newly wrapped form in the place of the one that was read, if that is still there.
func (u underRoot) exchange(tx *db.Tx, fresh []byte) (err error) {
	switch u.kind {
	case "root":
		_, err = tx.Exec(qRootSwap, u.version, fresh, u.wrapped)
	case "tenant":
		_, err = tx.Exec(qTenantSwap, u.tenant, u.version, fresh, u.wrapped)
	default:
		_, err = tx.Exec(qGoneSwap, u.tenant, fresh, u.wrapped)
	}
	return err
}

func (v *Vault) allUnderRoot(ctx context.Context) (out []underRoot, err error) {
	err = v.keys.View(ctx, db.Global, func(tx *db.Tx) error {
		out, err = db.All(tx, qUnderRoot, func(s db.Scanner) (u underRoot, err error) {
			return u, s.Scan(&u.kind, &u.tenant, &u.version, &u.wrapped)
		})
		return err
	})
	return out, err
}

// RootUse counts what each version of the root key still wraps.
func (v *Vault) RootUse(ctx context.Context) (map[string]int64, error) {
	all, err := v.allUnderRoot(ctx)
	out := map[string]int64{}
	for _, u := range all {
		out[v.root.Of(u.wrapped)]++
	}
	return out, err
}

// RootName names the version of the root key that wraps now.
func (v *Vault) RootName(ctx context.Context) (string, error) { return v.root.Current(ctx) }

// RotateRoot makes a new version of the root key, unless another than from wraps already: then a rotation
// that was broken off has made it. A key service whose key is rotated by its own people is left alone.
func (v *Vault) RotateRoot(ctx context.Context, from string) error {
	now, err := v.root.Current(ctx)
	if err != nil || now != from {
		return err
	}
	r, ok := v.root.(Rotator)
	if !ok {
		return fault.New(fault.Conflict, "vault.root_elsewhere", "root", from)
	}
	return r.Rotate(ctx)
}

// RewrapRoot wraps everything under the root key's current version. Each exchange is a transaction of its
// own that happens only if nobody was faster, so it may be broken off and begun again at any point.
func (v *Vault) RewrapRoot(ctx context.Context, tell Tell) error {
	all, err := v.allUnderRoot(ctx)
	if err != nil {
		return err
	}
	now, err := v.root.Current(ctx)
	if err != nil {
		return err
	}
	for i, u := range all {
		if v.root.Of(u.wrapped) != now {
			fresh, err := rewrapped(ctx, v.root, v.root, u)
			if err != nil {
				return err
			}
			if err := v.keys.Tx(ctx, db.Global, func(tx *db.Tx) error { return u.exchange(tx, fresh) }); err != nil {
				return err
			}
		}
		if tell != nil {
			tell(int64(i+1), int64(len(all)))
		}
	}
	return nil
}

// rewrapped opens something under one root, wraps it under another, and opens that again to be sure.
func rewrapped(ctx context.Context, from, to Root, u underRoot) ([]byte, error) {
	plain, err := from.Unwrap(ctx, u.wrapped, u.aad())
	if err != nil {
		return nil, err
	}
	defer clear(plain)
	fresh, err := to.Wrap(ctx, plain, u.aad())
	if err != nil {
		return nil, err
	}
	again, err := to.Unwrap(ctx, fresh, u.aad())
	if err != nil {
		return nil, err
	}
	defer clear(again)
	if !bytes.Equal(plain, again) {
		return nil, fault.New(fault.Internal, "vault.rewrap_differs")
	}
	return fresh, nil
}

// MoveRoot wraps everything under another root in one transaction: a crash leaves all of it under the old
// one or all of it under the new one. Each piece was opened again under the new root before that.
func (v *Vault) MoveRoot(ctx context.Context, to Root, tell Tell) error {
	all, err := v.allUnderRoot(ctx)
	if err != nil {
		return err
	}
	fresh := make([][]byte, len(all))
	for i, u := range all {
		if fresh[i], err = rewrapped(ctx, v.root, to, u); err != nil {
			return err
		}
		if tell != nil {
			tell(int64(i+1), int64(len(all)))
		}
	}
	err = v.keys.Tx(ctx, db.Global, func(tx *db.Tx) error {
		for i, u := range all {
			if err := u.exchange(tx, fresh[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	v.root = to
	return nil
}

// ForgetRoots destroys the versions of the root key under which nothing stands any more. Copies of the key
// store that were made under them must have been replaced before.
func (v *Vault) ForgetRoots(ctx context.Context) (gone []string, err error) {
	r, ok := v.root.(Rotator)
	if !ok {
		return nil, nil
	}
	used, err := v.RootUse(ctx)
	if err != nil {
		return nil, err
	}
	var keep []string
	for name := range used {
		keep = append(keep, name)
	}
	return r.Forget(ctx, keep)
}

// RewrapPersons wraps every person key of a tenant under the newest version of the tenant's key. Readers
// and writers go on meanwhile: both versions open. It may be broken off and begun again.
func (v *Vault) RewrapPersons(ctx context.Context, t ids.Tenant, tell Tell) error {
	tk, err := v.reload(ctx, t)
	if err != nil {
		return err
	}
	now := binary.BigEndian.AppendUint32(nil, tk.Version())
	left, err := v.staleWraps(ctx, t, now)
	if err != nil {
		return err
	}
	total, done := left, int64(0)
	for from := ids.Person(""); ; {
		var rows []wrappedKey
		err := v.keys.View(ctx, t, func(tx *db.Tx) (err error) {
			rows, err = db.All(tx, qPersonsStale, scanPersonKey, t, from, now)
			return err
		})
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			break
		}
		if err := v.rewrapRows(ctx, tk, rows); err != nil {
			return err
		}
		from, done = rows[len(rows)-1].person, done+int64(len(rows))
		if tell != nil {
			tell(done, max(total, done))
		}
	}
	if left, err = v.staleWraps(ctx, t, now); err == nil && left > 0 {
		err = fault.New(fault.Busy, "vault.rewrap_left") // made meanwhile by a process that did not know yet
	}
	return err
}

func (v *Vault) staleWraps(ctx context.Context, t ids.Tenant, now []byte) (n int64, err error) {
	return n, v.keys.View(ctx, t, func(tx *db.Tx) (err error) {
		n, err = db.Value[int64](tx, qPersonsStaleCount, t, now)
		return err
	})
}

func (v *Vault) rewrapRows(ctx context.Context, tk *Key, rows []wrappedKey) error {
	w := newWrapper(tk)
	fresh := make([][]byte, len(rows))
	for i, r := range rows {
		raw, err := w.open(r.person, r.version, r.wrapped)
		if err != nil {
			return err
		}
		fresh[i] = w.seal(r.person, r.version, raw)
		clear(raw)
	}
	return v.keys.Tx(ctx, tk.tenant, func(tx *db.Tx) error {
		for i, r := range rows {
			if _, err := tx.Exec(qPersonSwap, tk.tenant, r.person, r.version, fresh[i], r.wrapped); err != nil {
				return err
			}
		}
		return nil
	})
}
