package sso

import (
	"testing"

	"rakudos/internal/testkit/testdb"
)

// TestASecretStaysWithItsProvider: whoever changes where a connection leads does not lead the stored secret
// there.
func TestASecretStaysWithItsProvider(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e, Net{})
		set := Settings{Name: "会社", Issuer: "https://login.example", ClientID: "rakudos", Secret: "very-secret", LinkBy: ByEmail}
		c := b.connect(OIDC, set)
		set.Secret, set.Name = "", "会社の認証"
		_, err := b.Save(t.Context(), b.admin["midori"], c.ID, OIDC, set, true)
		must(t, err)
		for _, change := range []func(*Settings){
			func(s *Settings) { s.Issuer = "https://evil.example" },
			func(s *Settings) { s.ClientID = "another" },
		} {
			other := set
			change(&other)
			_, err := b.Save(t.Context(), b.admin["midori"], c.ID, OIDC, other, true)
			b.want(err, "sso.field")
			other.Secret = "typed-anew"
			_, err = b.Save(t.Context(), b.admin["midori"], c.ID, OIDC, other, true)
			must(t, err)
			_, err = b.Save(t.Context(), b.admin["midori"], c.ID, OIDC, Settings{Name: set.Name, Issuer: set.Issuer, ClientID: set.ClientID, Secret: "s", LinkBy: ByEmail}, true)
			must(t, err)
		}
	})
}
