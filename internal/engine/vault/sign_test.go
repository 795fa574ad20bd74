package vault

import (
	"bytes"
	"crypto/ed25519"
	"testing"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
)

func TestSigning(t *testing.T) {
	k := testKey(ids.System, true)
	at := Loc{Table: "certificate_key", ID: "1", Column: "sealed"}
	public, sealed := k.NewSigning(at)
	if again, _ := k.NewSigning(at); bytes.Equal(public, again) {
		t.Error("two keys are the same")
	}
	text := []byte("消去証明書")
	sig, err := k.Sign(at, sealed, text)
	if err != nil || !ed25519.Verify(public, text, sig) {
		t.Fatalf("a fresh signature does not hold: %v", err)
	}
	for i := range sig {
		bad := bytes.Clone(sig)
		bad[i] ^= 1
		if ed25519.Verify(public, text, bad) {
			t.Errorf("byte %d of the signature does not matter", i)
		}
	}
	elsewhere := at
	elsewhere.ID = "2"
	if _, err := k.Sign(elsewhere, sealed, text); fault.Of(err) == nil {
		t.Error("a key signs from another key's place")
	}
	if _, err := k.Sign(at, k.Seal(at, []byte("short")), text); fault.Of(err) == nil {
		t.Error("something that is no key signs")
	}
}
