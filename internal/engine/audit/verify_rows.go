package audit

import (
	"cmp"
	"context"
	"crypto/sha256"
	"maps"
	"slices"

	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
)

// rows is one consistent state of the audit tables. Drills put a tampering one over the real one.
type rows interface {
	view(ctx context.Context, fn func(tables) error) error
}

// tables reads the audit tables. Events and people come grouped by tenant, ascending by number.
type tables interface {
	heads(fn func(head) error) error
	seals(fn func(sealRow) error) error
	people(from uint64, fn func(ids.Tenant, int64, ids.Person) error) error
	events(from uint64, fn func(row) error) error
	count(t ids.Tenant, from, to int64) (int64, error)
}

func source(d *db.DB) rows { return stored{d} }

type stored struct{ db *db.DB }

func (s stored) view(ctx context.Context, fn func(tables) error) error {
	return s.db.View(ctx, db.Global, func(tx *db.Tx) error { return fn(storedTables{tx}) })
}

type storedTables struct{ tx *db.Tx }

func (t storedTables) heads(fn func(head) error) error {
	return each(t.tx, qHeads, scanHead, fn)
}

func (t storedTables) seals(fn func(sealRow) error) error {
	return each(t.tx, qSeals, scanSeal, fn)
}

func (t storedTables) events(from uint64, fn func(row) error) error {
	if from == 0 {
		return each(t.tx, qEvents, scanRow, fn)
	}
	all, err := db.All(t.tx, qEventsFrom, scanRow, int64(from))
	slices.SortFunc(all, func(a, b row) int {
		return cmp.Or(cmp.Compare(a.tenant, b.tenant), cmp.Compare(a.seq, b.seq))
	})
	return forEach(all, fn, err)
}

func (t storedTables) people(from uint64, fn func(ids.Tenant, int64, ids.Person) error) error {
	type pair struct {
		tenant ids.Tenant
		seq    int64
		person ids.Person
	}
	scan := func(s db.Scanner) (p pair, err error) { return p, s.Scan(&p.tenant, &p.seq, &p.person) }
	call := func(p pair) error { return fn(p.tenant, p.seq, p.person) }
	if from == 0 {
		return each(t.tx, qIndexed, scan, call)
	}
	all, err := db.All(t.tx, qIndexedTo, scan, int64(from))
	slices.SortFunc(all, func(a, b pair) int {
		return cmp.Or(cmp.Compare(a.tenant, b.tenant), cmp.Compare(a.seq, b.seq))
	})
	return forEach(all, call, err)
}

func (t storedTables) count(tenant ids.Tenant, from, to int64) (int64, error) {
	return db.Value[int64](t.tx, qSpan, tenant, from, to)
}

func forEach[T any](all []T, fn func(T) error, err error) error {
	for i := 0; err == nil && i < len(all); i++ {
		err = fn(all[i])
	}
	return err
}

func each[T any](tx *db.Tx, q db.Query, scan func(db.Scanner) (T, error), fn func(T) error, args ...any) error {
	return db.Each(tx, q, func(s db.Scanner) error {
		v, err := scan(s)
		if err != nil {
			return err
		}
		return fn(v)
	}, args...)
}

// spotOf names one record.
type spotOf struct {
	tenant ids.Tenant
	seq    int64
}

// sortedSpots gives the keys in order, so that the same damage is always named the same way.
func sortedSpots[T any](m map[spotOf]T) []spotOf {
	return slices.SortedFunc(maps.Keys(m), func(a, b spotOf) int {
		return cmp.Or(cmp.Compare(a.tenant, b.tenant), cmp.Compare(a.seq, b.seq))
	})
}

// crowd is who an event is about, by number and digest, so that a large index fits into memory.
type crowd struct {
	n      int
	digest [32]byte
}

func crowdOf(all []ids.Person) crowd {
	all = people(all)
	h := sha256.New()
	for _, p := range all {
		h.Write(appendField(nil, []byte(p)))
	}
	return crowd{len(all), [32]byte(h.Sum(nil))}
}

// readPeople folds the person index into one crowd per event.
func readPeople(t tables, from uint64) (map[spotOf]crowd, error) {
	out := map[spotOf]crowd{}
	var at spotOf
	var group []ids.Person
	flush := func() {
		if len(group) > 0 {
			out[at] = crowdOf(group)
			group = group[:0]
		}
	}
	err := t.people(from, func(tn ids.Tenant, seq int64, p ids.Person) error {
		if next := (spotOf{tn, seq}); next != at {
			flush()
			at = next
		}
		group = append(group, p)
		return nil
	})
	flush()
	return out, err
}
