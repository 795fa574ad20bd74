package identity

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"rakudos/internal/base/fault"
)

// HashParams are the costs of argon2id.
type HashParams struct {
	MemoryKiB uint32
	Time      uint32
	Threads   uint8
}

const (
	saltSize = 16
	hashSize = 32

	// Bounds of what is read from a stored hash: a manipulated row must not be able to eat the memory.
	mostMemoryKiB = 256 * 1024
	mostTime      = 16
	mostThreads   = 8
	mostHashSize  = 64
	mostPassword  = 4096 // bytes; far above the policy's maximum
)

// hashed is a parsed PHC string.
type hashed struct {
	HashParams
	salt, sum []byte
}

var phc64 = base64.RawStdEncoding

// hashPassword returns the PHC string "$argon2id$v=19$m=…,t=…,p=…$salt$hash".
func hashPassword(p HashParams, password string) string {
	salt := make([]byte, saltSize)
	rand.Read(salt)
	return hashed{p, salt, sum(p, salt, password, hashSize)}.String()
}

func (h hashed) String() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, h.MemoryKiB, h.Time, h.Threads, phc64.EncodeToString(h.salt), phc64.EncodeToString(h.sum))
}

// sum hashes the password in NFC, so that the same keys give the same password on every system.
func sum(p HashParams, salt []byte, password string, size uint32) []byte {
	return argon2.IDKey([]byte(norm.NFC.String(password)), salt, p.Time, p.MemoryKiB, p.Threads, size)
}

// parseHash reads a PHC string of argon2id and refuses costs out of bounds.
func parseHash(s string) (hashed, error) {
	var h hashed
	bad := func(what string) (hashed, error) {
		return hashed{}, fault.New(fault.Internal, "identity.hash_broken").Because(fmt.Errorf("stored hash: %s", what))
	}
	f := strings.Split(s, "$")
	if len(f) != 6 || f[0] != "" || f[1] != "argon2id" || f[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return bad("not argon2id of this version")
	}
	if _, err := fmt.Sscanf(f[3], "m=%d,t=%d,p=%d", &h.MemoryKiB, &h.Time, &h.Threads); err != nil || f[3] != fmt.Sprintf("m=%d,t=%d,p=%d", h.MemoryKiB, h.Time, h.Threads) {
		return bad("costs")
	}
	if h.Time < 1 || h.Time > mostTime || h.Threads < 1 || h.Threads > mostThreads || h.MemoryKiB < 8*uint32(h.Threads) || h.MemoryKiB > mostMemoryKiB {
		return bad("costs out of bounds")
	}
	var err error
	if h.salt, err = phc64.DecodeString(f[4]); err != nil || len(h.salt) < 8 || len(h.salt) > 64 {
		return bad("salt")
	}
	if h.sum, err = phc64.DecodeString(f[5]); err != nil || len(h.sum) < 16 || len(h.sum) > mostHashSize {
		return bad("sum")
	}
	return h, nil
}

// matches costs the same whether the password is right or wrong.
func (h hashed) matches(password string) bool {
	if len(password) > mostPassword {
		password = ""
	}
	return subtle.ConstantTimeCompare(sum(h.HashParams, h.salt, password, uint32(len(h.sum))), h.sum) == 1
}
