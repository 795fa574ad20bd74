package transit

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// fake answers as OpenBao and Vault document their transit engine, their tokens, policies and seal, and as Vault
// 1.21 was seen to answer. What it does not prove: their storage, replication, namespaces, agents and audit.
type fake struct {
	mu       sync.Mutex
	sealed   bool
	policies map[string]map[string][]string // name: path: capabilities
	tokens   map[string]holder
	mounts   map[string]map[string]*key
	made     int
}

type holder struct {
	policy string // empty: may do everything
	until  time.Time
}

type asked struct {
	Type, Policy, Key, Token, TTL string
	Policies                      []string
	Plaintext                     []byte
	Ciphertext                    string
	Data                          []byte `json:"associated_data"`
	Min                           int    `json:"min_decryption_version"`
	Exportable                    *bool
	Backup                        *bool `json:"allow_plaintext_backup"`
	Deletable                     *bool `json:"deletion_allowed"`
}

const rootToken = "s.root-of-the-double"

func double(t *testing.T) *Service {
	t.Helper()
	f := &fake{policies: map[string]map[string][]string{}, mounts: map[string]map[string]*key{}, tokens: map[string]holder{rootToken: {}}}
	s := &Service{Name: "double", root: rootToken, share: "share"}
	up := httptest.NewTLSServer(f)
	at := up.Listener.Addr().String()
	s.Address = up.URL
	s.Keep(t, up)
	s.trust(t)
	s.Stop = func() { up.CloseClientConnections(); up.Close() }
	s.Start = func() {
		f.sealed = true
		l, err := net.Listen("tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		up = httptest.NewUnstartedServer(f)
		_ = up.Listener.Close()
		up.Listener = l
		up.StartTLS()
	}
	t.Cleanup(func() { s.Stop() })
	s.Pair = func(t *testing.T) (*Service, string) {
		active := double(t)
		return active, standby(t, active)
	}
	return s
}

// standby passes on what it is asked, with the certificate of the active one; without one it says so.
func standby(t *testing.T, active *Service) string {
	t.Helper()
	to, err := url.Parse(active.Address)
	if err != nil {
		t.Fatal(err)
	}
	way := httputil.NewSingleHostReverseProxy(to)
	way.Transport = active.client.Transport
	way.ErrorHandler = func(w http.ResponseWriter, _ *http.Request, _ error) {
		refuse(w, 503, "no active Vault instance found")
	}
	up := httptest.NewTLSServer(way)
	t.Cleanup(up.Close)
	return up.URL
}

func refuse(w http.ResponseWriter, status int, text ...string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"errors": append([]string{}, text...)})
}

func answer(w http.ResponseWriter, field string, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"request_id": "x", "lease_id": "", "renewable": false, "warnings": nil, field: v})
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var in asked
	_ = json.NewDecoder(r.Body).Decode(&in)
	path := strings.TrimPrefix(r.URL.Path, "/v1/")
	switch {
	case path == "sys/health":
		w.WriteHeader(map[bool]int{true: 503, false: 200}[f.sealed])
	case path == "sys/unseal":
		f.sealed = f.sealed && in.Key != "share"
		answer(w, "sealed", f.sealed)
	case f.sealed:
		refuse(w, 503, "Vault is sealed")
	case r.Header.Get("X-Vault-Token") == "":
		refuse(w, 403, "permission denied")
	case !f.knows(r.Header.Get("X-Vault-Token")):
		refuse(w, 403, "2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n")
	case !f.may(r.Header.Get("X-Vault-Token"), r.Method, path):
		refuse(w, 403, "1 error occurred:\n\t* permission denied\n\n")
	default:
		f.serve(w, r.Method, path, &in)
	}
}

func (f *fake) knows(token string) bool {
	h, ok := f.tokens[token]
	return ok && (h.until.IsZero() || time.Now().Before(h.until))
}

// may follows the policy of a token. To encrypt under a key that is not there would make it: that is "create".
func (f *fake) may(token, method, path string) bool {
	h := f.tokens[token]
	if h.policy == "" {
		return true
	}
	need := map[string]string{"GET": "read", "DELETE": "delete"}[method]
	if need == "" {
		need = "update"
		if mount, op, name := split(path); op == "encrypt" && f.mounts[mount] != nil && f.mounts[mount][name] == nil {
			need = "create"
		}
	}
	return slices.Contains(f.policies[h.policy][path], need)
}

func split(path string) (mount, op, name string) {
	mount, rest, _ := strings.Cut(path, "/")
	op, name, _ = strings.Cut(rest, "/")
	return mount, op, name
}

var clause = regexp.MustCompile(`path "([^"]+)" \{ capabilities = \[([^\]]*)\] \}`)

func (f *fake) serve(w http.ResponseWriter, method, path string, in *asked) {
	f.made++
	switch mount, isMount := strings.CutPrefix(path, "sys/mounts/"); {
	case path == "sys/seal":
		f.sealed = true
		w.WriteHeader(204)
	case isMount && method == "DELETE":
		delete(f.mounts, mount)
		w.WriteHeader(204)
	case isMount:
		f.mounts[mount] = map[string]*key{}
		w.WriteHeader(204)
	case strings.HasPrefix(path, "sys/policies/acl/"):
		p := map[string][]string{}
		for _, c := range clause.FindAllStringSubmatch(in.Policy, -1) {
			p[c[1]] = strings.Split(strings.ReplaceAll(c[2], `"`, ""), ",")
		}
		f.policies[strings.TrimPrefix(path, "sys/policies/acl/")] = p
		w.WriteHeader(204)
	case path == "auth/token/create":
		d, err := time.ParseDuration(in.TTL)
		if err != nil || len(in.Policies) != 1 {
			refuse(w, 400, "bad request")
			return
		}
		token := fmt.Sprintf("s.token%d", f.made)
		f.tokens[token] = holder{in.Policies[0], time.Now().Add(d)}
		answer(w, "auth", map[string]any{"client_token": token})
	case path == "auth/token/revoke":
		delete(f.tokens, in.Token)
		w.WriteHeader(204)
	default:
		mount, op, name := split(path)
		if f.mounts[mount] == nil {
			refuse(w, 404, fmt.Sprintf("no handler for route %q. route entry not found.", path))
			return
		}
		engine(w, method, op, name, f.mounts[mount], in)
	}
}
