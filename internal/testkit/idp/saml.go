package idp

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"html"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"testing"
	"time"

	"github.com/crewjam/saml"
	"github.com/crewjam/saml/samlidp"
)

// SAML is a running SAML provider that signs everything as it should.
type SAML struct {
	URL      string
	Metadata string
	Alter    func(*saml.Assertion) // before it is signed
	server   *httptest.Server
	idp      *samlidp.Server
}

// NewSAML starts a provider that knows some users, by name and address.
func NewSAML(t testing.TB, known ...User) *SAML {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	about := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "idp"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, about, about, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	p := &SAML{}
	p.server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { p.idp.ServeHTTP(w, r) }))
	t.Cleanup(p.server.Close)
	p.URL = p.server.URL
	address, _ := url.Parse(p.URL)
	p.idp, err = samlidp.New(samlidp.Options{URL: *address, Key: key, Certificate: cert, Store: &samlidp.MemoryStore{}, Logger: log.New(io.Discard, "", 0)})
	if err != nil {
		t.Fatal(err)
	}
	p.idp.IDP.AssertionMaker = p
	for _, u := range known {
		password := Password
		b, _ := json.Marshal(samlidp.User{Name: u.Name, Email: u.Email, CommonName: u.ID, PlaintextPassword: &password})
		p.put(t, "/users/"+u.Name, b)
	}
	b, err := xml.Marshal(p.idp.IDP.Metadata())
	if err != nil {
		t.Fatal(err)
	}
	p.Metadata = string(b)
	return p
}

// MakeAssertion lets a test change what is signed.
func (p *SAML) MakeAssertion(r *saml.IdpAuthnRequest, s *saml.Session) error {
	if err := (saml.DefaultAssertionMaker{}).MakeAssertion(r, s); err != nil {
		return err
	}
	if p.Alter != nil {
		p.Alter(r.Assertion)
	}
	return nil
}

func (p *SAML) put(t testing.TB, path string, body []byte) {
	t.Helper()
	req, err := http.NewRequest(http.MethodPut, p.URL+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	res, err := p.server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode >= 300 {
		t.Fatalf("idp: %s answers %d", path, res.StatusCode)
	}
}

// Register makes the provider know a service by its metadata.
func (p *SAML) Register(t testing.TB, metadata []byte) { p.put(t, "/services/s", metadata) }

var field = regexp.MustCompile(`name="(SAMLResponse|SAMLRequest|RelayState)" value="([^"]*)"`)

func fields(body []byte) url.Values {
	out := url.Values{}
	for _, m := range field.FindAllSubmatch(body, -1) {
		out.Set(string(m[1]), html.UnescapeString(string(m[2])))
	}
	return out
}

// SignIn is a person at the provider: from the address that the service made to the form that the provider
// makes the browser post, with the response as XML.
func (p *SAML) SignIn(t testing.TB, location, name string) (response []byte, relay string) {
	t.Helper()
	c := p.server.Client()
	res, err := c.Get(location)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(res.Body)
	_ = res.Body.Close()
	form := fields(body)
	form.Set("user", name)
	form.Set("password", Password)
	res, err = c.PostForm(p.URL+"/sso", form)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, _ = io.ReadAll(res.Body)
	got := fields(body)
	response, err = base64.StdEncoding.DecodeString(got.Get("SAMLResponse"))
	if err != nil || len(response) == 0 {
		t.Fatalf("idp: the provider answers %d %s", res.StatusCode, body)
	}
	return response, got.Get("RelayState")
}
