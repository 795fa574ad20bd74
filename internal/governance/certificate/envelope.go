package certificate

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"rakudos/internal/base/canon"
	"rakudos/internal/base/fault"
	"rakudos/internal/engine/audit"
)

// MaxFile bounds a certificate file, in bytes.
const MaxFile = 1 << 20

// Signature is by the key of this name.
type Signature struct {
	Key   string `json:"key"`
	Value []byte `json:"value"`
}

// Revocation says that a certificate no longer holds. It is signed like a certificate.
type Revocation struct {
	Digest    string    `json:"digest"`
	At        Instant   `json:"at"`
	Reason    string    `json:"reason"`
	Signature Signature `json:"signature"`
}

// File is a certificate as it is handed out: the signed text, the signature, and the proof that its
// digest stands in the audit log.
type File struct {
	Certificate Body         `json:"certificate"`
	Signature   Signature    `json:"signature"`
	Log         *audit.Proof `json:"log"`
	Revocation  *Revocation  `json:"revocation,omitempty"`
}

// The texts that are signed begin with a line of their own, so none can be taken for another.
const (
	bodyPrefix       = "rakudos certificate 1\n"
	revocationPrefix = "rakudos certificate revocation 1\n"
)

// message is what is signed.
func (b *Body) message() ([]byte, error) {
	text, err := canon.JSON(b)
	return append([]byte(bodyPrefix), text...), err
}

// digest names a signed text, in 64 hexadecimal digits.
func digest(message []byte) string {
	sum := sha256.Sum256(message)
	return hex.EncodeToString(sum[:])
}

func (r Revocation) message() ([]byte, error) {
	r.Signature = Signature{}
	text, err := canon.JSON(r)
	return append([]byte(revocationPrefix), text...), err
}

// Encode writes the file in its only form, with a line end.
func (f *File) Encode() ([]byte, error) {
	b, err := canon.JSON(f)
	return append(b, '\n'), err
}

// Parse reads a file. It accepts the one form that Encode writes and no other, so that not a bit of a
// certificate can be changed without being noticed: fault.Invalid "certificate.form".
func Parse(b []byte) (*File, error) {
	if len(b) > MaxFile {
		return nil, fault.New(fault.TooLarge, "certificate.large")
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	var f File
	if err := d.Decode(&f); err != nil {
		return nil, fault.New(fault.Invalid, "certificate.form").Because(err)
	}
	again, err := f.Encode()
	if err != nil || !bytes.Equal(again, b) && !bytes.Equal(again[:len(again)-1], b) {
		return nil, fault.New(fault.Invalid, "certificate.form").Because(err)
	}
	return &f, nil
}
