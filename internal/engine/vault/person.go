package vault

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"slices"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
)

const (
	batch    = 2000 // people in one transaction or one look-up
	scanFrom = 5000 // from here on reading all of a tenant's keys is cheaper than finding some
)

// CreatePersons makes the keys of people who have none yet; those who have one keep it. It refuses people
// whose key was destroyed. Each 2,000 people are one transaction.
func (v *Vault) CreatePersons(ctx context.Context, t ids.Tenant, people []ids.Person) error {
	tk, err := v.Tenant(ctx, t)
	if err != nil {
		return err
	}
	for len(people) > 0 {
		n := min(batch, len(people))
		if err := v.createBatch(ctx, tk, people[:n]); err != nil {
			return err
		}
		people = people[n:]
	}
	return nil
}

func (v *Vault) createBatch(ctx context.Context, tk *Key, people []ids.Person) error {
	wrap := newWrapper(tk)
	wrapped := make([][]byte, len(people))
	for i, p := range people {
		raw := newSecret()
		wrapped[i] = wrap.seal(p, 1, raw[:])
	}
	now := db.Micros(time.Now())
	return v.keys.Tx(ctx, tk.tenant, func(tx *db.Tx) error {
		if err := refuseDestroyed(tx, tk.tenant, people); err != nil {
			return err
		}
		for i := 0; i < len(people); {
			n, q := insertRows, qPersonsAdd
			if len(people)-i < insertRows {
				n, q = 1, qPersonAdd
			}
			args := append(make([]any, 0, 2+2*n), tk.tenant, now)
			for ; n > 0; n-- {
				args = append(args, people[i], wrapped[i])
				i++
			}
			if _, err := tx.Exec(q, args...); err != nil {
				return err
			}
		}
		return nil
	})
}

// refuseDestroyed keeps an erased person's key from being made anew by an import that still names them.
func refuseDestroyed(tx *db.Tx, t ids.Tenant, people []ids.Person) error {
	gone, err := db.Column[ids.Person](tx, qPersonsGone, t)
	if err != nil || len(gone) == 0 {
		return err
	}
	set := make(map[ids.Person]bool, len(gone))
	for _, p := range gone {
		set[p] = true
	}
	for _, p := range people {
		if set[p] {
			return fault.New(fault.Conflict, "vault.key_destroyed", "person", string(p))
		}
	}
	return nil
}

// Persons returns the keys of people. Whoever has none, or whose key was destroyed, is absent.
func (v *Vault) Persons(ctx context.Context, t ids.Tenant, people []ids.Person) (map[ids.Person]*Key, error) {
	tk, err := v.Tenant(ctx, t)
	if err != nil {
		return nil, err
	}
	people = slices.Clone(people)
	slices.Sort(people)
	people = slices.Compact(people)
	out := make(map[ids.Person]*Key, len(people))
	if len(people) > scanFrom {
		return out, v.AllPersons(ctx, t, func(p ids.Person, k *Key) error {
			if _, wanted := slices.BinarySearch(people, p); wanted {
				out[p] = k
			}
			return nil
		})
	}
	for len(people) > 0 {
		n := min(batch, len(people))
		var rows []wrappedKey
		err := v.keys.View(ctx, t, func(tx *db.Tx) (err error) {
			rows, err = lookup(tx, t, people[:n])
			return err
		})
		if err != nil {
			return nil, err
		}
		people = people[n:]
		err = unwrapAll(tk, rows, func(p ids.Person, k *Key) error { out[p] = k; return nil })
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// lookup reads the rows of people, who are sorted. Identifiers of people who are handled together mostly
// lie together, so it walks pages of the index and picks; where few of a page are wanted it names them.
func lookup(tx *db.Tx, t ids.Tenant, people []ids.Person) ([]wrappedKey, error) {
	var out []wrappedKey
	walk := len(people) > lookupNear
	for len(people) > 0 {
		if !walk {
			rows, err := db.All(tx, qPersonsNear, scanPersonKey, nearArgs(t, people)...)
			if err != nil {
				return nil, err
			}
			out = append(out, rows...)
			people = people[min(lookupNear, len(people)):]
			continue
		}
		page, err := db.All(tx, qPersonsFrom, scanPersonKey, t, people[0])
		if err != nil {
			return nil, err
		}
		before := len(out)
		out, people = pick(out, page, people)
		walk = (len(out)-before)*lookupNear > pageRows
	}
	return out, nil
}

// pick takes from a page the rows of the wanted people and returns those people who may stand beyond it.
func pick(out, page []wrappedKey, people []ids.Person) ([]wrappedKey, []ids.Person) {
	full := len(page) == pageRows
	last := ids.Person("")
	if full { // the versions of the last person may go on beyond the page
		last = page[len(page)-1].person
		for len(page) > 0 && page[len(page)-1].person == last {
			page = page[:len(page)-1]
		}
	}
	for _, r := range page {
		for len(people) > 0 && people[0] < r.person {
			people = people[1:]
		}
		if len(people) > 0 && people[0] == r.person {
			out = append(out, r)
		}
	}
	if !full {
		return out, nil
	}
	for len(people) > 0 && people[0] < last {
		people = people[1:]
	}
	return out, people
}

func nearArgs(t ids.Tenant, people []ids.Person) []any {
	args := append(make([]any, 0, 1+lookupNear), t)
	for i := range lookupNear {
		args = append(args, people[min(i, len(people)-1)])
	}
	return args
}

// AllPersons hands every person key of a tenant to fn, in the order of the identifiers. fn must not write
// to the key store.
func (v *Vault) AllPersons(ctx context.Context, t ids.Tenant, fn func(ids.Person, *Key) error) error {
	tk, err := v.Tenant(ctx, t)
	if err != nil {
		return err
	}
	u := unwrapper{wrap: newWrapper(tk), emit: fn}
	return v.keys.View(ctx, t, func(tx *db.Tx) error {
		err := db.Each(tx, qPersonsAll, func(s db.Scanner) error {
			row, err := scanPersonKey(s)
			if err != nil {
				return err
			}
			return u.row(row)
		}, t)
		if err != nil {
			return err
		}
		return u.flush()
	})
}

func unwrapAll(tk *Key, rows []wrappedKey, fn func(ids.Person, *Key) error) error {
	u := unwrapper{wrap: newWrapper(tk), emit: fn}
	for _, r := range rows {
		if err := u.row(r); err != nil {
			return err
		}
	}
	return u.flush()
}

// unwrapper joins the rows of one person (one per key version) to one Key.
type unwrapper struct {
	wrap   wrapper
	emit   func(ids.Person, *Key) error
	person ids.Person
	key    *Key
}

func (u *unwrapper) row(r wrappedKey) error {
	raw, err := u.wrap.open(r.person, r.version, r.wrapped)
	if err != nil {
		return err
	}
	if u.key == nil || u.person != r.person {
		if err := u.flush(); err != nil {
			return err
		}
		u.person, u.key = r.person, newKey(u.wrap.tenant.tenant, r.person, u.wrap.tenant.vault, &ring{})
	}
	u.key.ring.Load().add(secret{version: r.version, raw: secretBytes(raw)}) // nobody else has it yet
	return nil
}

func (u *unwrapper) flush() error {
	if u.key == nil {
		return nil
	}
	k := u.key
	u.key = nil
	return u.emit(u.person, k)
}

// wrapper seals person keys under the tenant's key: [4 tenant key version][12 nonce][ciphertext and tag].
// It uses a derived key, so that no record sealed by the tenant's key can pose as a person key.
type wrapper struct {
	tenant *Key
	bench  map[uint32]*bench
}

func newWrapper(tk *Key) wrapper { return wrapper{tk, map[uint32]*bench{}} }

func (w wrapper) at(version uint32) *bench {
	if b := w.bench[version]; b != nil {
		return b
	}
	s := w.tenant.version(version)
	if s == nil {
		return nil
	}
	b := &bench{gcm: newGCM(derive(s, "person keys"))}
	w.bench[version] = b
	return b
}

func (w wrapper) seal(p ids.Person, version uint32, raw []byte) []byte {
	tv := w.tenant.Version()
	b := w.at(tv)
	b.aad = personAAD(b.aad[:0], w.tenant.tenant, p, version)
	out := binary.BigEndian.AppendUint32(make([]byte, 0, 4+nonceSize+secretSize+tagSize), tv)
	out = out[:4+nonceSize]
	rand.Read(out[4:])
	return b.gcm.Seal(out, out[4:], raw, b.aad)
}

func (w wrapper) open(p ids.Person, version uint32, wrapped []byte) ([]byte, error) {
	if len(wrapped) != 4+nonceSize+secretSize+tagSize {
		return nil, broken(errShort)
	}
	b := w.at(binary.BigEndian.Uint32(wrapped))
	if b == nil {
		return nil, fault.New(fault.Missing, "vault.key_missing")
	}
	b.aad = personAAD(b.aad[:0], w.tenant.tenant, p, version)
	raw, err := b.gcm.Open(nil, wrapped[4:4+nonceSize], wrapped[4+nonceSize:], b.aad)
	if err != nil {
		return nil, fault.New(fault.Internal, "vault.key_broken").Because(err)
	}
	return raw, nil
}

func tenantAAD(t ids.Tenant, version uint32) []byte {
	return appendLoc(nil, t, Loc{Table: "key_tenant", ID: string(t), Column: "wrapped"}, version)
}

func personAAD(b []byte, t ids.Tenant, p ids.Person, version uint32) []byte {
	return appendLoc(b, t, Loc{Table: "key_person", ID: string(p), Column: "wrapped"}, version)
}
