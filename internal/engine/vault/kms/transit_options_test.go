package kms

import (
	"os"
	"strings"
	"testing"
)

func TestTransitOptionsAreChecked(t *testing.T) {
	good := TransitOptions{Address: "https://bao:8200", Mount: "kv/transit", Key: "rakudos", TokenFile: "t"}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*TransitOptions){
		"plain":    func(o *TransitOptions) { o.Address = "http://bao:8200" },
		"path":     func(o *TransitOptions) { o.Address = "https://bao:8200/v1" },
		"climbing": func(o *TransitOptions) { o.Mount = "a/../sys" },
		"key":      func(o *TransitOptions) { o.Key = "a/b" },
		"no token": func(o *TransitOptions) { o.TokenFile = "" },
	} {
		o := good
		change(&o)
		if o.Check() == nil {
			t.Errorf("%s: taken", name)
		}
	}
	for _, ca := range []string{"/does/not/exist", os.Args[0]} {
		o := good
		o.CAFile = ca
		if _, err := Transit(o); err == nil {
			t.Errorf("%s is taken for an authority", ca)
		}
	}
}

func FuzzVersionOf(f *testing.F) {
	f.Add("vault:v1:abc")
	f.Add("vault:v0:")
	f.Add("vault:v99999999999999999999:x")
	f.Fuzz(func(t *testing.T, s string) {
		if n := versionOf(s); n < 0 || n > 0 && !strings.HasPrefix(s, "vault:v") {
			t.Errorf("%q: %d", s, n)
		}
	})
}
