package tlscert

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func open(t *testing.T, dir string, names ...string) *Store {
	t.Helper()
	s, err := Local(dir, names)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func leaf(t *testing.T, s *Store) *x509.Certificate {
	t.Helper()
	c, err := s.TLSConfig().GetCertificate(&tls.ClientHelloInfo{})
	if err != nil {
		t.Fatal(err)
	}
	return c.Leaf
}

func TestLocalCertificate(t *testing.T) {
	s := open(t, t.TempDir(), "rakudos.example.jp", "192.0.2.7", "LOCALHOST", "0.0.0.0", "[::]", "")
	c := leaf(t, s)
	for _, name := range []string{"localhost", "127.0.0.1", "::1", "rakudos.example.jp", "192.0.2.7"} {
		if _, err := c.Verify(x509.VerifyOptions{DNSName: name, Roots: s.Roots()}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := c.Verify(x509.VerifyOptions{DNSName: "example.com", Roots: s.Roots()}); err == nil {
		t.Error("the certificate is for any name")
	}
	if life := c.NotAfter.Sub(c.NotBefore); life > 200*24*time.Hour {
		t.Errorf("valid for %v", life)
	}
	if c.PublicKeyAlgorithm != x509.ECDSA || c.IsCA || len(c.DNSNames) != 2 || len(c.IPAddresses) != 3 || !s.Expires().Equal(c.NotAfter) {
		t.Errorf("%v %v %v", c.PublicKeyAlgorithm, c.DNSNames, c.IPAddresses)
	}
	if cfg := s.TLSConfig(); cfg.MinVersion != tls.VersionTLS13 {
		t.Error("below TLS 1.3")
	}
}

// Whoever trusts the local authority trusts it for our names alone, even if its key is stolen.
func TestAuthorityIsBoundToItsNames(t *testing.T) {
	s := open(t, t.TempDir())
	a, err := s.readAuthority()
	if err != nil {
		t.Fatal(err)
	}
	thief := &Store{dir: t.TempDir(), names: []string{"www.example.com", "203.0.113.9"}}
	if err := thief.issue(a, time.Now()); err != nil {
		t.Fatal(err)
	}
	c, err := thief.read(a, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Leaf.Verify(x509.VerifyOptions{Roots: s.Roots()}); err == nil {
		t.Error("a certificate for another site is believed")
	}
}

func TestFilesAreKept(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "tls")
	first := leaf(t, open(t, dir))
	for name, mode := range map[string]fs.FileMode{"ca.pem": 0o600, "ca.crt": 0o644, "server.pem": 0o600} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v %v", name, info.Mode(), err)
		}
	}
	if err := os.Chmod(filepath.Join(dir, "ca.pem"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "ca.crt")); err != nil {
		t.Fatal(err)
	}
	again := open(t, dir)
	if !leaf(t, again).Equal(first) {
		t.Error("a second start makes a new certificate")
	}
	if info, err := os.Stat(filepath.Join(dir, "ca.pem")); err != nil || info.Mode().Perm() != 0o600 {
		t.Error("a key that others may read stays so")
	}
	if _, err := os.Stat(again.CAFile()); err != nil {
		t.Error("the public copy is not made again")
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".new-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestBrokenFiles(t *testing.T) {
	dir := t.TempDir()
	first := leaf(t, open(t, dir))
	if err := os.WriteFile(filepath.Join(dir, "server.pem"), []byte("rubbish"), 0o600); err != nil {
		t.Fatal(err)
	}
	if leaf(t, open(t, dir)).Equal(first) {
		t.Error("a destroyed certificate lives on")
	}
	if err := os.WriteFile(filepath.Join(dir, "ca.pem"), []byte("rubbish"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Local(dir, nil); err == nil {
		t.Error("a damaged authority is replaced without a word")
	}
}

func TestNewNames(t *testing.T) {
	dir := t.TempDir()
	first := open(t, dir, "a.example.jp", "b.example.jp")
	ca, _ := first.readAuthority()
	fewer := open(t, dir, "a.example.jp")
	if now, _ := fewer.readAuthority(); !now.cert.Equal(ca.cert) || !leaf(t, fewer).Equal(leaf(t, first)) {
		t.Error("fewer names make a new certificate")
	}
	more := open(t, dir, "c.example.jp")
	if now, _ := more.readAuthority(); now.cert.Equal(ca.cert) {
		t.Error("the authority signs for a name it may not")
	}
	if _, err := leaf(t, more).Verify(x509.VerifyOptions{DNSName: "c.example.jp", Roots: more.Roots()}); err != nil {
		t.Error(err)
	}
}

func TestRenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, t.TempDir())
		cfg := s.TLSConfig()
		get := func() *x509.Certificate {
			c, err := cfg.GetCertificate(nil)
			if err != nil {
				t.Fatal(err)
			}
			return c.Leaf
		}
		first := get()
		time.Sleep(Life*2/3 - 2*skew)
		if !get().Equal(first) {
			t.Error("renewed early")
		}
		time.Sleep(2 * skew)
		second := get()
		if second.Equal(first) {
			t.Fatal("not renewed when a third of its life was left")
		}
		if _, err := second.Verify(x509.VerifyOptions{DNSName: "localhost", Roots: s.Roots(), CurrentTime: time.Now()}); err != nil {
			t.Error(err)
		}
		for range 60 { // ten years and more of handshakes every two months: there is always a good certificate
			time.Sleep(65 * 24 * time.Hour)
			if c := get(); time.Now().After(c.NotAfter) {
				t.Fatalf("an expired certificate on %v", time.Now())
			} else if _, err := c.Verify(x509.VerifyOptions{Roots: s.Roots(), CurrentTime: time.Now()}); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// A disk that takes no more keeps the present certificate in service.
func TestRenewalFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		s := open(t, dir)
		first := leaf(t, s)
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		time.Sleep(Life * 3 / 4)
		if !leaf(t, s).Equal(first) {
			t.Error("no certificate")
		}
	})
}

// Another process has renewed: the file is read again without a restart.
func TestReload(t *testing.T) {
	dir := t.TempDir()
	a, b := open(t, dir), open(t, dir)
	if err := os.Remove(filepath.Join(dir, "server.pem")); err != nil {
		t.Fatal(err)
	}
	b.checked = time.Time{}
	fresh := leaf(t, b)
	if leaf(t, a).Equal(fresh) {
		t.Fatal("looked before its time")
	}
	a.checked = time.Time{}
	if !leaf(t, a).Equal(fresh) {
		t.Error("the file is not read again")
	}
}

func TestListening(t *testing.T) {
	before, err := listening()
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []string{"127.0.0.1:0", "0.0.0.0:0", "[::1]:0", "[::]:0"} {
		l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", at)
		if err != nil {
			t.Logf("%s: %v", at, err)
			continue
		}
		c, err := net.Dial("tcp", l.Addr().String()) // a connection is not a listener
		if err != nil {
			t.Fatal(err)
		}
		want, err := addresses([]string{l.Addr().String()})
		if err != nil {
			t.Fatal(err)
		}
		all, err := listening()
		if err != nil || len(all) != len(before)+1 || !slices.ContainsFunc(all, func(a netip.AddrPort) bool { return same(a, want[0]) }) {
			t.Errorf("%s: %v, before %v; %v", l.Addr(), all, before, err)
		}
		if left := undeclared(all, append(want, before...)); len(left) != 0 {
			t.Errorf("%s: %v seems undeclared", at, left)
		}
		_ = c.Close()
		_ = l.Close()
	}
	if after, err := listening(); err != nil || len(after) != len(before) {
		t.Errorf("after: %v, %v", after, err)
	}
}
