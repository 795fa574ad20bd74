// Package idp runs identity providers inside of a test: real ones for what must work, and one that lies for
// what must be refused. It must never be part of the program.
package idp

import (
	"context"
	"crypto/sha256"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// Password opens every user of the providers here.
const Password = "provider-password"

// OIDC is a running OpenID provider with its memory.
type OIDC struct {
	URL     string
	server  *httptest.Server
	store   *storage.Storage
	clients map[string]*storage.Client

	mu    sync.Mutex
	left  []string // addresses to which it sends people back whom it has signed out
	ended []string // whose sessions have ended, as "user client"
}

// User of a provider.
type User struct {
	ID, Name, Email string
	Verified        bool
}

type users map[string]*storage.User

func (u users) GetUserByID(id string) *storage.User { return u[id] }
func (u users) ExampleClientID() string             { return "none" }
func (u users) GetUserByUsername(name string) *storage.User {
	for _, one := range u {
		if one.Username == name {
			return one
		}
	}
	return nil
}

// NewOIDC starts a provider that knows some users.
func NewOIDC(t testing.TB, known ...User) *OIDC {
	t.Helper()
	all := users{}
	for _, u := range known {
		all[u.ID] = &storage.User{ID: u.ID, Username: u.Name, Password: Password, FirstName: u.Name, LastName: "x", Email: u.Email, EmailVerified: u.Verified}
	}
	p := &OIDC{clients: map[string]*storage.Client{}}
	p.store = storage.NewStorageWithClients(all, p.clients)
	var h http.Handler
	p.server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(w, r) }))
	t.Cleanup(p.server.Close)
	p.URL = p.server.URL
	provider, err := op.NewProvider(&op.Config{CryptoKey: sha256.Sum256([]byte("test")), CodeMethodS256: true, AuthMethodPost: true}, remembering{p.store, p}, op.StaticIssuer(p.URL))
	if err != nil {
		t.Fatal(err)
	}
	h = provider
	return p
}

// Register makes the provider know a client, before anybody uses it.
func (p *OIDC) Register(id, secret, redirect string) {
	p.clients[id] = storage.WebClient(id, secret, redirect)
}

// Lets makes the provider send people back to an address when it has signed them out.
func (p *OIDC) Lets(address string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.left = append(p.left, address)
}

// Ended tells whose sessions the provider was asked to end, each as "user client".
func (p *OIDC) Ended() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.ended)
}

// Leave is a browser at the provider's sign-out, from the address that the service made to the one that it is sent back to.
func (p *OIDC) Leave(t testing.TB, location string) *url.URL {
	t.Helper()
	return redirect(t, p.server, location)
}

// Refuses tells with which status the provider refuses an address.
func (p *OIDC) Refuses(t testing.TB, location string) int {
	t.Helper()
	res, err := p.server.Client().Get(location)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	return res.StatusCode
}

// remembering is the example's storage, which knows no addresses after signing out and forgets whose sessions ended.
type remembering struct {
	*storage.Storage
	p *OIDC
}

// GetClientByClientID is op.Storage.
func (r remembering) GetClientByClientID(ctx context.Context, id string) (op.Client, error) {
	c, err := r.Storage.GetClientByClientID(ctx, id)
	if err != nil {
		return nil, err
	}
	r.p.mu.Lock()
	defer r.p.mu.Unlock()
	return leaving{c, slices.Clone(r.p.left)}, nil
}

// TerminateSession is op.Storage.
func (r remembering) TerminateSession(ctx context.Context, user, client string) error {
	r.p.mu.Lock()
	r.p.ended = append(r.p.ended, user+" "+client)
	r.p.mu.Unlock()
	return r.Storage.TerminateSession(ctx, user, client)
}

type leaving struct {
	op.Client
	to []string
}

// PostLogoutRedirectURIs is op.Client.
func (l leaving) PostLogoutRedirectURIs() []string { return l.to }

// Roots is a file with the provider's certificate, as an operator would configure it.
func Roots(t testing.TB, servers ...*httptest.Server) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "roots.pem")
	var all []byte
	for _, s := range servers {
		all = append(all, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})...)
	}
	if err := os.WriteFile(file, all, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// Server gives the provider's listener, for Roots.
func (p *OIDC) Server() *httptest.Server { return p.server }

// SignIn is a person at the provider's page: from the address that the service made to the one that the
// provider sends the browser back to.
func (p *OIDC) SignIn(t testing.TB, location, name string) *url.URL {
	t.Helper()
	to := redirect(t, p.server, location)
	id := to.Query().Get("authRequestID")
	if err := p.store.CheckUsernamePassword(name, Password, id); err != nil {
		t.Fatalf("idp: %v at %s", err, to)
	}
	return redirect(t, p.server, p.URL+"/authorize/callback?id="+id)
}

// redirect asks an address and tells where it leads.
func redirect(t testing.TB, s *httptest.Server, address string) *url.URL {
	t.Helper()
	c := s.Client()
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := c.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	to, err := res.Location()
	if err != nil {
		t.Fatalf("idp: %s answers %d and leads nowhere", address, res.StatusCode)
	}
	return to
}
