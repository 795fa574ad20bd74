package web

import (
	"net/http/httptest"
	"testing"
)

func TestInsecureOrigin(t *testing.T) {
	for _, c := range []struct {
		method, origin, referer, site string
		bad                           bool
	}{
		{"POST", "https://service.example", "", "", false},
		{"POST", "http://service.example", "", "", true},
		{"POST", "https://service.example:444", "", "", true},
		{"POST", "null", "", "", true},
		{"POST", "null", "", "same-origin", false}, // the browser vouches for it
		{"POST", "", "https://other.example/a", "", true},
		{"POST", "", "http://service.example/a", "", true},
		{"POST", "", "https://service.example/a?b", "", false},
		{"POST", "", "", "", false}, // no browser
		{"PATCH", "", "https://other.example/", "", true},
		{"GET", "http://other.example", "", "", false},
	} {
		r := httptest.NewRequest(c.method, "https://service.example/x", nil)
		for name, value := range map[string]string{"Origin": c.origin, "Referer": c.referer, "Sec-Fetch-Site": c.site} {
			if value != "" {
				r.Header.Set(name, value)
			}
		}
		if got := insecureOrigin(r); got != c.bad {
			t.Errorf("%+v: %v", c, got)
		}
	}
}
