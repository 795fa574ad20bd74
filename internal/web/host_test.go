package web

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
)

func TestHosts(t *testing.T) {
	h, err := New(Deps{Config: Config{Service: "試験", Hosts: []string{"kenshin.example.jp", "192.0.2.7"}}, Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	at := func(local, host, path string) int {
		r := httptest.NewRequest("GET", "https://localhost"+path, nil)
		r.Host = host
		if local != "" {
			addr := net.TCPAddrFromAddrPort(netip.MustParseAddrPort(local))
			r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, addr))
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code
	}
	for _, c := range []struct {
		local, host string
		ours        bool
	}{
		{"127.0.0.1:8443", "localhost:8443", true},
		{"127.0.0.1:8443", "LocalHost.:8443", true},
		{"127.0.0.1:8443", "127.0.0.1:8443", true},
		{"[::1]:8443", "[::1]:8443", true},
		{"[::1]:8443", "localhost:8443", true},
		{"127.0.0.1:8443", "[::]:8443", true}, // what a listener on every address calls itself
		{"127.0.0.1:443", "localhost", true},
		{"[::1]:443", "[::1]", true},
		{"10.0.0.5:8443", "10.0.0.5:8443", true},
		{"[::ffff:10.0.0.5]:8443", "10.0.0.5:8443", true},
		{"127.0.0.1:8443", "kenshin.example.jp", true},
		{"127.0.0.1:8443", "Kenshin.Example.jp.:443", true},
		{"127.0.0.1:8443", "192.0.2.7", true},
		{"127.0.0.1:8443", "localhost", false},
		{"127.0.0.1:8443", "localhost:9", false},
		{"127.0.0.1:8443", "127.0.0.1:80", false},
		{"127.0.0.1:8443", "10.0.0.5:8443", false},
		{"127.0.0.1:8443", "evil.example:8443", false},
		{"127.0.0.1:8443", "localhost.evil.example:8443", false},
		{"127.0.0.1:8443", "kenshin.example.jp.evil.example", false},
		{"127.0.0.1:8443", "kenshin.example.jp@evil.example", false},
		{"127.0.0.1:8443", "127.0.0.1.nip.io:8443", false},
		{"127.0.0.1:8443", "", false},
		{"127.0.0.1:8443", ".", false},
		{"127.0.0.1:8443", ":8443", false},
		{"127.0.0.1:8443", "[::1", false},
		{"", "localhost", true},
		{"", "evil.example", false},
	} {
		want := http.StatusNotFound
		if !c.ours {
			want = http.StatusMisdirectedRequest
		}
		if got := at(c.local, c.host, "/nowhere"); got != want {
			t.Errorf("%q at %s: %d, want %d", c.host, c.local, got, want)
		}
		if got := at(c.local, c.host, "/healthz"); got != http.StatusOK {
			t.Errorf("%q at %s: /healthz answers %d", c.host, c.local, got)
		}
	}
	if got := at("127.0.0.1:8443", "evil.example", "/static/x/../../healthz"); got == http.StatusOK {
		t.Error("a detour to /healthz")
	}
}
