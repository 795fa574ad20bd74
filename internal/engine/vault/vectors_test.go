package vault

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"testing"

	"github.com/c2sp/wycheproof"
)

// TestWycheproof runs the AES-GCM vectors of the project of that name, as far as they are of the only form
// that is used here (256-bit key, 96-bit nonce, 128-bit tag), through the sealing that records go through.
func TestWycheproof(t *testing.T) {
	raw, err := fs.ReadFile(wycheproof.TestVectors, "aes_gcm_test.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		TestGroups []struct {
			KeySize, IvSize, TagSize int
			Tests                    []struct {
				TcID                               int
				Key, IV, AAD, Msg, CT, Tag, Result string
			}
		}
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	unhex := func(s string) []byte {
		b, err := hex.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	valid, invalid := 0, 0
	for _, g := range file.TestGroups {
		if g.KeySize != 8*secretSize || g.IvSize != 8*nonceSize || g.TagSize != 8*tagSize {
			continue
		}
		for _, x := range g.Tests {
			gcm, nonce, aad := newGCM(unhex(x.Key)), unhex(x.IV), unhex(x.AAD)
			sealed := append(unhex(x.CT), unhex(x.Tag)...)
			got, err := gcm.Open(nil, nonce, sealed, aad)
			switch x.Result {
			case "valid":
				valid++
				if err != nil || !bytes.Equal(got, unhex(x.Msg)) {
					t.Errorf("%d: a valid vector does not open: %v", x.TcID, err)
				}
				if !bytes.Equal(gcm.Seal(nil, nonce, unhex(x.Msg), aad), sealed) {
					t.Errorf("%d: seals to something else", x.TcID)
				}
			case "invalid":
				invalid++
				if err == nil {
					t.Errorf("%d: an invalid vector opens", x.TcID)
				}
			}
		}
	}
	if valid < 30 || invalid < 15 {
		t.Errorf("only %d valid and %d invalid vectors were tried", valid, invalid)
	}
	t.Logf("%d valid and %d invalid vectors", valid, invalid)
}

func TestAnEnvelopeOpensInItsPlaceAlone(t *testing.T) {
	key, sealed := NewEnvelope([]byte("tenant key"), []byte("place"))
	if got, err := OpenEnvelope(key, sealed, []byte("place")); err != nil || string(got) != "tenant key" {
		t.Errorf("%q, %v", got, err)
	}
	other, again := NewEnvelope([]byte("tenant key"), []byte("place"))
	if bytes.Equal(key, other) || bytes.Equal(sealed, again) {
		t.Error("two envelopes have the same key")
	}
	for name, try := range map[string]func() error{
		"another place": func() error { _, err := OpenEnvelope(key, sealed, []byte("elsewhere")); return err },
		"another key":   func() error { _, err := OpenEnvelope(other, sealed, []byte("place")); return err },
		"a short key":   func() error { _, err := OpenEnvelope(key[:16], sealed, []byte("place")); return err },
		"cut":           func() error { _, err := OpenEnvelope(key, sealed[:9], []byte("place")); return err },
	} {
		if try() == nil {
			t.Errorf("%s: opens", name)
		}
	}
}
