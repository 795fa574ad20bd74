package identity

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"math"
)

// FilterRate is how many other words a filter takes for one of its own: one in a million. A password is
// compared in at most five forms, so at most one good password in 200,000 is refused by mistake.
const FilterRate = 1e-6

// Filter holds words without holding them (Bloom): it never forgets one that was added.
type Filter struct {
	bits   []byte
	hashes int
	added  uint32
}

// filterMark begins the stored form, and names its edition.
const filterMark = "rkbloom1"

// NewFilter makes an empty filter for n words at FilterRate: 29 bits a word.
func NewFilter(n int) *Filter {
	perWord := -math.Log(FilterRate) / (math.Ln2 * math.Ln2)
	return &Filter{bits: make([]byte, int(math.Ceil(float64(max(n, 1))*perWord/8))), hashes: int(math.Ceil(perWord * math.Ln2))}
}

// positions calls fn with each bit of a word until it says no.
func (f *Filter) positions(word string, fn func(uint64) bool) {
	h := sha256.Sum256([]byte(word))
	a, b := binary.LittleEndian.Uint64(h[:]), binary.LittleEndian.Uint64(h[8:])|1
	m := uint64(len(f.bits)) * 8
	for i := range f.hashes {
		if !fn((a + uint64(i)*b) % m) {
			return
		}
	}
}

// Add puts a word in.
func (f *Filter) Add(word string) {
	f.positions(word, func(at uint64) bool { f.bits[at/8] |= 1 << (at % 8); return true })
	f.added++
}

// Has tells whether a word was put in; for FilterRate of the others it is wrong.
func (f *Filter) Has(word string) bool {
	has := len(f.bits) > 0
	f.positions(word, func(at uint64) bool { has = f.bits[at/8]&(1<<(at%8)) != 0; return has })
	return has
}

// Len is how many words were put in.
func (f *Filter) Len() int { return int(f.added) }

// Bytes is the stored form.
func (f *Filter) Bytes() []byte {
	out := append([]byte(filterMark), byte(f.hashes))
	out = binary.LittleEndian.AppendUint32(out, f.added)
	return append(out, f.bits...)
}

// ParseFilter reads the stored form.
func ParseFilter(b []byte) (*Filter, error) {
	n := len(filterMark)
	if len(b) < n+6 || string(b[:n]) != filterMark || b[n] == 0 {
		return nil, errors.New("identity: no filter")
	}
	return &Filter{hashes: int(b[n]), added: binary.LittleEndian.Uint32(b[n+1:]), bits: b[n+5:]}, nil
}
