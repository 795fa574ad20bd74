package web

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"rakudos/internal/people/access"
)

// TestMachinesAreNeverSentToAPage: under the protocol's path a request without a token gets 401 in the protocol's
// form, on every row and where there is none, whatever it accepts and with whatever else it says who it is.
func TestMachinesAreNeverSentToAPage(t *testing.T) {
	h := bare(t)
	paths := []string{"GET /scim/v2/Nope", "POST /scim/v2/Nope", "POST /scim/v2/Schemas", "GET /scim", "GET /scim/", "GET /scim/v1/Users", "PUT /scim/v2/Users"}
	for _, row := range Table() {
		if row.Permission == access.Provision {
			paths = append(paths, strings.ReplaceAll(row.Pattern, "{id}", "00000000-0000-7000-8000-000000000000"))
		}
	}
	for _, p := range paths {
		method, path, _ := strings.Cut(p, " ")
		for _, accept := range []string{"", "*/*", "text/html", "application/scim+json", "application/json"} {
			for _, by := range []string{"", "Basic cmtzXzp4", "Bearer", "Bearer "} {
				r := httptest.NewRequest(method, "https://localhost"+path, strings.NewReader("{}"))
				r.Header.Del("Accept")
				for name, value := range map[string]string{"Accept": accept, "Authorization": by} {
					if value != "" {
						r.Header.Set(name, value)
					}
				}
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				var said struct {
					Schemas []string
					Status  string
				}
				err := json.Unmarshal(w.Body.Bytes(), &said)
				if w.Code != http.StatusUnauthorized || !strings.HasPrefix(w.Header().Get("WWW-Authenticate"), "Bearer") || w.Header().Get("Content-Type") != "application/scim+json" ||
					err != nil || said.Status != "401" || len(said.Schemas) != 1 || !strings.HasSuffix(said.Schemas[0], ":Error") {
					t.Fatalf("%s, Accept %q, Authorization %q: %d %v %s", p, accept, by, w.Code, w.Header(), w.Body)
				}
			}
		}
	}
}
