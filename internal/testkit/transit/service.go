// Package transit gives tests the counterparts of the root key's transit driver: a double of the documented API, and a
// real OpenBao or Vault for each of `bao` and `vault` in PATH. All of them are set up through the same calls, so that a
// suite cannot tell which it has before it; where they answered differently, the double was mended.
// It must never listen beyond the loopback address, nor outlive its test.
package transit

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Service is one counterpart, as its own people see it.
type Service struct {
	Name    string // "double", or the program and its version
	Address string // https://127.0.0.1:port
	CAFile  string
	Stop    func() // as a machine that goes down
	Start   func() // with what it kept
	// Pair makes another service with one that stands by for it, and says where that listens.
	Pair func(*testing.T) (active *Service, standby string)

	root, share string // the token of those who run it, and what opens its seal
	client      *http.Client
	dir         string
	made        int
}

// Each runs a test against every counterpart that this machine has.
func Each(t *testing.T, test func(*testing.T, *Service)) {
	t.Helper()
	t.Run("double", func(t *testing.T) { test(t, double(t)) })
	for _, program := range []string{"bao", "vault"} {
		path, err := exec.LookPath(program)
		if err != nil {
			t.Logf("no %s in PATH: not tested against it", program)
			continue
		}
		t.Run(program, func(t *testing.T) {
			s := start(t, path)
			t.Logf("tested against %s", s.Name)
			test(t, s)
		})
	}
}

// trust makes the client that knows the service's own authority alone.
func (s *Service) trust(t testing.TB) {
	t.Helper()
	pem, err := os.ReadFile(s.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	s.client = &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
}

// Try makes a call as those who run the service.
func (s *Service) Try(method, path string, in any) (status int, out map[string]any, err error) {
	body, err := json.Marshal(in)
	if err != nil {
		return 0, nil, err
	}
	r, err := http.NewRequest(method, s.Address+"/v1/"+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	r.Header.Set("X-Vault-Token", s.root)
	a, err := s.client.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer a.Body.Close()
	_ = json.NewDecoder(a.Body).Decode(&out) // 204 has none
	return a.StatusCode, out, nil
}

// Do is Try where nothing may go wrong.
func (s *Service) Do(t testing.TB, method, path string, in any) map[string]any {
	t.Helper()
	status, out, err := s.Try(method, path, in)
	if err != nil || status >= 300 {
		t.Fatalf("%s: %s %s: %d %v %v", s.Name, method, path, status, out["errors"], err)
	}
	return out
}

// Mount makes a transit engine of its own for one test, with one key.
func (s *Service) Mount(t testing.TB) (mount, key string) {
	t.Helper()
	s.made++
	mount = fmt.Sprintf("transit%d", s.made)
	s.Do(t, "POST", "sys/mounts/"+mount, map[string]any{"type": "transit"})
	s.Do(t, "POST", mount+"/keys/rakudos", map[string]any{"type": "aes256-gcm96"})
	return mount, "rakudos"
}

// Least is the policy that the operator's guide names: it reads and uses the one key.
func Least(mount, key string) string {
	return fmt.Sprintf(`path "%[1]s/keys/%[2]s" { capabilities = ["read"] }
path "%[1]s/encrypt/%[2]s" { capabilities = ["update"] }
path "%[1]s/decrypt/%[2]s" { capabilities = ["update"] }
`, mount, key)
}

// Token is a token with one policy alone.
func (s *Service) Token(t testing.TB, policy, ttl string) string {
	t.Helper()
	s.made++
	name := fmt.Sprintf("policy%d", s.made)
	s.Do(t, "PUT", "sys/policies/acl/"+name, map[string]any{"policy": policy})
	out := s.Do(t, "POST", "auth/token/create", map[string]any{"policies": []string{name}, "ttl": ttl, "no_default_policy": true})
	return out["auth"].(map[string]any)["client_token"].(string)
}

// File writes a private file of the test, such as a token.
func (s *Service) File(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(s.dir, strings.ReplaceAll(t.Name(), "/", "_")+"."+name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Seal closes the service, as after a restart; Unseal opens it.
func (s *Service) Seal(t testing.TB) { s.Do(t, "PUT", "sys/seal", nil) }

// Unseal opens a sealed service.
func (s *Service) Unseal(t testing.TB) {
	t.Helper()
	s.Do(t, "PUT", "sys/unseal", map[string]any{"key": s.share})
	s.ready(t, 200)
}

// ready waits until the health of the service is what is wanted: 200 active, 501 new, 503 sealed.
func (s *Service) ready(t testing.TB, want int) {
	t.Helper()
	var last string
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		status, _, err := s.Try("GET", "sys/health", nil)
		if err == nil && (status == want || want == 200 && status == 429) { // 429: of a pair, it now stands by
			return
		}
		last = fmt.Sprint(status, err)
	}
	t.Fatalf("%s: its health is %s, not %d", s.Name, last, want)
}

// Sealed waits until a service that was started again is there, sealed.
func (s *Service) Sealed(t testing.TB) { s.ready(t, 503) }

// Keep gives a server that the test itself plays a folder with its authority.
func (s *Service) Keep(t testing.TB, up *httptest.Server) {
	t.Helper()
	s.dir = t.TempDir()
	s.CAFile = s.File(t, "ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: up.Certificate().Raw})))
}
