package sso

import (
	"net/netip"
	"strings"
	"testing"

	"rakudos/internal/base/fault"
)

// TestPublicAddresses: what lies inside of a private network by any of its names is not asked.
func TestPublicAddresses(t *testing.T) {
	for address, want := range map[string]bool{
		"8.8.8.8": true, "2606:4700::1111": true, "203.0.113.9": true,
		"127.0.0.1": false, "10.0.0.1": false, "172.16.0.1": false, "192.168.1.1": false, "169.254.169.254": false, "0.0.0.0": false, "100.64.0.1": false, "198.18.0.1": false,
		"224.0.0.1": false, "255.255.255.255": false, "240.0.0.1": false, "192.0.0.8": false, "::1": false, "::": false, "fe80::1": false, "fc00::1": false, "fd00::1": false, "ff02::1": false,
		"::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false, "::ffff:8.8.8.8": true, "64:ff9b::7f00:1": false, "2002:7f00:1::": false, "2001::1": false, "fe80::1%eth0": false,
	} {
		if got := public(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: %v", address, got)
		}
	}
}

// TestSettings: what an administrator may enter.
func TestSettings(t *testing.T) {
	good := Settings{Name: "会社", Issuer: "https://login.example/tenant", ClientID: "c", Secret: "s", LinkBy: ByEmail, Domain: "@Midori.Example", MFA: []string{" mfa ", "", "mfa"}}
	s, err := good.check(OIDC)
	if err != nil || s.Domain != "midori.example" || len(s.MFA) != 1 || s.MFA[0] != "mfa" {
		t.Fatalf("%+v %v", s, err)
	}
	for field, change := range map[string][]func(*Settings){
		"name":      {func(s *Settings) { s.Name = " " }, func(s *Settings) { s.Name = strings.Repeat("あ", 61) }},
		"issuer":    {func(s *Settings) { s.Issuer = "http://login.example" }, func(s *Settings) { s.Issuer = "https://u:p@login.example" }, func(s *Settings) { s.Issuer = "https://login.example?x=1" }, func(s *Settings) { s.Issuer = "login.example" }, func(s *Settings) { s.Issuer = "" }},
		"client_id": {func(s *Settings) { s.ClientID = "" }, func(s *Settings) { s.ClientID = strings.Repeat("x", 501) }},
		"secret":    {func(s *Settings) { s.Secret = "" }},
		"domain":    {func(s *Settings) { s.Domain = "a b" }, func(s *Settings) { s.Domain = "日本.example" }},
		"link_by":   {func(s *Settings) { s.LinkBy = "name" }},
		"claim":     {func(s *Settings) { s.LinkBy = ByLogin }, func(s *Settings) { s.LinkBy, s.Claim = ByNumber, "a b" }},
		"mfa": {func(s *Settings) {
			s.MFA = strings.Fields(strings.Repeat("a b c d e f g h i j k l m n o p q r s t u v ", 1))
		}},
	} {
		for _, f := range change {
			s := good
			f(&s)
			if _, err := s.check(OIDC); fault.Of(err) == nil || fault.Of(err).Args["field"] != field || fault.Of(err).Args["says"] == "" {
				t.Errorf("%s: %v", field, err)
			}
		}
	}
	for _, pair := range [][2]string{{"a@x.example", "A@X.example"}, {"日本", "日本"}} {
		if !same(pair[0], pair[1]) {
			t.Errorf("%q and %q are one", pair[0], pair[1])
		}
	}
	for _, pair := range [][2]string{{"", ""}, {"\u212a", "k"}, {"ſ", "s"}, {"日本", "日 本"}, {"a\n", "A\n"}} {
		if same(pair[0], pair[1]) {
			t.Errorf("%q passes for %q", pair[0], pair[1])
		}
	}
}
