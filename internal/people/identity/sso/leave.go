package sso

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"
	"time"

	"rakudos/internal/base/ids"
	"rakudos/internal/people/identity"
)

// PathLeft is where a provider sends the browser back to when it has ended its own session. CookieLeft ties that to the
// browser that was sent there.
const (
	PathLeft   = "/sso/oidc/left"
	CookieLeft = "__Host-sso-left"
)

// Bounds of leaving: nobody waits longer for a provider, and no address grows beyond what providers take.
const (
	leaveFor = 3 * time.Second
	maxHint  = 6 << 10
)

// ticket is what a session keeps of an OpenID provider. It names the provider that has made the
// token, so that it is never shown to another one under the same connection.
type ticket struct {
	Issuer string `json:"issuer"`
	Client string `json:"client"`
	Token  string `json:"token"`
}

// ticketOf is nil for a provider that gives no ID token, and for one that is too long to be handed back in an address.
func ticketOf(c *Connection, who identityOf) []byte {
	if c.Kind != OIDC || who.Token == "" || len(who.Token) > maxHint {
		return nil
	}
	b, err := json.Marshal(ticket{c.Issuer, c.ClientID, who.Token})
	if err != nil {
		panic(err) // texts only
	}
	return b
}

// Leaving is the way to the end of the provider's own session.
type Leaving struct {
	Name     string // of the connection
	Location string // at the provider
	State    string // for CookieLeft
}

// Leave gives that way (OpenID Connect RP-Initiated Logout 1.0) for a session that has just ended here; false where
// there is none: a SAML provider, one that publishes no end_session_endpoint, one that does not answer in time. Nothing
// that goes wrong here may keep anybody signed in, so there is no error.
func (s *Service) Leave(ctx context.Context, t ids.Tenant, v identity.Vouched, base string) (Leaving, bool) {
	c, err := s.connection(ctx, t, v.Connection)
	if err != nil || c.Kind != OIDC || !c.Enabled {
		return Leaving{}, false
	}
	p, err := s.providerWithin(ctx, c.Issuer, leaveFor)
	if err != nil {
		s.Logger.Warn("sso: provider not reached", "connection", c.ID, "err", reason(err))
		return Leaving{}, false
	}
	var has struct {
		End string `json:"end_session_endpoint"`
	}
	if p.Claims(&has) != nil || !httpsURL(has.End) || strings.Contains(has.End, "#") {
		return Leaving{}, false
	}
	to, err := url.Parse(has.End)
	if err != nil {
		return Leaving{}, false
	}
	out := Leaving{Name: c.Name, State: random()}
	q := to.Query()
	q.Set("client_id", c.ClientID)
	q.Set("post_logout_redirect_uri", base+PathLeft)
	q.Set("state", out.State)
	q.Set("ui_locales", "ja")
	var k ticket
	if json.Unmarshal(v.Kept, &k) == nil && k.Token != "" && k.Issuer == c.Issuer && k.Client == c.ClientID {
		q.Set("id_token_hint", k.Token)
	}
	to.RawQuery = q.Encode()
	out.Location = to.String()
	return out, true
}

// Left tells whether a browser comes back from where Leave has sent it.
func Left(cookie, state string) bool { return equal(cookie, state) }
