// Package sso signs people in through their company's own identity provider: OpenID Connect and SAML 2.0
// (clauses 3-2, 3-3). It must never make an account or give a role, never believe a provider about another
// tenant, and never take an answer that this browser did not ask for.
package sso

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/glyph"
	"rakudos/internal/base/ids"
)

// Kind is the protocol of a connection.
type Kind string

const (
	OIDC Kind = "oidc"
	SAML Kind = "saml"
)

// LinkBy is what finds the account at the first sign-in. Afterwards only issuer and subject count.
type LinkBy string

const (
	ByEmail  LinkBy = "email"  // the address, which the provider must call verified
	ByLogin  LinkBy = "login"  // a claim that is the login ID
	ByNumber LinkBy = "number" // a claim that is the employee number
)

// CookieFlow binds an attempt to a browser.
const CookieFlow = "__Host-sso"

// Bounds of what an administrator may enter, and of an attempt.
const (
	MaxConnections = 5
	MaxMetadata    = 256 << 10
	maxField       = 500
	flowFor        = 10 * time.Minute
)

// Settings are what an administrator enters. Secret and Metadata may be left empty when a connection is
// changed: then they stay as they are.
type Settings struct {
	Kind     Kind     `json:"kind"`
	Name     string   `json:"name"` // shown on the sign-in page
	Issuer   string   `json:"issuer,omitempty"`
	ClientID string   `json:"client_id,omitempty"`
	Secret   string   `json:"secret,omitempty"`
	Metadata string   `json:"metadata,omitempty"` // of a SAML provider
	LinkBy   LinkBy   `json:"link_by"`
	Claim    string   `json:"claim,omitempty"`  // for ByLogin and ByNumber
	Domain   string   `json:"domain,omitempty"` // addresses of any other domain are refused
	MFA      []string `json:"mfa,omitempty"`    // values of acr, amr or AuthnContextClassRef that count as two factors, once confirmed
	// By is who last changed what decides who gets in; the service sets it.
	By ids.Account `json:"by,omitempty"`
}

// Connection is one identity provider of a tenant, without its secret.
type Connection struct {
	ID        string
	Enabled   bool
	Settings         // Secret is always empty
	Issuer    string // of a SAML provider too
	CreatedAt time.Time
	ChangedAt time.Time
	// Confirmed: somebody other than By has looked at the settings as they are now.
	Confirmed bool
	// Altered: the row says something else than what the service wrote; nobody signs in through it until it is saved anew.
	Altered     bool
	only        []actor.Role // as sealed with it: who may not use a password
	ConfirmedBy ids.Account
	ConfirmedAt time.Time
	tenant      ids.Tenant
	secret      string
	sealed      []byte // the confirmation as it is stored
}

// Link ties a subject of a provider to an account.
type Link struct {
	ID         string
	Connection string
	Account    ids.Account
	Subject    string
	CreatedAt  time.Time
	UsedAt     time.Time
}

var claimForm = regexp.MustCompile(`^[A-Za-z0-9_.:/-]{1,200}$`)
var domainForm = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$`)

func misfit(field string, more ...string) error {
	return fault.New(fault.Invalid, "sso.field", append([]string{"field", field, "says", asks[field]}, more...)...)
}

// check returns the settings in normal form, or names the field that is wrong.
func (s Settings) check(k Kind) (Settings, error) {
	s.Kind = k
	for _, f := range []struct {
		name string
		text *string
	}{{"name", &s.Name}, {"issuer", &s.Issuer}, {"client_id", &s.ClientID}, {"secret", &s.Secret}, {"claim", &s.Claim}, {"domain", &s.Domain}} {
		*f.text = strings.TrimSpace(*f.text)
		if utf8.RuneCountInString(*f.text) > maxField {
			return s, misfit(f.name)
		}
	}
	s.Domain = strings.ToLower(strings.TrimPrefix(s.Domain, "@"))
	name, err := glyph.Name(s.Name, 60, "sso.field", "名前")
	if f := fault.Of(err); err != nil {
		return s, misfit("name", "hidden", f.Args["hidden"], "of", f.Args["of"])
	}
	s.Name = name
	if s.Domain != "" && !domainForm.MatchString(s.Domain) {
		return s, misfit("domain")
	}
	switch s.LinkBy {
	case ByEmail:
		if k == OIDC {
			s.Claim = ""
		}
	case ByLogin, ByNumber:
		if s.Claim == "" {
			return s, misfit("claim")
		}
	default:
		return s, misfit("link_by")
	}
	if s.Claim != "" && !claimForm.MatchString(s.Claim) {
		return s, misfit("claim")
	}
	var mfa []string
	for _, m := range s.MFA {
		if m = strings.TrimSpace(m); m != "" && !slices.Contains(mfa, m) {
			mfa = append(mfa, m)
		}
	}
	if s.MFA = mfa; len(s.MFA) > 20 {
		return s, misfit("mfa")
	}
	if k == OIDC {
		return s, s.checkOIDC()
	}
	return s, s.checkSAML()
}

func (s Settings) checkOIDC() error {
	if !httpsURL(s.Issuer) || strings.ContainsAny(s.Issuer, "?#") {
		return misfit("issuer")
	}
	if s.ClientID == "" {
		return misfit("client_id")
	}
	if s.Secret == "" {
		return misfit("secret")
	}
	return nil
}

// httpsURL: nothing but https, no name and password in it.
func httpsURL(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Scheme == "https" && u.Host != "" && u.User == nil && u.Opaque == ""
}

// identityOf is what a provider says about who it is.
type identityOf struct {
	Issuer   string   `json:"issuer"`
	Subject  string   `json:"subject"`
	Email    string   `json:"email"`
	Verified bool     `json:"verified"`
	Value    string   `json:"value"`   // of the configured claim
	Context  []string `json:"context"` // acr and amr
	// At is when the provider has authenticated the person; zero when it doesn't say.
	At time.Time `json:"at"`
	// Token is the ID token itself, with which the provider is later asked to end its session.
	Token string `json:"token,omitempty"`
}

// twoFactors tells whether the tenant counts what the provider did as both steps (clause 3-5). One administrator
// alone can't make it so: whoever sets up a provider of their own could say "mfa" about everybody.
func (c *Connection) twoFactors(who identityOf) bool {
	return c.Confirmed && slices.ContainsFunc(who.Context, func(v string) bool { return slices.Contains(c.MFA, v) })
}

// inDomain tells whether an address belongs to the configured domain, when there is one.
func (c *Connection) inDomain(who identityOf) bool {
	if c.Domain == "" {
		return true
	}
	_, domain, ok := strings.Cut(who.Email, "@")
	return ok && who.Verified && strings.EqualFold(domain, c.Domain) && ascii(domain)
}

// ascii: only then may two names be compared without regard to capitals. Letters that merely look or fold
// alike are how one person becomes another.
func ascii(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf || r < ' ' })
}

// same compares what a provider says with what an account has.
func same(claimed, own string) bool {
	if claimed == "" {
		return false
	}
	return claimed == own || ascii(claimed) && ascii(own) && strings.EqualFold(claimed, own)
}

// restrictable are the roles whose holders a tenant may tie to its provider.
func restrictable(r actor.Role) bool { return slices.Contains(actor.Roles, r) }
