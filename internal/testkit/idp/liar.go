package idp

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"
)

// Liar is an OpenID provider that says whatever a test wants.
type Liar struct {
	URL    string
	Server *httptest.Server
	Key    *rsa.PrivateKey

	mu       sync.Mutex
	Alter    func(claims map[string]any)          // of the next ID token
	Sign     func(claims []byte) (string, error)  // nil: as an honest provider
	Document func(d map[string]any)               // changes the discovery document
	Routes   map[string]func(http.ResponseWriter) // further or other answers by path
	nonce    string
	Asked    []string // forms of the token endpoint
}

// NewLiar starts one.
func NewLiar(t testing.TB) *Liar {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	l := &Liar{Key: key, Routes: map[string]func(http.ResponseWriter){}}
	l.Server = httptest.NewTLSServer(l)
	t.Cleanup(l.Server.Close)
	l.URL = l.Server.URL
	return l
}

// Answer is what the provider sends the browser back with, for an address that the service made.
func (l *Liar) Answer(t testing.TB, location string) url.Values {
	t.Helper()
	u, err := url.Parse(location)
	if err != nil {
		t.Fatal(err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.nonce = u.Query().Get("nonce")
	return url.Values{"code": {"c"}, "state": {u.Query().Get("state")}}
}

// PublicPEM is the verification key as text: what an attacker would use as a shared secret.
func (l *Liar) PublicPEM() []byte {
	b, err := x509.MarshalPKIXPublicKey(&l.Key.PublicKey)
	if err != nil {
		panic(err) // a key made here
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: b})
}

// SignWith signs claims with a key and an algorithm.
func SignWith(alg jose.SignatureAlgorithm, key any) func([]byte) (string, error) {
	return func(claims []byte) (string, error) {
		s, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, (&jose.SignerOptions{}).WithHeader("kid", "k"))
		if err != nil {
			return "", err
		}
		o, err := s.Sign(claims)
		if err != nil {
			return "", err
		}
		return o.CompactSerialize()
	}
}

// Unsigned says "none".
func Unsigned(claims []byte) (string, error) {
	enc := base64.RawURLEncoding.EncodeToString
	return enc([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + enc(claims) + ".", nil
}

// ServeHTTP is the provider.
func (l *Liar) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if f := l.Routes[r.URL.Path]; f != nil {
		f(w)
		return
	}
	send := func(v any) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(v)
	}
	switch r.URL.Path {
	case "/.well-known/openid-configuration":
		d := map[string]any{"issuer": l.URL, "authorization_endpoint": l.URL + "/auth", "token_endpoint": l.URL + "/token", "jwks_uri": l.URL + "/keys", "id_token_signing_alg_values_supported": []string{"RS256", "HS256", "none"}}
		if l.Document != nil {
			l.Document(d)
		}
		send(d)
	case "/keys":
		send(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &l.Key.PublicKey, KeyID: "k", Algorithm: "RS256", Use: "sig"}}})
	case "/token":
		_ = r.ParseForm()
		l.Asked = append(l.Asked, r.PostForm.Encode())
		id, _, _ := r.BasicAuth()
		if id == "" {
			id = r.PostForm.Get("client_id")
		}
		now := time.Now().Unix()
		c := map[string]any{"iss": l.URL, "sub": "s1", "aud": strings.TrimSpace(id), "exp": now + 300, "iat": now, "nonce": l.nonce, "email": "hr@midori.example", "email_verified": true}
		if l.Alter != nil {
			l.Alter(c)
		}
		sign := l.Sign
		if sign == nil {
			sign = SignWith(jose.RS256, l.Key)
		}
		b, _ := json.Marshal(c)
		token, err := sign(b)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		send(map[string]any{"access_token": "a", "token_type": "Bearer", "expires_in": 300, "id_token": token})
	default:
		http.NotFound(w, r)
	}
}
