package sso

import (
	"context"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/crewjam/saml"

	"rakudos/internal/base/fault"
	"rakudos/internal/engine/db"
	"rakudos/internal/people/identity"
)

// PathSAML, a connection's id and what follows are the public addresses of our side of a SAML connection.
const (
	PathSAML     = "/sso/saml/"
	SuffixACS    = "/acs"
	SuffixEntity = "/metadata"
)

// skew: clocks may differ by a minute; the library's default, which it keeps for the whole process, is three.
var skew = sync.OnceFunc(func() { saml.MaxClockSkew = time.Minute })

// transient names a person for one session only: it can't be a link.
const transient = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"

const (
	badResponse  failure = "saml-response"
	badSignature failure = "assertion-unsigned"
	badSubject   failure = "subject"
	replayed     failure = "assertion-replayed"
)

// declared is a document type or an entity.
var declared = regexp.MustCompile(`<!\s*[A-Za-z]`)

// parseMetadata reads the metadata of one provider. A document type or an entity in it is refused before it
// is read.
func parseMetadata(text string) (*saml.EntityDescriptor, error) {
	if len(text) > MaxMetadata || declared.MatchString(text) {
		return nil, misfit("metadata")
	}
	var one saml.EntityDescriptor
	if err := xml.Unmarshal([]byte(text), &one); err != nil {
		return nil, misfit("metadata")
	}
	return &one, nil
}

func metadataIssuer(text string) string {
	m, err := parseMetadata(text)
	if err != nil {
		return ""
	}
	return m.EntityID
}

func (s Settings) checkSAML() error {
	m, err := parseMetadata(s.Metadata)
	if err != nil {
		return err
	}
	if m.EntityID == "" || len(m.EntityID) > 1024 || len(m.IDPSSODescriptors) != 1 {
		return misfit("metadata")
	}
	signs := slices.ContainsFunc(m.IDPSSODescriptors[0].KeyDescriptors, func(k saml.KeyDescriptor) bool {
		return k.Use != "encryption" && len(k.KeyInfo.X509Data.X509Certificates) > 0
	})
	sp := saml.ServiceProvider{IDPMetadata: m}
	if !signs || !httpsURL(sp.GetSSOBindingLocation(saml.HTTPRedirectBinding)) {
		return misfit("metadata")
	}
	return nil
}

// providerOf is our side of a connection, under the origin at which the browser reached us.
func providerOf(c *Connection, base string) (*saml.ServiceProvider, error) {
	m, err := parseMetadata(c.Metadata)
	if err != nil {
		return nil, err
	}
	own, err := url.Parse(base + PathSAML + c.ID)
	if err != nil {
		return nil, err
	}
	sp := &saml.ServiceProvider{
		EntityID: own.String() + SuffixEntity, MetadataURL: *own.JoinPath(SuffixEntity), AcsURL: *own.JoinPath(SuffixACS), IDPMetadata: m,
		RejectSHA1Signatures: true, RejectUnknownConditions: true, RejectExpiredIDPMetadata: true, LimitRelayStateLength: true, SendUnspecifiedNameIDFormat: true, AuthnNameIDFormat: saml.UnspecifiedNameIDFormat,
	}
	return sp, nil
}

// askSAML makes the request to the provider. The relay state is the attempt's id and no address: nothing
// that comes back with it is ever followed.
func askSAML(c *Connection, f *sent, base, flow string) (string, error) {
	sp, err := providerOf(c, base)
	if err != nil {
		return "", err
	}
	req, err := sp.MakeAuthenticationRequest(sp.GetSSOBindingLocation(saml.HTTPRedirectBinding), saml.HTTPRedirectBinding, saml.HTTPPostBinding)
	if err != nil {
		return "", err
	}
	if anew := true; f.Session != "" {
		req.ForceAuthn = &anew
	}
	f.Redirect, f.Request, f.State, f.Nonce = base, req.ID, "", ""
	u, err := req.Redirect(flow, sp)
	if err != nil {
		return "", err
	}
	return u.String(), nil
}

// Metadata is our side of a SAML connection for the provider's administrator. It holds nothing secret, and
// is public because the provider's software fetches it.
func (s *Service) Metadata(ctx context.Context, connection, base string) ([]byte, error) {
	c, err := s.anyConnection(ctx, connection)
	if err != nil {
		return nil, err
	}
	sp, err := providerOf(&c, base)
	if err != nil {
		return nil, err
	}
	sp.MetadataOmitValidUntil = true
	return xml.MarshalIndent(sp.Metadata(), "", "  ")
}

func (s *Service) anyConnection(ctx context.Context, id string) (Connection, error) {
	var r connectionRow
	err := s.DB.View(ctx, db.Global, func(tx *db.Tx) (err error) {
		r, err = db.One(tx, qConnectionAny, scanConnection, id)
		return err
	})
	if fault.Is(err, fault.Missing) || err == nil && r.kind != SAML {
		return Connection{}, missing()
	}
	if err != nil {
		return Connection{}, err
	}
	k, err := s.Keys.Tenant(ctx, r.tenant)
	if err != nil {
		return Connection{}, missing()
	}
	return r.open(k)
}

// Answer takes a provider's response, which another site makes the browser post: no cookie comes with it.
// It is checked and put aside; only the browser that began, with its cookie, goes on with it (Continue).
func (s *Service) Answer(ctx context.Context, v identity.Visit, connection, response, relay string) error {
	c, err := s.anyConnection(ctx, connection)
	if err != nil {
		return noFlow()
	}
	tenant := c.tenant
	var row flowRow
	err = s.DB.View(ctx, tenant, func(tx *db.Tx) (err error) {
		row, err = db.One(tx, qFlowByID, scanFlow, tenant, relay)
		return err
	})
	a, err := s.filled(ctx, row, err, "open")
	if err != nil {
		return err
	}
	if a.conn.ID != c.ID {
		return noFlow()
	}
	who, err := s.believe(ctx, a, response)
	if err != nil {
		return s.fail(ctx, v, a, err)
	}
	answer, err := sealed(a.key, a.row.id, "answer", who)
	if err != nil {
		return err
	}
	return s.move(ctx, a, "open", "answered", answer)
}

// believe checks a response: signature, issuer, audience, recipient, time, the request it answers, and that
// its assertion has not been used before.
func (s *Service) believe(ctx context.Context, a attempt, response string) (identityOf, error) {
	var who identityOf
	raw, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(response), ""))
	if err != nil {
		return who, badResponse
	}
	sp, err := providerOf(&a.conn, a.sent.Redirect)
	if err != nil {
		return who, err
	}
	if s.Weak == SabotageRequest {
		sp.AllowIDPInitiated, sp.ValidateRequestID = true, func(saml.Response, []string) error { return nil }
	}
	as, err := sp.ParseXMLResponse(raw, []string{a.sent.Request}, sp.AcsURL)
	if err != nil {
		return who, because(err)
	}
	if as.Signature == nil { // signed on its own, whatever else is
		return who, badSignature
	}
	if as.Subject == nil || as.Subject.NameID == nil || as.Subject.NameID.Value == "" || len(as.Subject.NameID.Value) > 255 || as.Subject.NameID.Format == transient {
		return who, badSubject
	}
	until := time.Now().Add(24 * time.Hour)
	if as.Conditions != nil && as.Conditions.NotOnOrAfter.After(until) {
		until = as.Conditions.NotOnOrAfter
	}
	err = s.DB.Tx(ctx, a.row.tenant, func(tx *db.Tx) error {
		n, err := tx.Exec(qAssertionUse, a.row.tenant, a.key.Index("sso.assertion", as.Issuer.Value+"\x00"+as.ID), db.Micros(until.Add(time.Hour)))
		if err == nil && n == 0 {
			return replayed
		}
		return err
	})
	if err != nil {
		return who, err
	}
	who = identityOf{Issuer: as.Issuer.Value, Subject: as.Subject.NameID.Value, Verified: true} // the provider's own directory says so
	who.Email = who.Subject
	if as.Subject.NameID.Format != string(saml.EmailAddressNameIDFormat) {
		who.Email = ""
	}
	if a.conn.Claim != "" {
		who.Value = attribute(as, a.conn.Claim)
		if a.conn.LinkBy == ByEmail {
			who.Email = who.Value
		}
	}
	for _, st := range as.AuthnStatements {
		who.At = latest(who.At, st.AuthnInstant)
		if r := st.AuthnContext.AuthnContextClassRef; r != nil {
			who.Context = append(who.Context, r.Value)
		}
	}
	return who, nil
}

// because keeps the class of an error and none of its text, which may hold what the response said.
func because(err error) error {
	var bad *saml.InvalidResponseError
	if !errors.As(err, &bad) {
		return badResponse
	}
	for class, why := range map[error]failure{saml.ErrIssuerMismatch: badIssuer, saml.ErrAudienceMismatch: badAudience, saml.ErrInvalidSignature: "signature", saml.ErrExpired: "expired", saml.ErrRequestIDMismatch: "request", saml.ErrDestinationMismatch: "destination"} {
		if errors.Is(bad.PrivateErr, class) {
			return why
		}
	}
	if f := failure(""); errors.As(bad.PrivateErr, &f) {
		return f
	}
	return badResponse
}

// attribute is the first value of an attribute by its name or friendly name.
func attribute(as *saml.Assertion, name string) string {
	for _, st := range as.AttributeStatements {
		for _, at := range st.Attributes {
			if (at.Name == name || at.FriendlyName == name) && len(at.Values) == 1 {
				return strings.TrimSpace(at.Values[0].Value)
			}
		}
	}
	return ""
}
