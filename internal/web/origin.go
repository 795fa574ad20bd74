package web

import (
	"cmp"
	"net/http"
	"net/url"
)

// insecureOrigin tells whether a request that changes something names a page of another site, or one that did not come
// over TLS, as where it comes from. http.CrossOriginProtection has looked before: what is left are browsers that send
// no Sec-Fetch-Site, and it takes any scheme for the same origin.
func insecureOrigin(r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return false
	}
	if r.Header.Get("Sec-Fetch-Site") != "" {
		return false
	}
	from := cmp.Or(r.Header.Get("Origin"), r.Header.Get("Referer"))
	if from == "" { // no browser
		return false
	}
	u, err := url.Parse(from)
	return err != nil || u.Scheme != "https" || u.Host != r.Host
}
