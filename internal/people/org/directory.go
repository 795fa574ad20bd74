package org

import (
	"hash/fnv"
	"iter"
	"slices"
	"sort"
	"strings"

	"github.com/google/uuid"

	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
)

// Directory is a tenant's people, sites and departments as they were at one revision, decrypted in
// memory: about 150 bytes a person and no pointer for each. It never changes, asks for no permission and
// writes no audit event: whoever hands out what is in it has done both.
type Directory struct {
	revision int64
	people   []entry  // ascending by identifier
	texts    string   // the people's records one after another, as codec.go writes them
	byNumber []uint32 // positions in people, ascending by folded number
	byPerson []hashed // ascending by the hash of kana, birth date and sex
	sites    []Site   // by code
	depts    []Dept   // by name
}

type entry struct {
	id         uuid.UUID
	from       uint32 // the record begins there in texts
	size       uint16
	site, dept int32 // positions in sites and depts; -1 for none
	left       int32
}

type hashed struct {
	hash uint64
	at   uint32
}

// Revision counts the changes of the tenant's people.
func (d *Directory) Revision() int64 { return d.revision }

// Len is the number of people, leavers included.
func (d *Directory) Len() int { return len(d.people) }

// Sites in the order of their codes.
func (d *Directory) Sites() []Site { return slices.Clone(d.sites) }

// Depts in the order of their names.
func (d *Directory) Depts() []Dept { return slices.Clone(d.depts) }

// Site of an identifier.
func (d *Directory) Site(id ids.Site) (Site, bool) {
	if i := slices.IndexFunc(d.sites, func(s Site) bool { return s.ID == id }); i >= 0 {
		return d.sites[i], true
	}
	return Site{}, false
}

// Dept of an identifier.
func (d *Directory) Dept(id ids.Dept) (Dept, bool) {
	if i := slices.IndexFunc(d.depts, func(s Dept) bool { return s.ID == id }); i >= 0 {
		return d.depts[i], true
	}
	return Dept{}, false
}

// Person of an identifier.
func (d *Directory) Person(id ids.Person) (Person, bool) {
	u, err := uuid.Parse(string(id))
	if err != nil {
		return Person{}, false
	}
	i, ok := slices.BinarySearchFunc(d.people, u, func(e entry, u uuid.UUID) int { return slices.Compare(e.id[:], u[:]) })
	if !ok {
		return Person{}, false
	}
	return d.at(i), true
}

// ByNumber finds the person of an employee number in any width and case.
func (d *Directory) ByNumber(number string) (Person, bool) {
	want := FoldNumber(number)
	i, ok := slices.BinarySearchFunc(d.byNumber, want, func(at uint32, want string) int {
		return strings.Compare(FoldNumber(numberOf(d.record(int(at)))), want)
	})
	if !ok {
		return Person{}, false
	}
	return d.at(int(d.byNumber[i])), true
}

// ByIdentity counts the people of that reading, birth date and sex; p is the person when there is exactly
// one.
func (d *Directory) ByIdentity(kana string, birth jst.Date, sex Sex) (p Person, n int) {
	h := identityHash(FoldKana(kana), birth, sex)
	i := sort.Search(len(d.byPerson), func(i int) bool { return d.byPerson[i].hash >= h })
	for ; i < len(d.byPerson) && d.byPerson[i].hash == h; i++ {
		if q := d.at(int(d.byPerson[i].at)); d.SameIdentity(q, kana, birth, sex) {
			p = q
			n++
		}
	}
	if n != 1 {
		return Person{}, n
	}
	return p, 1
}

// SameIdentity tells whether reading, birth date and sex are those of p.
func (d *Directory) SameIdentity(p Person, kana string, birth jst.Date, sex Sex) bool {
	return p.Birth == birth && p.Sex == sex && FoldKana(p.Kana) == FoldKana(kana)
}

// All gives everybody by employee number, leavers included.
func (d *Directory) All() iter.Seq[Person] {
	return func(yield func(Person) bool) {
		for _, at := range d.byNumber {
			if !yield(d.at(int(at))) {
				return
			}
		}
	}
}

// InDept gives the people of a department by employee number, leavers included.
func (d *Directory) InDept(dept ids.Dept) iter.Seq[Person] {
	k := slices.IndexFunc(d.depts, func(s Dept) bool { return s.ID == dept })
	return func(yield func(Person) bool) {
		for _, at := range d.byNumber {
			if k >= 0 && int(d.people[at].dept) == k && !yield(d.at(int(at))) {
				return
			}
		}
	}
}

func (d *Directory) record(i int) string {
	e := &d.people[i]
	return d.texts[e.from : e.from+uint32(e.size)]
}

func (d *Directory) at(i int) Person {
	e := &d.people[i]
	p := Person{ID: ids.Person(e.id.String()), Left: unpackDate(e.left)}
	decodePerson(d.record(i), &p)
	if e.site >= 0 {
		p.Site = d.sites[e.site].ID
	}
	if e.dept >= 0 {
		p.Dept = d.depts[e.dept].ID
	}
	return p
}

func identityHash(foldedKana string, birth jst.Date, sex Sex) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(foldedKana))
	n := packDate(birth)
	_, _ = h.Write([]byte{0, byte(n), byte(n >> 8), byte(n >> 16), byte(n >> 24), byte(sex)})
	return h.Sum64()
}
