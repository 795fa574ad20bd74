package sso

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/people/identity"
)

// PathCallback and the connection's id make the address that a provider answers to. Each connection has its
// own, so that the answer of one provider is never taken for another's.
const PathCallback = "/sso/oidc/"

// algorithms are those with a public key. Neither "none" nor a shared secret signs anything here.
var algorithms = []string{oidc.RS256, oidc.RS384, oidc.RS512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.EdDSA}

// Why an answer of a provider is not believed.
const (
	badState     failure = "state"
	badIssuer    failure = "issuer"
	badNonce     failure = "nonce"
	badToken     failure = "id-token" //nolint:gosec // the name of a reason, no credential
	badExchange  failure = "code"
	badAudience  failure = "audience"
	badUser      failure = "userinfo"
	badEndpoints failure = "endpoints"
	denied       failure = "provider-error"
)

// keepProvider is how long what a provider says about itself is believed; its keys are looked up as needed.
const keepProvider = time.Hour

func (s *Service) asking(ctx context.Context) context.Context {
	return oidc.ClientContext(ctx, s.client)
}

// provider asks an issuer what its addresses are. All of them must be https.
func (s *Service) provider(ctx context.Context, issuer string) (*oidc.Provider, error) {
	return s.providerWithin(ctx, issuer, 2*askFor)
}

func (s *Service) providerWithin(ctx context.Context, issuer string, most time.Duration) (*oidc.Provider, error) {
	s.mu.Lock()
	c, ok := s.providers[issuer]
	s.mu.Unlock()
	if ok && time.Now().Before(c.until) {
		return c.p, nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), most)
	defer cancel()
	p, err := oidc.NewProvider(s.asking(ctx), issuer)
	if err != nil {
		return nil, err
	}
	var more struct {
		JWKS string `json:"jwks_uri"`
	}
	if err := p.Claims(&more); err != nil {
		return nil, err
	}
	for _, address := range []string{p.Endpoint().AuthURL, p.Endpoint().TokenURL, more.JWKS} {
		if !httpsURL(address) {
			return nil, badEndpoints
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.providers) >= 1000 {
		clear(s.providers)
	}
	s.providers[issuer] = cached{p, time.Now().Add(keepProvider)}
	return p, nil
}

func oauthOf(c *Connection, p *oidc.Provider, redirect string) *oauth2.Config {
	return &oauth2.Config{ClientID: c.ClientID, ClientSecret: c.secret, Endpoint: p.Endpoint(), RedirectURL: redirect, Scopes: []string{oidc.ScopeOpenID, "email", "profile"}}
}

// askOIDC makes the address of the provider with everything that ties its answer to this attempt.
func (s *Service) askOIDC(ctx context.Context, c *Connection, f *sent, base string) (string, error) {
	p, err := s.provider(ctx, c.Issuer)
	if err != nil {
		return "", err
	}
	f.Redirect, f.Verifier = base+PathCallback+c.ID, oauth2.GenerateVerifier()
	options := []oauth2.AuthCodeOption{oauth2.S256ChallengeOption(f.Verifier), oidc.Nonce(f.Nonce)}
	if f.Session != "" {
		options = append(options, askedAnew...)
	}
	return oauthOf(c, p, f.Redirect).AuthCodeURL(f.State, options...), nil
}

// Callback takes the provider's answer out of the address. The attempt must be this browser's, of this
// connection, and is used up before the code is redeemed.
func (s *Service) Callback(ctx context.Context, v identity.Visit, token, connection string, q url.Values) (Result, error) {
	a, err := s.byToken(ctx, token, "open")
	if err != nil {
		return Result{}, err
	}
	if a.conn.ID != connection || a.conn.Kind != OIDC {
		return Result{}, noFlow()
	}
	if !equal(a.sent.State, q.Get("state")) {
		return Result{}, s.fail(ctx, v, a, badState) // the attempt stays open: a stranger's address must not end it
	}
	if err := s.move(ctx, a, "open", "used", []byte{}); err != nil {
		return Result{}, err
	}
	who, err := s.redeem(ctx, a, q)
	if err != nil {
		return Result{}, s.fail(ctx, v, a, err)
	}
	return s.finish(ctx, v, a, who)
}

// claims of an ID token or of userinfo that are looked at.
type claims struct {
	Azp      string `json:"azp"`
	Email    string `json:"email"`
	Verified any    `json:"email_verified"` // some providers write it as text
	ACR      string `json:"acr"`
	AMR      any    `json:"amr"` // a list; some write one value
	AuthTime any    `json:"auth_time"`
}

// at is when the person was authenticated; zero when the provider doesn't say.
func (c claims) at() time.Time {
	if n, ok := c.AuthTime.(float64); ok && n > 0 && n < 1<<40 {
		return time.Unix(int64(n), 0)
	}
	return time.Time{}
}

func (c claims) verified() bool { return c.Verified == true || c.Verified == "true" }

func (c claims) context() (out []string) {
	if c.ACR != "" {
		out = append(out, c.ACR)
	}
	switch v := c.AMR.(type) {
	case string:
		out = append(out, v)
	case []any:
		for _, one := range v {
			if s, ok := one.(string); ok {
				out = append(out, s)
			}
		}
	}
	return out
}

// redeem exchanges the code and checks the ID token: signature, issuer, audience, authorised party, time and
// nonce.
func (s *Service) redeem(ctx context.Context, a attempt, q url.Values) (identityOf, error) {
	var who identityOf
	if iss := q.Get("iss"); iss != "" && iss != a.conn.Issuer { // RFC 9207
		return who, badIssuer
	}
	p, err := s.provider(ctx, a.conn.Issuer)
	if err != nil {
		return who, err
	}
	var promises struct {
		Iss bool `json:"authorization_response_iss_parameter_supported"`
	}
	if err := p.Claims(&promises); err != nil {
		return who, err
	}
	if promises.Iss && q.Get("iss") == "" {
		return who, badIssuer
	}
	if q.Get("error") != "" || q.Get("code") == "" {
		return who, denied
	}
	ctx, cancel := context.WithTimeout(s.asking(ctx), 2*askFor)
	defer cancel()
	tokens, err := oauthOf(&a.conn, p, a.sent.Redirect).Exchange(ctx, q.Get("code"), oauth2.VerifierOption(a.sent.Verifier))
	if err != nil {
		if reason(err) == "answer" {
			return who, badExchange
		}
		return who, err
	}
	raw, _ := tokens.Extra("id_token").(string)
	id, err := p.Verifier(&oidc.Config{ClientID: a.conn.ClientID, SupportedSigningAlgs: algorithms}).Verify(ctx, raw)
	if err != nil {
		return who, badToken
	}
	if !equal(a.sent.Nonce, id.Nonce) {
		return who, badNonce
	}
	if time.Until(id.IssuedAt) > time.Minute {
		return who, badToken
	}
	if id.AccessTokenHash != "" && id.VerifyAccessToken(tokens.AccessToken) != nil {
		return who, badToken
	}
	var c claims
	all := map[string]any{}
	if id.Claims(&c) != nil || id.Claims(&all) != nil || id.Subject == "" || len(id.Subject) > 255 {
		return who, badToken
	}
	if c.Azp != "" && c.Azp != a.conn.ClientID || len(id.Audience) > 1 && c.Azp == "" {
		return who, badAudience
	}
	who = identityOf{Issuer: id.Issuer, Subject: id.Subject, Email: c.Email, Verified: c.verified(), Value: text(all, a.conn.Claim), Context: c.context(), At: c.at(), Token: raw}
	return who, s.more(ctx, p, tokens, a, &who)
}

// more asks the provider's userinfo for what the ID token left out.
func (s *Service) more(ctx context.Context, p *oidc.Provider, tokens *oauth2.Token, a attempt, who *identityOf) error {
	needs := a.conn.LinkBy == ByEmail || a.conn.Domain != ""
	if (!needs || who.Email != "") && (a.conn.Claim == "" || who.Value != "") || p.UserInfoEndpoint() == "" {
		return nil
	}
	info, err := p.UserInfo(ctx, oauth2.StaticTokenSource(tokens))
	if err != nil || info.Subject != who.Subject {
		return badUser
	}
	var c claims
	all := map[string]any{}
	if info.Claims(&c) != nil || info.Claims(&all) != nil {
		return badUser
	}
	if who.Email == "" {
		who.Email, who.Verified = c.Email, c.verified()
	}
	if who.Value == "" {
		who.Value = text(all, a.conn.Claim)
	}
	return nil
}

func text(all map[string]any, name string) string {
	s, _ := all[name].(string)
	return strings.TrimSpace(s)
}

// Test asks a provider what a sign-in would ask first, for an administrator who has just entered it.
func (s *Service) Test(ctx context.Context, a actor.Actor, id string) error {
	all, err := s.Connections(ctx, a)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(c Connection) bool { return c.ID == id })
	if i < 0 {
		return missing()
	}
	if all[i].Kind == SAML {
		return all[i].checkSAML()
	}
	s.mu.Lock()
	delete(s.providers, all[i].Issuer)
	s.mu.Unlock()
	if _, err := s.provider(ctx, all[i].Issuer); err != nil {
		return fault.New(fault.Invalid, "sso.test_failed", "why", reason(err), "says", whyInWords(err)).Because(err)
	}
	return nil
}
