package org

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/google/uuid"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

// cached is one tenant's newest known Directory.
type cached struct {
	mu  sync.Mutex // held while loading, so that a change is read once however many ask
	dir *Directory
}

// Directory returns the tenant's people as they are now. It asks for no permission and writes no audit
// event. The snapshot is kept and loaded again only after a change.
func (s *Service) Directory(ctx context.Context, t ids.Tenant) (*Directory, error) {
	s.mu.Lock()
	c := s.cache[t]
	if c == nil {
		c = &cached{}
		s.cache[t] = c
	}
	s.mu.Unlock()
	now, err := s.revision(ctx, t)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dir != nil && c.dir.revision >= now {
		return c.dir, nil
	}
	d, err := s.load(ctx, t)
	if err != nil {
		return nil, fmt.Errorf("org: directory: %w", err)
	}
	c.dir = d
	return d, nil
}

// Forget drops what is kept in memory of a tenant; an erasure calls it. Whoever asks again is served from
// what the database then holds.
func (s *Service) Forget(t ids.Tenant) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.cache, t)
}

func (s *Service) revision(ctx context.Context, t ids.Tenant) (n int64, err error) {
	err = s.db.View(ctx, t, func(tx *db.Tx) (err error) {
		n, err = revisionIn(tx, t)
		return err
	})
	return n, err
}

func revisionIn(tx *db.Tx, t ids.Tenant) (int64, error) {
	n, err := db.Value[int64](tx, qRevision, t)
	if fault.Is(err, fault.Missing) {
		return 0, nil
	}
	return n, err
}

// stored is a person's row as it is in the database.
type stored struct {
	id         uuid.UUID
	site, dept string
	left       int32
	sealed     []byte
}

// load reads one consistent state and opens it. People whose key was destroyed are left out: nobody can
// read them any more.
func (s *Service) load(ctx context.Context, t ids.Tenant) (*Directory, error) {
	d := &Directory{}
	var rows []stored
	var err error
	err = s.db.View(ctx, t, func(tx *db.Tx) error {
		if d.revision, err = revisionIn(tx, t); err != nil {
			return err
		}
		tk, err := s.vault.Tenant(ctx, t)
		if err != nil {
			return err
		}
		if d.sites, err = sitesIn(tx, t, tk); err != nil {
			return err
		}
		if d.depts, err = deptsIn(tx, t, tk); err != nil {
			return err
		}
		rows, err = db.All(tx, qPeople, scanStored, t)
		return err
	})
	if err != nil {
		return nil, err
	}
	d.people = make([]entry, 0, len(rows))
	b := newBuilder(d, rows)
	err = s.vault.AllPersons(ctx, t, func(id ids.Person, k *vault.Key) error { return b.open(id, k) })
	if err != nil {
		return nil, err
	}
	return d, b.finish()
}

func scanStored(s db.Scanner) (r stored, err error) {
	var id string
	var left int64
	if err := s.Scan(&id, &r.site, &r.dept, &left, &r.sealed); err != nil {
		return r, err
	}
	r.left = int32(left)
	r.id, err = uuid.Parse(id)
	return r, err
}

// builder fills a Directory.
type builder struct {
	d     *Directory
	rows  []stored // ascending by identifier
	texts []byte
	sites map[string]int32
	depts map[string]int32
}

func newBuilder(d *Directory, rows []stored) *builder {
	b := &builder{d: d, rows: rows, sites: map[string]int32{"": -1}, depts: map[string]int32{"": -1}}
	slices.SortFunc(rows, func(a, b stored) int { return slices.Compare(a.id[:], b.id[:]) })
	size := 0
	for i := range rows {
		size += len(rows[i].sealed) - vault.Overhead
	}
	b.texts = make([]byte, 0, max(size, 0))
	for i, s := range d.sites {
		b.sites[string(s.ID)] = int32(i)
	}
	for i, s := range d.depts {
		b.depts[string(s.ID)] = int32(i)
	}
	return b
}

// open adds the person if there is a row of that identifier; keys may come in any order.
func (b *builder) open(id ids.Person, k *vault.Key) error {
	u, err := uuid.Parse(string(id))
	if err != nil {
		return err
	}
	i, ok := slices.BinarySearchFunc(b.rows, u, func(r stored, u uuid.UUID) int { return slices.Compare(r.id[:], u[:]) })
	if !ok {
		return nil
	}
	r := &b.rows[i]
	plain, err := k.Open(personAt(id), r.sealed)
	if err != nil {
		return err
	}
	if err := checkPerson(plain); err != nil {
		return err
	}
	r.sealed = nil
	from := len(b.texts)
	b.texts = append(b.texts, plain...)
	if len(b.texts) > math.MaxUint32 || len(plain) > math.MaxUint16 {
		return errPerson
	}
	site, ok1 := b.sites[r.site]
	dept, ok2 := b.depts[r.dept]
	if !ok1 || !ok2 {
		return errPerson
	}
	b.d.people = append(b.d.people, entry{id: u, from: uint32(from), size: uint16(len(plain)), site: site, dept: dept, left: r.left})
	return nil
}

// finish makes the indexes.
func (b *builder) finish() error {
	d := b.d
	d.texts = string(b.texts)
	b.texts, b.rows = nil, nil
	slices.SortFunc(d.people, func(x, y entry) int { return slices.Compare(x.id[:], y.id[:]) })
	numbers := make([]string, len(d.people))
	d.byNumber = make([]uint32, len(d.people))
	d.byPerson = make([]hashed, len(d.people))
	for i := range d.people {
		var p Person
		decodePerson(d.record(i), &p)
		numbers[i] = FoldNumber(p.Number)
		d.byNumber[i] = uint32(i)
		d.byPerson[i] = hashed{identityHash(FoldKana(p.Kana), p.Birth, p.Sex), uint32(i)}
	}
	slices.SortFunc(d.byNumber, func(x, y uint32) int { return strings.Compare(numbers[x], numbers[y]) })
	slices.SortFunc(d.byPerson, func(x, y hashed) int { return cmp.Or(cmp.Compare(x.hash, y.hash), cmp.Compare(x.at, y.at)) })
	return nil
}
