package vault

import (
	"crypto/ed25519"
	"crypto/rand"

	"rakudos/internal/base/fault"
)

// NewSigning makes an Ed25519 signing key. Its private half leaves this package only sealed by k at l, so
// whoever loses k loses the power to sign; public verifies for ever.
func (k *Key) NewSigning(l Loc) (public, sealed []byte) {
	seed := make([]byte, ed25519.SeedSize)
	rand.Read(seed)
	defer clear(seed)
	public = ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)
	return public, k.Seal(l, seed)
}

// Sign signs a message with the key that NewSigning sealed at l.
func (k *Key) Sign(l Loc, sealed, message []byte) ([]byte, error) {
	seed, err := k.Open(l, sealed)
	if err != nil {
		return nil, err
	}
	defer clear(seed)
	if len(seed) != ed25519.SeedSize {
		return nil, fault.New(fault.Internal, "vault.open")
	}
	return ed25519.Sign(ed25519.NewKeyFromSeed(seed), message), nil
}
