package kms

import (
	"encoding/base64"
	"slices"

	"rakudos/internal/engine/vault"
)

// seal is the double's cipher: an envelope whose key travels along, bound to the version's key through the
// associated data. It stands in for the engine's AES-GCM, which no package but vault may use.
func (d *transitDouble) seal(version int, plain, aad []byte) string {
	key, sealed := vault.NewEnvelope(plain, slices.Concat(d.keys[version-1], aad))
	return base64.StdEncoding.EncodeToString(slices.Concat(key, sealed))
}

func (d *transitDouble) open(version int, text string, aad []byte) ([]byte, bool) {
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(b) < 32 {
		return nil, false
	}
	plain, err := vault.OpenEnvelope(b[:32], b[32:], slices.Concat(d.keys[version-1], aad))
	return plain, err == nil
}
