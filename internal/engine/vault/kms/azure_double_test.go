package kms

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"rakudos/internal/engine/vault"
)

// azureDouble answers as Azure Key Vault documents (REST API 2025-07-01, key operations, error codes) and as the azkeys
// SDK expects: an unauthenticated call gets a challenge; a token is taken when the double's own authority has signed it,
// for the resource of the challenge, and it has not run out; every call names its API version; bodies are JSON with
// base64url values; refusals carry code and inner code. A disabled version wraps and does not unwrap, an expired one
// unwraps and does not wrap, as the service was reported to do.
//
// What it does not prove, for there is no emulator and no account here: Entra ID and managed identities (the SDK's part,
// its tokens are made by the double), access policies and RBAC beyond their 403, firewalls and private links, continuous
// access evaluation, the limits of throttling, soft delete and purge, and the AES of a Managed HSM (A256KW is refused
// here). An outage of the real service may show in other ways than 503 and 429.
type azureDouble struct {
	t        *testing.T
	server   *httptest.Server
	resource string // of the challenge

	mu       sync.Mutex
	versions []string
	keys     map[string]*rsa.PrivateKey
	refuse   []int // statuses to answer with, before anything else
	after    string
	export   bool
	off      bool // the newest version is disabled
	expires  int64
	alien    bool // the caller has no right to keys
	asked    []string
	bare     int // calls without a token
}

// mint signs a token as the authority of the double does: RS256 in all but the algorithm.
func mint(aud, tenant string, until time.Time) string {
	claims, _ := json.Marshal(map[string]any{"aud": aud, "tid": tenant, "exp": until.Unix()})
	body := base64.RawURLEncoding.EncodeToString(claims)
	return body + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(authority, []byte(body)))
}

var _, authority, _ = ed25519.GenerateKey(rand.Reader)

// taken tells whether the double takes a token.
func (d *azureDouble) taken(token string) bool {
	body, sig, ok := strings.Cut(token, ".")
	s, err := base64.RawURLEncoding.DecodeString(sig)
	if !ok || err != nil || !ed25519.Verify(authority.Public().(ed25519.PublicKey), []byte(body), s) {
		return false
	}
	raw, err := base64.RawURLEncoding.DecodeString(body)
	var c struct {
		Aud, Tid string
		Exp      int64
	}
	return err == nil && json.Unmarshal(raw, &c) == nil && c.Aud == d.resource && c.Tid == azureTenant && time.Now().Unix() < c.Exp
}

const azureTenant = "11111111-1111-1111-1111-111111111111"

func newAzure(t *testing.T) *azureDouble {
	d := &azureDouble{t: t, keys: map[string]*rsa.PrivateKey{}, resource: "https://vault.azure.net"}
	d.rotate()
	d.server = httptest.NewTLSServer(http.HandlerFunc(d.serve))
	t.Cleanup(d.server.Close)
	return d
}

// rotate makes a new version, as the key's own people do.
func (d *azureDouble) rotate() {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		d.t.Fatal(err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	v := fmt.Sprintf("%032x", len(d.versions)+1)
	d.versions, d.keys[v] = append(d.versions, v), k
}

func (d *azureDouble) fail(after string, statuses ...int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.refuse, d.after = statuses, after
}

func azureError(w http.ResponseWriter, status int, code string) {
	code, inner, _ := strings.Cut(code, "/")
	said := map[string]any{"code": code, "message": "a message of the service"}
	if inner != "" {
		said["innererror"] = map[string]string{"code": inner}
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]any{"error": said})
}

var apiVersion = regexp.MustCompile(`^(7\.[0-6]|20\d\d-\d\d-\d\d)$`)

func (d *azureDouble) serve(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked = append(d.asked, r.Method+" "+r.URL.Path)
	if r.Host != "rakudos.vault.azure.net" {
		d.t.Errorf("asked for host %s", r.Host)
	}
	if !apiVersion.MatchString(r.URL.Query().Get("api-version")) {
		azureError(w, 400, "BadParameter")
		return
	}
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if token == "" && r.ContentLength > 0 {
		d.t.Error("a body was sent before the service has proven which token it wants")
	}
	if !d.taken(token) {
		if token == "" {
			d.bare++
		}
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer authorization="https://login.microsoftonline.com/%s", resource="%s"`, azureTenant, d.resource))
		azureError(w, 401, "Unauthorized")
		return
	}
	if d.alien {
		azureError(w, 403, "Forbidden/ForbiddenByRbac")
		return
	}
	if len(d.refuse) > 0 {
		status := d.refuse[0]
		d.refuse = d.refuse[1:]
		if d.after != "" {
			w.Header().Set("Retry-After", d.after)
		}
		azureError(w, status, map[int]string{403: "Forbidden", 404: "KeyNotFound", 429: "Throttled"}[status])
		return
	}
	part := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	if len(part) < 2 || part[0] != "keys" || part[1] != "root" {
		azureError(w, 404, "KeyNotFound")
		return
	}
	version := d.versions[len(d.versions)-1]
	kid := func() string { return "https://rakudos.vault.azure.net/keys/root/" + version }
	switch {
	case r.Method == http.MethodGet && len(part) <= 3:
		attributes := map[string]any{"enabled": !d.off, "created": 1700000000, "updated": 1700000000, "exportable": d.export, "recoveryLevel": "Recoverable+Purgeable"}
		if d.expires > 0 {
			attributes["exp"] = d.expires
		}
		json.NewEncoder(w).Encode(map[string]any{
			"key":        map[string]any{"kid": kid(), "kty": "RSA-HSM", "key_ops": []string{"wrapKey", "unwrapKey"}},
			"attributes": attributes,
		})
	case r.Method == http.MethodPost && len(part) >= 3:
		op := part[len(part)-1]
		if len(part) == 4 && part[2] != "" {
			version = part[2]
		}
		d.operate(w, r, op, version, kid)
	default:
		azureError(w, 405, "MethodNotAllowed")
	}
}

func (d *azureDouble) operate(w http.ResponseWriter, r *http.Request, op, version string, kid func() string) {
	var in struct{ Alg, Value string }
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil || in.Alg != RSA {
		azureError(w, 400, "BadParameter")
		return
	}
	value, err := base64.RawURLEncoding.DecodeString(in.Value)
	key := d.keys[version]
	if err != nil || key == nil {
		azureError(w, 404, "KeyNotFound")
		return
	}
	newest := version == d.versions[len(d.versions)-1]
	var out []byte
	switch op {
	case "wrapkey":
		if newest && d.expires > 0 && time.Now().Unix() >= d.expires {
			azureError(w, 403, "Forbidden/KeyExpired")
			return
		}
		out, err = rsa.EncryptOAEP(sha256.New(), rand.Reader, &key.PublicKey, value, nil)
	case "unwrapkey":
		if newest && d.off {
			azureError(w, 403, "Forbidden/KeyDisabled")
			return
		}
		out, err = key.Decrypt(rand.Reader, value, &rsa.OAEPOptions{Hash: crypto.SHA256})
	default:
		azureError(w, 404, "NotFound")
		return
	}
	if err != nil {
		azureError(w, 400, "BadParameter")
		return
	}
	json.NewEncoder(w).Encode(map[string]string{"kid": kid(), "value": base64.RawURLEncoding.EncodeToString(out)})
}

// way dials the double whatever host is asked for, so that the name of the vault stays the real one.
func (d *azureDouble) way() *http.Client {
	t := d.server.Client().Transport.(*http.Transport).Clone()
	t.TLSClientConfig = &tls.Config{RootCAs: t.TLSClientConfig.RootCAs, ServerName: "example.com"}
	t.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, d.server.Listener.Addr().String())
	}
	return &http.Client{Transport: t}
}

// staticCred hands out tokens of the double's authority for the scope of the challenge alone, or what it is told to.
type staticCred struct {
	t     *testing.T
	token func() (string, error)
}

func (s staticCred) GetToken(_ context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	aud, ok := strings.CutSuffix(strings.Join(o.Scopes, " "), "/.default")
	if !ok || aud != "https://vault.azure.net" || o.TenantID != azureTenant {
		s.t.Errorf("a token for %v of %s", o.Scopes, o.TenantID)
	}
	if s.token != nil {
		text, err := s.token()
		return azcore.AccessToken{Token: text, ExpiresOn: time.Now().Add(time.Hour)}, err
	}
	return azcore.AccessToken{Token: mint(aud, o.TenantID, time.Now().Add(time.Hour)), ExpiresOn: time.Now().Add(time.Hour)}, nil
}

func (d *azureDouble) root() vault.Root { return d.as(staticCred{t: d.t}) }

func (d *azureDouble) as(cred staticCred) vault.Root {
	d.t.Helper()
	r, err := Azure(AzureOptions{Vault: "https://rakudos.vault.azure.net", Key: "root", Algorithm: RSA,
		transport: d.way(), cred: cred, delay: time.Millisecond})
	if err != nil {
		d.t.Fatal(err)
	}
	return r
}
