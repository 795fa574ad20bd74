package kms

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"rakudos/internal/engine/vault"
)

// transitDouble answers as OpenBao and Vault document their transit engine: token and namespace in headers,
// base64 in JSON, {"data": …} or {"errors": […]}.
type transitDouble struct {
	t      *testing.T
	server *httptest.Server
	dir    string

	mu     sync.Mutex
	keys   [][]byte
	made   []int64
	kind   string
	export bool
	sealed bool
	refuse []int
	after  string
	calls  int
}

func newTransit(t *testing.T) *transitDouble {
	d := &transitDouble{t: t, dir: t.TempDir(), kind: "aes256-gcm96"}
	d.rotate()
	d.server = httptest.NewTLSServer(http.HandlerFunc(d.serve))
	t.Cleanup(d.server.Close)
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: d.server.Certificate().Raw})
	d.file("ca.pem", string(ca))
	d.file("token", "s.right\n")
	return d
}

func (d *transitDouble) file(name, text string) string {
	path := filepath.Join(d.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		d.t.Fatal(err)
	}
	return path
}

func (d *transitDouble) rotate() {
	d.mu.Lock()
	defer d.mu.Unlock()
	k := make([]byte, 32)
	rand.Read(k)
	d.keys, d.made = append(d.keys, k), append(d.made, time.Now().Unix())
}

func (d *transitDouble) options() TransitOptions {
	return TransitOptions{Address: d.server.URL, Mount: "transit", Key: "rakudos", Namespace: "kenko/", TokenFile: filepath.Join(d.dir, "token"),
		CAFile: filepath.Join(d.dir, "ca.pem"), delay: time.Millisecond}
}

func (d *transitDouble) root() vault.Root {
	d.t.Helper()
	r, err := Transit(d.options())
	if err != nil {
		d.t.Fatal(err)
	}
	return r
}

func transitError(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"errors":[%q]}`, text)
}

func (d *transitDouble) serve(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calls++
	switch {
	case d.sealed:
		transitError(w, 503, "Vault is sealed")
		return
	case r.Header.Get("X-Vault-Token") != "s.right" || r.Header.Get("X-Vault-Namespace") != "kenko/":
		transitError(w, 403, "permission denied")
		return
	case len(d.refuse) > 0:
		status := d.refuse[0]
		d.refuse = d.refuse[1:]
		if d.after != "" {
			w.Header().Set("Retry-After", d.after)
		}
		transitError(w, status, "refused")
		return
	}
	data := func(v map[string]any) {
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(map[string]any{"request_id": "x", "lease_id": "", "renewable": false, "data": v, "warnings": nil})
	}
	var in struct {
		Plaintext  []byte `json:"plaintext"`
		Ciphertext string `json:"ciphertext"`
		Data       []byte `json:"associated_data"`
	}
	body, _ := io.ReadAll(r.Body)
	if len(body) > 0 && json.Unmarshal(body, &in) != nil {
		transitError(w, 400, "malformed")
		return
	}
	switch r.Method + " " + r.URL.Path {
	case "GET /v1/transit/keys/rakudos":
		all := map[string]int64{}
		for i, at := range d.made {
			all[fmt.Sprint(i+1)] = at
		}
		data(map[string]any{"type": d.kind, "latest_version": len(d.keys), "exportable": d.export, "allow_plaintext_backup": false, "keys": all,
			"min_decryption_version": 1, "supports_encryption": true, "name": "rakudos"})
	case "POST /v1/transit/encrypt/rakudos":
		data(map[string]any{"ciphertext": fmt.Sprintf("vault:v%d:%s", len(d.keys), d.seal(len(d.keys), in.Plaintext, in.Data)), "key_version": len(d.keys)})
	case "POST /v1/transit/decrypt/rakudos":
		n := versionOf(in.Ciphertext)
		if n < 1 || n > len(d.keys) {
			transitError(w, 400, "ciphertext or signature version is disallowed by policy (too new)")
			return
		}
		plain, ok := d.open(n, strings.SplitN(in.Ciphertext, ":", 3)[2], in.Data)
		if !ok {
			transitError(w, 400, "cipher: message authentication failed")
			return
		}
		data(map[string]any{"plaintext": plain})
	default:
		transitError(w, 404, "no handler for route")
	}
}

func TestTransitWrapsAndUnwraps(t *testing.T) {
	d := newTransit(t)
	wrapsAndUnwraps(t, d.root(), d.rotate)
}

func TestTransitErrorsAreToldApart(t *testing.T) {
	d := newTransit(t)
	r := d.root()
	ctx := t.Context()
	w, err := r.Wrap(ctx, []byte("k"), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		statuses []int
		want     string
		calls    int
	}{
		{[]int{403}, "vault.kms_denied", 1}, {[]int{404}, "vault.kms_missing", 1}, {[]int{400}, "", 1},
		{[]int{503, 429, 500}, "", 4}, {[]int{503, 503, 503, 503, 503}, "vault.kms_away", 4}, {[]int{473, 472}, "", 3},
	} {
		d.mu.Lock()
		d.refuse, d.calls = c.statuses, 0
		d.mu.Unlock()
		_, err := r.Unwrap(ctx, w, nil)
		if code(err) != c.want && c.statuses[0] != 400 || d.calls != c.calls {
			t.Errorf("%v: %v after %d calls, want %q after %d", c.statuses, err, d.calls, c.want, c.calls)
		}
		if c.statuses[0] == 400 && err == nil {
			t.Error("a refused ciphertext opens")
		}
	}
	d.mu.Lock()
	d.refuse, d.after = []int{429}, "1"
	d.mu.Unlock()
	began := time.Now()
	if _, err := r.Unwrap(ctx, w, nil); err != nil || time.Since(began) < time.Second {
		t.Errorf("Retry-After was not waited for: %v after %v", err, time.Since(began))
	}
	d.sealed = true
	if _, err := r.Unwrap(ctx, w, nil); code(err) != "vault.kms_away" {
		t.Errorf("sealed: %v", err)
	}
	d.sealed = false
	d.file("token", "s.wrong") // read at each call
	if _, err := r.Unwrap(ctx, w, nil); code(err) != "vault.kms_denied" || strings.Contains(err.Error(), "s.wrong") {
		t.Errorf("a wrong token: %v", err)
	}
	d.file("token", "s.right")
	d.export = true
	if _, err := r.Current(ctx); code(err) != "vault.kms_exportable" {
		t.Errorf("exportable: %v", err)
	}
	d.export, d.kind = false, "rsa-2048"
	if _, err := r.Current(ctx); code(err) != "vault.kms_type" {
		t.Errorf("a key that binds no data: %v", err)
	}
	d.server.Close()
	short, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if _, err := r.Unwrap(short, w, nil); code(err) != "vault.kms_away" {
		t.Errorf("without a server: %v", err)
	}
}

// TestTransitTrustsOnlyItsOwn: another authority's certificate, and a redirect, get no token.
func TestTransitTrustsOnlyItsOwn(t *testing.T) {
	d := newTransit(t)
	o := d.options()
	o.CAFile = ""
	r, err := Transit(o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Wrap(t.Context(), []byte("k"), nil); err == nil || d.calls != 0 {
		t.Errorf("%d calls under a certificate of nobody: %v", d.calls, err)
	}
	elsewhere := 0
	other := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere++ }))
	defer other.Close()
	turn := httptest.NewTLSServer(http.RedirectHandler(other.URL, http.StatusTemporaryRedirect))
	defer turn.Close()
	o = d.options()
	o.Address = turn.URL
	if r, err = Transit(o); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Wrap(t.Context(), []byte("k"), nil); err == nil || elsewhere != 0 {
		t.Errorf("a redirect was followed: %v", err)
	}
}

func TestTransitOptionsAreChecked(t *testing.T) {
	good := TransitOptions{Address: "https://bao:8200", Mount: "kv/transit", Key: "rakudos", TokenFile: "t"}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*TransitOptions){
		"plain":    func(o *TransitOptions) { o.Address = "http://bao:8200" },
		"path":     func(o *TransitOptions) { o.Address = "https://bao:8200/v1" },
		"climbing": func(o *TransitOptions) { o.Mount = "a/../sys" },
		"key":      func(o *TransitOptions) { o.Key = "a/b" },
		"no token": func(o *TransitOptions) { o.TokenFile = "" },
	} {
		o := good
		change(&o)
		if o.Check() == nil {
			t.Errorf("%s: taken", name)
		}
	}
	for _, ca := range []string{"/does/not/exist", os.Args[0]} {
		o := good
		o.CAFile = ca
		if _, err := Transit(o); err == nil {
			t.Errorf("%s is taken for an authority", ca)
		}
	}
}

func FuzzVersionOf(f *testing.F) {
	f.Add("vault:v1:abc")
	f.Add("vault:v0:")
	f.Add("vault:v99999999999999999999:x")
	f.Fuzz(func(t *testing.T, s string) {
		if n := versionOf(s); n < 0 || n > 0 && !strings.HasPrefix(s, "vault:v") {
			t.Errorf("%q: %d", s, n)
		}
	})
}
