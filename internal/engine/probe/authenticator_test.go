package probe

import (
	"bytes"
	"testing"

	"github.com/go-webauthn/webauthn/protocol"
)

// TestAuthenticator: what the device answers is what the library of the other side reads.
func TestAuthenticator(t *testing.T) {
	a := NewAuthenticator("https://localhost:1")
	if _, err := a.Use([]byte(`{}`)); err == nil {
		t.Error("it answers without a passkey")
	}
	for _, bad := range []string{"", "[]", `{"publicKey":{"user":{"id":"%"}}}`} {
		if _, err := a.Make([]byte(bad)); err == nil {
			t.Errorf("%q makes a passkey", bad)
		}
	}
	made, err := a.Make([]byte(`{"publicKey":{"challenge":"Y2hhbGxlbmdl","rp":{"id":"localhost"},"user":{"id":"dXNlcg"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	c, err := protocol.ParseCredentialCreationResponseBytes(made)
	if err != nil {
		t.Fatal(err)
	}
	if d := c.Response.AttestationObject.AuthData; !d.Flags.HasUserVerified() || !d.Flags.HasAttestedCredentialData() || !bytes.Equal(d.AttData.CredentialID, a.id) {
		t.Errorf("%+v", d)
	}
	a.Verified = false
	for n := uint32(1); n <= 2; n++ {
		used, err := a.Use([]byte(`{"publicKey":{"challenge":"Y2hhbGxlbmdl","rpId":"localhost"}}`))
		if err != nil {
			t.Fatal(err)
		}
		u, err := protocol.ParseCredentialRequestResponseBytes(used)
		if err != nil {
			t.Fatal(err)
		}
		if d := u.Response.AuthenticatorData; d.Flags.HasUserVerified() || !d.Flags.HasUserPresent() || d.Counter != n || string(u.Response.UserHandle) != "user" {
			t.Errorf("%+v", d)
		}
		if u.Response.CollectedClientData.Origin != "https://localhost:1" {
			t.Error(u.Response.CollectedClientData)
		}
	}
	if _, err := a.Use([]byte("x")); err == nil {
		t.Error("it answers nonsense")
	}
}
