package app

import (
	"net/http"
	"strings"

	"rakudos/internal/engine/audit"
	"rakudos/internal/people/access"
	"rakudos/internal/people/identity"
)

// The sabotages of the web stand outside the program: a layer in front of a sandbox's handler behaves as
// the real handler would if its protection were missing. Their names belong to the probes that ask for them.
func (c *Config) sabotaged(h http.Handler) http.Handler {
	switch {
	case c.sabotage[identity.SabotageRoute]:
		return instead(h, func(r *http.Request) bool { return r.URL.Path == "/people" })
	case c.sabotage[audit.SabotageReads]:
		return instead(h, func(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/people/") })
	case c.sabotage[access.SabotageOpen]:
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(permissive{w}, r) })
	}
	return h
}

// instead answers reads of some pages without asking the service.
func instead(h http.Handler, page func(*http.Request) bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && page(r) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = w.Write([]byte("<!doctype html><title>open</title>"))
			return
		}
		h.ServeHTTP(w, r)
	})
}

// permissive turns a refusal into an answer.
type permissive struct{ http.ResponseWriter }

func (p permissive) WriteHeader(status int) {
	if status == http.StatusForbidden || status == http.StatusNotFound {
		status = http.StatusOK
	}
	p.ResponseWriter.WriteHeader(status)
}

func (p permissive) Unwrap() http.ResponseWriter { return p.ResponseWriter }
