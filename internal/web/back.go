package web

import (
	"net/http"
	"net/url"
	"path"
	"strings"
	"sync"
)

// home is where a visitor lands when no page was asked for.
const home = "/"

// pages are the rows that are pages to come back to: not public, not a stream, a download or a page's own request.
var pages struct {
	sync.Once
	mux *http.ServeMux
}

func fillPages() {
	pages.mux = http.NewServeMux()
	for _, r := range Table() {
		address, get := strings.CutPrefix(r.Pattern, "GET ")
		if get && r.Permission != Public && !r.Stream && !r.Passive && !strings.Contains(path.Base(address), ".") {
			pages.mux.HandleFunc(r.Pattern, http.NotFound)
		}
	}
}

// maxBack bounds the address that travels through the sign-in forms.
const maxBack = 1000

// ownPath is a page of this site to go back to; anything else is the home page. It is asked again at every
// step, so that nothing a form or an address carries can lead out of the site.
func ownPath(address string) string {
	p, _ := ownRow(address)
	return p
}

// ownRow also names the row of the table.
func ownRow(address string) (back, pattern string) {
	strange := func(c rune) bool { return c <= ' ' || c == '\\' || c >= 0x7f }
	if len(address) > maxBack || !strings.HasPrefix(address, "/") || strings.HasPrefix(address, "//") || strings.ContainsFunc(address, strange) {
		return home, "GET /{$}"
	}
	u, err := url.ParseRequestURI(address)
	if err != nil || u.IsAbs() || u.Host != "" || u.Opaque != "" || path.Clean(u.Path) != u.Path || strings.ContainsFunc(u.Path, func(c rune) bool { return c < ' ' || c == '\\' }) {
		return home, "GET /{$}"
	}
	pages.Do(fillPages)
	_, pattern = pages.mux.Handler(&http.Request{Method: http.MethodGet, URL: u})
	if pattern == "" {
		return home, "GET /{$}"
	}
	q := u.Query()
	q.Del("done") // a banner of an act that is not done again
	back = u.EscapedPath()
	if len(q) > 0 {
		back += "?" + q.Encode()
	}
	return back, pattern
}

// backTo adds the page to come back to, when there is one, to a step of signing in.
func backTo(step, back string) string {
	back = ownPath(back)
	if back == home {
		return step
	}
	join := "?"
	if strings.Contains(step, "?") {
		join = "&"
	}
	return step + join + url.Values{"back": {back}}.Encode()
}

// landing is the page for who has just signed in: the one asked for, if the visitor may open it.
func (s *server) landing(v *Visitor, address string) string {
	back, pattern := ownRow(address)
	for _, r := range s.routes {
		if r.Pattern == pattern && (r.Permission == SignedIn || s.may(v, r.Permission) == nil) {
			return back
		}
	}
	return home
}
