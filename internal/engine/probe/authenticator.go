package probe

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/fxamacker/cbor/v2"
)

// Authenticator is a passkey device in software (WebAuthn, ES256, no attestation): what a probe holds in
// the place of a person's phone. Its fields may be set to behave as no honest device does.
type Authenticator struct {
	Origin   string // of the page that it believes to be on
	Verified bool   // says that it has verified its user
	Count    uint32 // signature counter; counts up at every use
	Still    bool   // has no counter, as passkeys that are copied between devices on purpose

	key        *ecdsa.PrivateKey
	id, handle []byte
}

// NewAuthenticator makes a device in a browser that shows pages of origin.
func NewAuthenticator(origin string) *Authenticator {
	return &Authenticator{Origin: origin, Verified: true}
}

// asked is what is needed of the options that a service sends, for making and for using a passkey.
type asked struct {
	PublicKey struct {
		Challenge string `json:"challenge"`
		RPID      string `json:"rpId"`
		RP        struct {
			ID string `json:"id"`
		} `json:"rp"`
		User struct {
			ID string `json:"id"`
		} `json:"user"`
	} `json:"publicKey"`
}

// Flags of the authenticator data.
const (
	flagPresent  = 1 << 0
	flagVerified = 1 << 2
	flagMade     = 1 << 6
)

// response is the answer as navigator.credentials gives it.
type response struct {
	ID         string            `json:"id"`
	RawID      string            `json:"rawId"`
	Type       string            `json:"type"`
	Extensions struct{}          `json:"clientExtensionResults"`
	Response   map[string]string `json:"response"`
}

var errNoKey = errors.New("probe: the authenticator holds no passkey")

// Make makes a passkey for the options of a registration.
func (a *Authenticator) Make(options []byte) (json.RawMessage, error) {
	var o asked
	if err := json.Unmarshal(options, &o); err != nil {
		return nil, fmt.Errorf("probe: options: %w", err)
	}
	handle, err := base64.RawURLEncoding.DecodeString(o.PublicKey.User.ID)
	if err != nil {
		return nil, fmt.Errorf("probe: user handle: %w", err)
	}
	if a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return nil, err
	}
	a.handle, a.id = handle, make([]byte, 32)
	rand.Read(a.id)
	point, err := a.key.PublicKey.Bytes() // 4, x, y
	if err != nil {
		return nil, err
	}
	public, err := cbor.Marshal(map[int]any{1: 2, 3: -7, -1: 1, -2: point[1:33], -3: point[33:]})
	if err != nil {
		return nil, err
	}
	data := a.data(o.PublicKey.RP.ID, flagMade)
	data = append(data, make([]byte, 16)...) // no model
	data = binary.BigEndian.AppendUint16(data, uint16(len(a.id)))
	data = append(append(data, a.id...), public...)
	object, err := cbor.Marshal(map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": data})
	if err != nil {
		return nil, err
	}
	client, err := a.client("webauthn.create", o.PublicKey.Challenge)
	if err != nil {
		return nil, err
	}
	return a.answer(map[string][]byte{"clientDataJSON": client, "attestationObject": object})
}

// Use answers the options of a sign-in with the passkey made before.
func (a *Authenticator) Use(options []byte) (json.RawMessage, error) {
	if a.key == nil {
		return nil, errNoKey
	}
	var o asked
	if err := json.Unmarshal(options, &o); err != nil {
		return nil, fmt.Errorf("probe: options: %w", err)
	}
	if !a.Still {
		a.Count++
	}
	data := a.data(o.PublicKey.RPID, 0)
	client, err := a.client("webauthn.get", o.PublicKey.Challenge)
	if err != nil {
		return nil, err
	}
	over := sha256.Sum256(client)
	digest := sha256.Sum256(append(append([]byte(nil), data...), over[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, a.key, digest[:])
	if err != nil {
		return nil, err
	}
	return a.answer(map[string][]byte{"clientDataJSON": client, "authenticatorData": data, "signature": signature, "userHandle": a.handle})
}

// data is the beginning of the authenticator data.
func (a *Authenticator) data(name string, flags byte) []byte {
	h := sha256.Sum256([]byte(name))
	flags |= flagPresent
	if a.Verified {
		flags |= flagVerified
	}
	return binary.BigEndian.AppendUint32(append(h[:], flags), a.Count)
}

func (a *Authenticator) client(kind, challenge string) ([]byte, error) {
	return json.Marshal(map[string]any{"type": kind, "challenge": challenge, "origin": a.Origin, "crossOrigin": false})
}

func (a *Authenticator) answer(parts map[string][]byte) (json.RawMessage, error) {
	text := base64.RawURLEncoding.EncodeToString
	r := response{ID: text(a.id), RawID: text(a.id), Type: "public-key", Response: map[string]string{}}
	for k, v := range parts {
		r.Response[k] = text(v)
	}
	return json.Marshal(r)
}
