package app

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"rakudos/internal/engine/audit"
	"rakudos/internal/people/access"
	"rakudos/internal/people/identity"
)

// TestSabotagesOfTheWeb: each takes away the protection that it is named after, and nothing else.
func TestSabotagesOfTheWeb(t *testing.T) {
	const asked = "asked" // a header that the real handler alone sets
	service := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(asked, "yes")
		switch r.URL.Path {
		case "/forbidden":
			w.WriteHeader(http.StatusForbidden)
		case "/missing":
			w.WriteHeader(http.StatusNotFound)
		case "/broken":
			w.WriteHeader(http.StatusInternalServerError)
		case "/people", "/people/1":
			w.WriteHeader(http.StatusSeeOther)
		}
	})
	for _, c := range []struct {
		sabotage, method, path string
		status                 int
		reaches                bool
	}{
		{"", "GET", "/people", http.StatusSeeOther, true},
		{"", "GET", "/forbidden", http.StatusForbidden, true},
		{identity.SabotageRoute, "GET", "/people", http.StatusOK, false},
		{identity.SabotageRoute, "POST", "/people", http.StatusSeeOther, true},
		{identity.SabotageRoute, "GET", "/people/1", http.StatusSeeOther, true},
		{audit.SabotageReads, "GET", "/people/1", http.StatusOK, false},
		{audit.SabotageReads, "GET", "/people", http.StatusSeeOther, true},
		{access.SabotageOpen, "GET", "/forbidden", http.StatusOK, true},
		{access.SabotageOpen, "GET", "/missing", http.StatusOK, true},
		{access.SabotageOpen, "GET", "/broken", http.StatusInternalServerError, true},
		{access.SabotageOpen, "GET", "/people", http.StatusSeeOther, true},
		{identity.SabotageSession, "GET", "/people", http.StatusSeeOther, true}, // not the web's business
	} {
		config := Config{sabotage: map[string]bool{c.sabotage: true}}
		w := httptest.NewRecorder()
		config.sabotaged(service).ServeHTTP(w, httptest.NewRequest(c.method, c.path, nil))
		if got := w.Header().Get(asked) == "yes"; w.Code != c.status || got != c.reaches {
			t.Errorf("%q, %s %s: %d, reaches the service %v; want %d, %v", c.sabotage, c.method, c.path, w.Code, got, c.status, c.reaches)
		}
	}
}

// TestPermissiveKeepsWhatHandlersNeed: a stream still flushes through the layer, or a sandbox would differ
// from the service by more than its sabotage.
func TestPermissiveKeepsWhatHandlersNeed(t *testing.T) {
	w := httptest.NewRecorder()
	if err := http.NewResponseController(permissive{w}).Flush(); err != nil || !w.Flushed {
		t.Errorf("flushed %v, %v", w.Flushed, err)
	}
	if _, err := io.WriteString(permissive{w}, "x"); err != nil || w.Body.String() != "x" {
		t.Errorf("%q, %v", w.Body, err)
	}
}

// TestOneProtectionAtATime: every sabotage of signing in changes the policy, and none is on in a service
// that was configured by a file or the environment.
func TestOneProtectionAtATime(t *testing.T) {
	if (&App{}).policy().Sabotaged() {
		t.Error("a service that nobody sabotaged has a protection off")
	}
	for _, name := range identity.Sabotages {
		p := (&App{Config: Config{sabotage: map[string]bool{name: true}}}).policy()
		if !p.Sabotaged() {
			t.Errorf("%s changes nothing", name)
		}
		if !slices.Contains(sabotages(), name) {
			t.Errorf("%s can not be asked for", name)
		}
	}
	c, err := LoadConfig("", []string{"RAKUDOS_DATA=x"})
	if err != nil || c.sandbox() {
		t.Errorf("sandbox %v, %v", c.sandbox(), err)
	}
}
