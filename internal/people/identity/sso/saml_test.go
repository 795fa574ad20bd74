package sso

import (
	"encoding/base64"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/crewjam/saml"

	"rakudos/internal/base/fault"
	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/idp"
	"rakudos/internal/testkit/testdb"
)

func samlPeople() []idp.User {
	return []idp.User{{ID: "hr", Name: "hr", Email: "hr@midori.example"}, {ID: "nobody", Name: "nobody", Email: "nobody@midori.example"}, {ID: "employee", Name: "employee", Email: "e@elsewhere.example"}}
}

func post(response []byte) string { return base64.StdEncoding.EncodeToString(response) }

// samlBed is midori with a real SAML provider that knows us.
func samlBed(t *testing.T, e *testdb.Env, s Settings) (*bed, *idp.SAML, Connection) {
	t.Helper()
	p := idp.NewSAML(t, samlPeople()...)
	b := newBed(t, e, Net{})
	s.Metadata = p.Metadata
	c := b.connect(SAML, s)
	m, err := b.Metadata(t.Context(), c.ID, base)
	must(t, err)
	p.Register(t, m)
	return b, p, c
}

// TestSAMLSignsIn: from the request to the session; the response comes without cookies, and only the browser
// that began goes on with it.
func TestSAMLSignsIn(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b, p, c := samlBed(t, e, Settings{})
		must(t, b.Test(t.Context(), b.admin["midori"], c.ID))
		if c.Issuer != p.URL+"/metadata" {
			t.Errorf("issuer %q", c.Issuer)
		}
		s := b.begin()
		response, relay := p.SignIn(t, s.Location, "hr")
		if strings.Contains(relay, "/") || strings.Contains(relay, "worklist") {
			t.Errorf("the relay state %q could lead somewhere", relay)
		}
		_, err := b.Continue(t.Context(), here, s.Token)
		b.want(err, "sso.no_flow")
		must(t, b.Answer(t.Context(), here, c.ID, post(response), relay))

		// Login CSRF: another browser, with an attempt of its own or with none, gets nowhere.
		other := b.begin()
		for _, token := range []string{"", "guessed", other.Token} {
			_, err := b.Continue(t.Context(), here, token)
			b.want(err, "sso.no_flow")
		}
		got, err := b.Continue(t.Context(), here, s.Token)
		must(t, err)
		if got.Back != "/worklist" || got.Pending.Token == "" {
			t.Fatalf("%+v", got)
		}
		in, err := b.id.SubmitCode(t.Context(), here, got.Pending.Token, b.code("hr@midori.example"))
		must(t, err)
		if in.Session.Actor.Account != b.ids["midori/hr"] {
			t.Errorf("signed in as %+v", in.Session.Actor)
		}
		_, err = b.Continue(t.Context(), here, s.Token)
		b.want(err, "sso.no_flow")
		b.want(b.Answer(t.Context(), here, c.ID, post(response), relay), "sso.no_flow")

		// Nobody's account is made: who is not here stays outside.
		s = b.begin()
		response, relay = p.SignIn(t, s.Location, "nobody")
		must(t, b.Answer(t.Context(), here, c.ID, post(response), relay))
		_, err = b.Continue(t.Context(), here, s.Token)
		b.want(err, "sso.refused")
	})
}

// TestSAMLByAttribute links by the employee number and by the login ID that an attribute holds; a context
// class that the tenant has named is two factors.
func TestSAMLByAttribute(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		ppt := "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"
		b, p, c := samlBed(t, e, Settings{LinkBy: ByNumber, Claim: "number", MFA: []string{ppt}})
		b.confirmed(c)
		number := "M0001"
		p.Alter = func(a *saml.Assertion) {
			a.AttributeStatements[0].Attributes = append(a.AttributeStatements[0].Attributes, saml.Attribute{Name: "number", Values: []saml.AttributeValue{{Value: number}}}, saml.Attribute{Name: "login", Values: []saml.AttributeValue{{Value: "HR"}}})
		}
		s := b.begin()
		response, relay := p.SignIn(t, s.Location, "employee")
		must(t, b.Answer(t.Context(), here, c.ID, post(response), relay))
		got, err := b.Continue(t.Context(), here, s.Token)
		must(t, err)
		if got.SignedIn.Session.Actor.Account != b.ids["midori/employee"] {
			t.Errorf("%+v", got)
		}
		for _, other := range []string{"M9999", "", "Ｍ０００１"} {
			number = other
			s = b.begin()
			response, relay = p.SignIn(t, s.Location, "nobody")
			must(t, b.Answer(t.Context(), here, c.ID, post(response), relay))
			_, err = b.Continue(t.Context(), here, s.Token)
			b.want(err, "sso.refused")
		}
		_, err = b.Save(t.Context(), b.admin["midori"], c.ID, SAML, Settings{Name: "x", LinkBy: ByLogin, Claim: "login"}, true)
		must(t, err)
		s = b.begin()
		response, relay = p.SignIn(t, s.Location, "hr")
		must(t, b.Answer(t.Context(), here, c.ID, post(response), relay))
		got, err = b.Continue(t.Context(), here, s.Token)
		must(t, err)
		if got.Pending.Token == "" {
			t.Errorf("two factors are no longer named, yet %+v", got)
		}
	})
}

var (
	signature = regexp.MustCompile(`(?s)<ds:Signature.*?</ds:Signature>`)
	assertion = regexp.MustCompile(`(?s)<saml:Assertion.*</saml:Assertion>`)
)

// TestForgedResponses: every way in which a response can be wrong is refused, with its reason in the log.
func TestForgedResponses(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b, p, c := samlBed(t, e, Settings{})
		long := time.Now().Add(-time.Hour)
		for name, k := range map[string]struct {
			alter func(*saml.Assertion)   // before the provider signs
			forge func(xml string) string // after
			why   string
		}{
			"unsigned":           {forge: func(x string) string { return signature.ReplaceAllString(x, "") }, why: "saml-response"},
			"changed afterwards": {forge: func(x string) string { return strings.ReplaceAll(x, "hr@midori.example", "tenantadmin@midori.example") }, why: "signature"},
			"another audience":   {alter: func(a *saml.Assertion) { a.Conditions.AudienceRestrictions[0].Audience.Value = "https://other.example" }, why: "audience"},
			"no audience":        {alter: func(a *saml.Assertion) { a.Conditions.AudienceRestrictions = nil }, why: "audience"},
			"another issuer":     {alter: func(a *saml.Assertion) { a.Issuer.Value = "https://evil.example" }, why: "issuer"},
			"expired":            {alter: func(a *saml.Assertion) { a.Conditions.NotOnOrAfter = long }, why: "expired"},
			"another recipient": {alter: func(a *saml.Assertion) {
				a.Subject.SubjectConfirmations[0].SubjectConfirmationData.Recipient = "https://other.example/acs"
			}},
			"answers another": {alter: func(a *saml.Assertion) {
				a.Subject.SubjectConfirmations[0].SubjectConfirmationData.InResponseTo = "id-other"
			}},
			"a transient subject": {alter: func(a *saml.Assertion) { a.Subject.NameID.Format = transient }, why: "subject"},
			"no subject":          {alter: func(a *saml.Assertion) { a.Subject.NameID.Value = "" }, why: "subject"},
			"an entity": {forge: func(x string) string {
				return `<!DOCTYPE r [<!ENTITY e SYSTEM "file:///etc/passwd">]>` + strings.ReplaceAll(x, "hr@midori.example", "&e;")
			}},
			"not XML": {forge: func(string) string { return "<" }, why: "saml-response"},
			// Signature wrapping: the signed assertion is kept somewhere else, and a forged one stands in its place.
			"wrapped before": {forge: func(x string) string {
				real := assertion.FindString(x)
				return strings.Replace(x, real, evil(real)+real, 1)
			}},
			"wrapped behind": {forge: func(x string) string {
				real := assertion.FindString(x)
				return strings.Replace(x, real, real+evil(real), 1)
			}},
			"wrapped inside": {forge: func(x string) string {
				real := assertion.FindString(x)
				bad := evil(real)
				return strings.Replace(x, real, strings.Replace(bad, "</saml:Assertion>", "<saml:Advice>"+real+"</saml:Advice></saml:Assertion>", 1), 1)
			}},
			"wrapped in the signature": {forge: func(x string) string {
				real := assertion.FindString(x)
				sig := signature.FindString(real)
				hidden := strings.Replace(sig, "</ds:Signature>", "<ds:Object>"+signature.ReplaceAllString(real, "")+"</ds:Object></ds:Signature>", 1)
				return strings.Replace(x, real, strings.Replace(evil(real), "<saml:Subject>", hidden+"<saml:Subject>", 1), 1)
			}},
		} {
			t.Run(name, func(t *testing.T) {
				b.t, p.Alter = t, k.alter
				clear(b.starts)
				s := b.begin()
				response, relay := p.SignIn(t, s.Location, "hr")
				if k.forge != nil {
					forged := k.forge(string(response))
					if forged == string(response) {
						t.Fatal("nothing was forged")
					}
					response = []byte(forged)
				}
				b.want(b.Answer(t.Context(), here, c.ID, post(response), relay), "sso.refused")
				if log := b.events("midori", "sso.failed"); k.why != "" && !strings.HasSuffix(log, ":"+k.why) {
					t.Errorf("the log ends with %s", log[strings.LastIndex(log, " ")+1:])
				}
				_, err := b.Continue(t.Context(), here, s.Token)
				b.want(err, "sso.no_flow")
			})
		}
		b.t, p.Alter = t, nil
		clear(b.starts)

		// A response of one attempt is none of another's, whatever the relay state says; unasked ones are nobody's.
		one, two := b.begin(), b.begin()
		response, _ := p.SignIn(t, one.Location, "hr")
		_, relay := p.SignIn(t, two.Location, "hr")
		b.want(b.Answer(t.Context(), here, c.ID, post(response), relay), "sso.refused")
		for _, r := range []string{"", "guessed", "https://evil.example/"} {
			b.want(b.Answer(t.Context(), here, c.ID, post(response), r), "sso.no_flow")
		}
		b.want(b.Answer(t.Context(), here, "another", post(response), relay), "sso.no_flow")

		// The same assertion ID a second time, although everything else is new and signed.
		p.Alter = func(a *saml.Assertion) { a.ID = "id-the-same" }
		first, second := b.begin(), b.begin()
		response, relay = p.SignIn(t, first.Location, "hr")
		must(t, b.Answer(t.Context(), here, c.ID, post(response), relay))
		response, relay = p.SignIn(t, second.Location, "hr")
		b.want(b.Answer(t.Context(), here, c.ID, post(response), relay), "sso.refused")
		if log := b.events("midori", "sso.failed"); !strings.HasSuffix(log, ":assertion-replayed") {
			t.Errorf("the log says %q", log)
		}
		if links, _ := b.Links(t.Context(), b.admin["midori"]); len(links) != 0 {
			t.Errorf("an attack left links: %v", links)
		}
	})
}

// evil is the assertion without its signature, under another id and about somebody else.
func evil(real string) string {
	bad := signature.ReplaceAllString(real, "")
	bad = regexp.MustCompile(` ID="[^"]*"`).ReplaceAllString(bad, ` ID="id-evil"`)
	return strings.ReplaceAll(bad, "hr@midori.example", "tenantadmin@midori.example")
}

// TestMetadataBounds: what is no metadata of one provider over https is not taken.
func TestMetadataBounds(t *testing.T) {
	b, p, c := samlBed(t, testdb.New(t, testdb.Engines[0]), Settings{})
	for name, m := range map[string]string{
		"not XML":       "hello",
		"a DTD":         `<!DOCTYPE x [<!ENTITY a "b">]>` + p.Metadata,
		"a hidden DTD":  "<! \n DOCTYPE x>" + p.Metadata,
		"too long":      p.Metadata + strings.Repeat(" ", MaxMetadata),
		"plain http":    strings.ReplaceAll(p.Metadata, "https://", "http://"),
		"no key":        regexp.MustCompile(`(?s)<KeyDescriptor.*</KeyDescriptor>`).ReplaceAllString(p.Metadata, ""),
		"a service's":   string(must2(b.Metadata(t.Context(), c.ID, base))),
		"another thing": `<a xmlns="urn:oasis:names:tc:SAML:2.0:metadata"/>`,
	} {
		_, err := b.Save(t.Context(), b.admin["midori"], "", SAML, Settings{Name: "x", LinkBy: ByEmail, Metadata: m}, true)
		if f := fault.Of(err); f == nil || f.Code != "sso.field" || f.Args["field"] != "metadata" {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := b.Metadata(t.Context(), "another", base)
	b.want(err, "sso.missing")
}

func must2(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

var qTestMove = db.Q("sso.test_move", `update sso_links set account_id = $2 where tenant_id = $1`)

// TestMovedLink: whoever writes into the database can't point a link at another account.
func TestMovedLink(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b, p, c := samlBed(t, e, Settings{})
		in := func() error {
			s := b.begin()
			response, relay := p.SignIn(t, s.Location, "hr")
			must(t, b.Answer(t.Context(), here, c.ID, post(response), relay))
			_, err := b.Continue(t.Context(), here, s.Token)
			return err
		}
		must(t, in())
		must(t, in())
		must(t, e.DB.Tx(t.Context(), b.tenants["midori"].ID, func(tx *db.Tx) error {
			_, err := tx.Exec(qTestMove, b.tenants["midori"].ID, b.ids["midori/tenantadmin"])
			return err
		}))
		b.want(in(), "sso.refused")
		if log := b.events("midori", "sso.failed"); log != "sso.failed:link-altered" {
			t.Errorf("the log says %q", log)
		}
	})
}
