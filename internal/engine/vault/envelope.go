package vault

import (
	"crypto/rand"

	"rakudos/internal/base/fault"
)

// NewEnvelope seals plain under a fresh key, for a key service that wraps keys but binds no associated data:
// the service wraps the fresh key, and this seal binds the place. The caller clears the key.
func NewEnvelope(plain, aad []byte) (key, sealed []byte) {
	raw := newSecret()
	nonce := make([]byte, nonceSize, nonceSize+len(plain)+tagSize)
	rand.Read(nonce)
	return raw[:], newGCM(raw[:]).Seal(nonce, nonce, plain, aad)
}

// OpenEnvelope opens what NewEnvelope sealed, in the same place alone.
func OpenEnvelope(key, sealed, aad []byte) ([]byte, error) {
	if len(key) != secretSize || len(sealed) < nonceSize+tagSize {
		return nil, broken(errShort)
	}
	plain, err := newGCM(key).Open(nil, sealed[:nonceSize], sealed[nonceSize:], aad)
	if err != nil {
		return nil, fault.New(fault.Internal, "vault.open").Because(err)
	}
	return plain, nil
}
