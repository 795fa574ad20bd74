package kms

import (
	"context"
	"crypto"
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
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"rakudos/internal/base/fault"
	"rakudos/internal/engine/vault"
)

// azureDouble answers as Azure Key Vault documents (REST API, key operations): an unauthenticated call gets
// a challenge, and only then is a call with the token of that challenge answered; every call names its API
// version; bodies are JSON with base64url values; errors carry the documented body.
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
	asked    []string
	bare     int // calls without a token
}

const azureToken = "token-of-the-double"

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
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"error":{"code":%q,"message":"a message of the service"}}`, code)
}

func (d *azureDouble) serve(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked = append(d.asked, r.Method+" "+r.URL.Path)
	if r.Host != "rakudos.vault.azure.net" {
		d.t.Errorf("asked for host %s", r.Host)
	}
	if v := r.URL.Query().Get("api-version"); v == "" {
		azureError(w, 400, "BadParameter")
		return
	}
	if r.Header.Get("Authorization") == "" {
		if r.ContentLength > 0 {
			d.t.Error("a body was sent before the service has proven which token it wants")
		}
		d.bare++
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer authorization="https://login.microsoftonline.com/11111111-1111-1111-1111-111111111111", resource="%s"`, d.resource))
		azureError(w, 401, "Unauthorized")
		return
	}
	if r.Header.Get("Authorization") != "Bearer "+azureToken {
		azureError(w, 401, "Unauthorized")
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
		json.NewEncoder(w).Encode(map[string]any{
			"key":        map[string]any{"kid": kid(), "kty": "RSA-HSM", "key_ops": []string{"wrapKey", "unwrapKey"}},
			"attributes": map[string]any{"enabled": true, "created": 1700000000, "updated": 1700000000, "exportable": d.export},
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
	var out []byte
	switch op {
	case "wrapkey":
		out, err = rsa.EncryptOAEP(sha256.New(), rand.Reader, &key.PublicKey, value, nil)
	case "unwrapkey":
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

// staticCred hands out the double's token for the scope of the challenge alone.
type staticCred struct{ t *testing.T }

func (s staticCred) GetToken(_ context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	if len(o.Scopes) != 1 || o.Scopes[0] != "https://vault.azure.net/.default" || o.TenantID != "11111111-1111-1111-1111-111111111111" {
		s.t.Errorf("a token for %v of %s", o.Scopes, o.TenantID)
	}
	return azcore.AccessToken{Token: azureToken, ExpiresOn: time.Now().Add(time.Hour)}, nil
}

func (d *azureDouble) root() vault.Root {
	d.t.Helper()
	r, err := Azure(AzureOptions{Vault: "https://rakudos.vault.azure.net", Key: "root", Algorithm: RSA,
		transport: d.way(), cred: staticCred{d.t}, delay: time.Millisecond})
	if err != nil {
		d.t.Fatal(err)
	}
	return r
}

func code(err error) string {
	if f := fault.Of(err); f != nil {
		return f.Code
	}
	return ""
}

// wrapsAndUnwraps is what every driver promises, with its service rotated in between.
func wrapsAndUnwraps(t *testing.T, r vault.Root, rotate func()) {
	t.Helper()
	ctx := t.Context()
	w, err := r.Wrap(ctx, []byte("tenant key"), []byte("place"))
	if err != nil {
		t.Fatal(err)
	}
	first, err := r.Current(ctx)
	if err != nil || r.Of(w) != first {
		t.Errorf("%s wraps, and it says %s: %v", first, r.Of(w), err)
	}
	if got, err := r.Unwrap(ctx, w, []byte("place")); err != nil || string(got) != "tenant key" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := r.Unwrap(ctx, w, []byte("elsewhere")); err == nil {
		t.Error("unwraps in another place")
	}
	for _, i := range []int{0, 6, len(w) / 2, len(w) - 1} {
		bad := append([]byte(nil), w...)
		bad[i] ^= 1
		if _, err := r.Unwrap(ctx, bad, []byte("place")); err == nil {
			t.Errorf("unwraps with byte %d changed", i)
		}
	}
	for _, bad := range [][]byte{nil, []byte("x"), w[:9]} {
		if _, err := r.Unwrap(ctx, bad, []byte("place")); err == nil {
			t.Errorf("unwraps %q", bad)
		}
	}
	rotate()
	now, err := r.Current(ctx)
	if err != nil || now == first {
		t.Errorf("after a rotation %s, %v", now, err)
	}
	fresh, err := r.Wrap(ctx, []byte("tenant key"), []byte("place"))
	if err != nil || r.Of(fresh) != now {
		t.Errorf("wraps by %s, %v", r.Of(fresh), err)
	}
	for _, x := range [][]byte{w, fresh} {
		if got, err := r.Unwrap(ctx, x, []byte("place")); err != nil || string(got) != "tenant key" {
			t.Errorf("after a rotation: %q, %v", got, err)
		}
	}
	if made, err := r.(vault.Dated).Made(ctx); err != nil || made.IsZero() {
		t.Errorf("made %v, %v", made, err)
	}
}

func TestAzureWrapsAndUnwraps(t *testing.T) {
	d := newAzure(t)
	wrapsAndUnwraps(t, d.root(), d.rotate)
	if d.bare != 1 {
		t.Errorf("%d calls without a token; the challenge is asked for once", d.bare)
	}
	if !strings.HasPrefix(d.asked[0], "POST /keys/root/") || !strings.HasSuffix(d.asked[0], "/wrapkey") {
		t.Errorf("asked %q first", d.asked[0])
	}
}

// TestAzureTokensGoNowhereElse: a challenge that asks for a token of another resource is not followed.
func TestAzureTokensGoNowhereElse(t *testing.T) {
	d := newAzure(t)
	d.resource = "https://vault.evil.example"
	if _, err := d.root().Wrap(t.Context(), []byte("k"), nil); err == nil {
		t.Error("a token was given to a challenge of another resource")
	}
}

func TestAzureErrorsAreToldApart(t *testing.T) {
	d := newAzure(t)
	r := d.root()
	w, err := r.Wrap(t.Context(), []byte("k"), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		statuses []int
		want     string
	}{
		{[]int{403}, "vault.kms_denied"}, {[]int{404}, "vault.kms_missing"},
		{[]int{429, 503}, ""}, {[]int{500}, ""}, // tried again, and fine
		{[]int{503, 503, 503, 503}, "vault.kms_away"}, {[]int{429, 429, 429, 429}, "vault.kms_away"},
	} {
		d.fail("", c.statuses...)
		_, err := r.Unwrap(t.Context(), w, nil)
		if code(err) != c.want {
			t.Errorf("%v: %v, want %q", c.statuses, err, c.want)
		}
		if err != nil && strings.Contains(fault.Of(err).Error(), azureToken) {
			t.Error("the token stands in an error")
		}
		d.fail("")
	}
	d.fail("1", 429)
	began := time.Now()
	if _, err := r.Unwrap(t.Context(), w, nil); err != nil || time.Since(began) < time.Second {
		t.Errorf("Retry-After was not waited for: %v after %v", err, time.Since(began))
	}
	d.export = true
	if _, err := r.Current(t.Context()); code(err) != "vault.kms_exportable" {
		t.Errorf("a key that may be exported: %v", err)
	}
	d.server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	if _, err := r.Unwrap(ctx, w, nil); code(err) != "vault.kms_away" {
		t.Errorf("without a server: %v", err)
	}
}

func TestAzureOptionsAreChecked(t *testing.T) {
	good := AzureOptions{Vault: "https://a.vault.azure.net", Key: "root", Algorithm: AES}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
	for name, o := range map[string]AzureOptions{
		"plain":    {Vault: "http://a.vault.azure.net", Key: "root", Algorithm: RSA},
		"path":     {Vault: "https://a.vault.azure.net/keys", Key: "root", Algorithm: RSA},
		"no key":   {Vault: "https://a.vault.azure.net", Algorithm: RSA},
		"RSA-OAEP": {Vault: "https://a.vault.azure.net", Key: "root", Algorithm: "RSA-OAEP"},
	} {
		if o.Check() == nil {
			t.Errorf("%s: taken", name)
		}
		if _, err := Azure(o); err == nil {
			t.Errorf("%s: bound", name)
		}
	}
	for _, o := range []AzureOptions{good, {Vault: good.Vault, Key: "root", Algorithm: RSA, ClientID: "id"}, {Vault: good.Vault, Key: "root", Algorithm: RSA, TenantID: "11111111-1111-1111-1111-111111111111", ClientID: "id", Secret: "s"}} {
		if _, err := Azure(o); err != nil {
			t.Errorf("%+v: %v", o, err)
		}
	}
	var _ azcore.TokenCredential = (*azidentity.ManagedIdentityCredential)(nil)
}
