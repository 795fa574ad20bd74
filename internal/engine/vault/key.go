package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"sync"
	"sync/atomic"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
)

const (
	secretSize = 32
	nonceSize  = 12
	tagSize    = 16
	header     = 1 + 4 + nonceSize // format, key version, nonce

	// Overhead is by how many bytes a sealed value is longer than its plaintext.
	Overhead = header + tagSize

	formatRecord = 1
	formatStream = 2
)

var errShort = errors.New("vault: sealed value is too short or of an unknown format")

// Loc is the place of a sealed value. A value opens only in the place where it was sealed.
type Loc struct{ Table, ID, Column string }

// secret is one version of a key.
type secret struct {
	version uint32
	raw     [secretSize]byte
}

// ring is the versions of one key; the newest seals, the older ones still open.
type ring struct {
	newest secret
	older  []secret // ascending
}

func (r *ring) add(s secret) {
	if r.newest.version != 0 {
		r.older = append(r.older, r.newest)
	}
	r.newest = s
}

func (r *ring) version(n uint32) *secret {
	if r.newest.version == n {
		return &r.newest
	}
	for i := range r.older {
		if r.older[i].version == n {
			return &r.older[i]
		}
	}
	return nil
}

func (r *ring) first() *secret {
	if len(r.older) > 0 {
		return &r.older[0]
	}
	return &r.newest
}

// Key seals and opens values of one tenant or of one person. It is a small value: hundreds of thousands
// may pass through memory, so no cipher state is kept in it. Whoever holds one sees a rotation at once:
// its versions are exchanged under it.
type Key struct {
	tenant ids.Tenant
	person ids.Person // empty: the tenant's own key, which may also make blind indexes and MACs
	vault  *Vault     // asked for versions that are not known yet; nil for a key outside of the store
	ring   atomic.Pointer[ring]
}

func newKey(t ids.Tenant, p ids.Person, v *Vault, r *ring) *Key {
	k := &Key{tenant: t, person: p, vault: v}
	k.ring.Store(r)
	return k
}

// Version is the version of the key that seals now.
func (k *Key) Version() uint32 { return k.current().version }

func (k *Key) current() *secret { return &k.ring.Load().newest }

// version finds a version. One that is not known was made by a rotation since this key was read.
func (k *Key) version(n uint32) *secret {
	if s := k.ring.Load().version(n); s != nil || k.vault == nil {
		return s
	}
	if !k.vault.refresh(k, n) {
		return nil
	}
	return k.ring.Load().version(n)
}

// Seal encrypts plain for one place: [1 format][4 key version][12 nonce][ciphertext and tag].
func (k *Key) Seal(l Loc, plain []byte) []byte {
	return k.AppendSeal(make([]byte, 0, len(plain)+Overhead), l, plain)
}

// AppendSeal is Seal that appends to dst.
func (k *Key) AppendSeal(dst []byte, l Loc, plain []byte) []byte {
	if k.leaves(l) {
		return k.leave(dst, plain)
	}
	s := k.current()
	b := benches.Get().(*bench)
	defer benches.Put(b)
	b.aad = appendLoc(b.aad[:0], k.tenant, k.where(l), s.version)
	dst = append(dst, formatRecord)
	dst = binary.BigEndian.AppendUint32(dst, s.version)
	n := len(dst)
	dst = append(dst, b.nonce[:]...)
	rand.Read(dst[n:])
	return b.aead(s).Seal(dst, dst[n:], plain, b.aad)
}

// Open decrypts what was sealed for the same place. A value moved to another row, column, table or tenant,
// or changed in one bit, is the fault "vault.open".
func (k *Key) Open(l Loc, sealed []byte) ([]byte, error) {
	if plain, ok := k.left(l, sealed); ok {
		return plain, nil
	}
	if len(sealed) < Overhead || sealed[0] != formatRecord {
		return nil, broken(errShort)
	}
	s := k.version(binary.BigEndian.Uint32(sealed[1:5]))
	if s == nil {
		return nil, fault.New(fault.Missing, "vault.key_missing")
	}
	b := benches.Get().(*bench)
	defer benches.Put(b)
	b.aad = appendLoc(b.aad[:0], k.tenant, k.where(l), s.version)
	out, err := b.aead(s).Open(make([]byte, 0, len(sealed)-Overhead), sealed[5:header], sealed[header:], b.aad)
	if err != nil {
		return nil, broken(err)
	}
	return out, nil
}

// Index is a blind index: equal values of one tenant and purpose give equal 16 bytes, and nobody without
// the tenant's key can tell which value they stand for. It always uses the first version of the key, so
// that a rotation does not make rows unfindable. Tenant keys only.
func (k *Key) Index(purpose, value string) []byte {
	return k.mac("index", purpose, []byte(value))[:16]
}

// MAC is HMAC-SHA256 over the parts with a key derived for the tenant and purpose. Tenant keys only.
func (k *Key) MAC(purpose string, parts ...[]byte) []byte { return k.mac("mac", purpose, parts...) }

func (k *Key) mac(use, purpose string, parts ...[]byte) []byte {
	if k.person != "" {
		panic("vault: only a tenant key makes indexes and MACs")
	}
	h := hmac.New(sha256.New, derive(k.ring.Load().first(), use, purpose))
	var n [8]byte
	for _, p := range parts {
		binary.BigEndian.PutUint64(n[:], uint64(len(p)))
		h.Write(n[:])
		h.Write(p)
	}
	return h.Sum(nil)
}

// derive makes a key for one use out of a secret, so that no secret serves two algorithms (SP 800-108 in
// its single-block form: HMAC is a PRF and the output is one block).
func derive(s *secret, labels ...string) []byte {
	h := hmac.New(sha256.New, s.raw[:])
	h.Write([]byte("rakudos vault 1"))
	var n [8]byte
	for _, l := range labels {
		binary.BigEndian.PutUint64(n[:], uint64(len(l)))
		h.Write(n[:])
		h.Write([]byte(l))
	}
	return h.Sum(nil)
}

// appendLoc encodes the associated data. Every field carries its length, so no two places encode alike.
func appendLoc(b []byte, t ids.Tenant, l Loc, version uint32) []byte {
	b = appendField(b, string(t))
	b = appendField(b, l.Table)
	b = appendField(b, l.ID)
	b = appendField(b, l.Column)
	return binary.BigEndian.AppendUint32(b, version)
}

func appendField(b []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint32(b, uint32(len(s))), s...)
}

func broken(err error) error { return fault.New(fault.Internal, "vault.open").Because(err) }

// bench is a reusable work place: scratch space and the cipher state of the key used last, for records of
// one person mostly come in a row.
type bench struct {
	raw   [secretSize]byte
	gcm   cipher.AEAD
	aad   []byte
	nonce [nonceSize]byte
}

var benches = sync.Pool{New: func() any { return &bench{aad: make([]byte, 0, 256)} }}

func (b *bench) aead(s *secret) cipher.AEAD {
	if b.gcm == nil || b.raw != s.raw {
		b.raw, b.gcm = s.raw, newGCM(s.raw[:])
	}
	return b.gcm
}

func newGCM(raw []byte) cipher.AEAD {
	block, err := aes.NewCipher(raw)
	if err != nil {
		panic(err) // the length is fixed
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return gcm
}
