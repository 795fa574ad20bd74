package tlscert

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// authority is the local certificate authority with its key.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// allNames adds the names of this machine to itself; case and order do not matter.
func allNames(names []string) []string {
	all := []string{"localhost", "127.0.0.1", "::1"}
	for _, n := range names {
		n = strings.ToLower(strings.Trim(n, "[] "))
		if ip := net.ParseIP(n); n == "" || ip != nil && ip.IsUnspecified() || slices.Contains(all, n) {
			continue
		}
		all = append(all, n)
	}
	return all
}

func split(names []string) (dns []string, ips []net.IP) {
	for _, n := range names {
		if ip := net.ParseIP(n); ip != nil {
			ips = append(ips, ip)
		} else {
			dns = append(dns, n)
		}
	}
	return dns, ips
}

// authority reads the local authority, or makes a new one when there is none, it ends before a server certificate
// would, or it may not sign for all the names.
func (s *Store) authority(now time.Time) (*authority, error) {
	a, err := s.readAuthority()
	if err == nil && a.covers(s.names, now) {
		return a, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err // a damaged authority is for a person to look at: replacing it would break every trust in it
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	dns, ips := split(s.names)
	t := &x509.Certificate{
		Subject:   pkix.Name{Organization: []string{"rakudos"}, CommonName: "rakudos local CA " + now.UTC().Format("2006-01-02")},
		NotBefore: now.Add(-skew), NotAfter: now.Add(CALife),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		// Whoever trusts this authority trusts it for these names and for nothing else.
		PermittedDNSDomainsCritical: true, PermittedDNSDomains: dns,
	}
	for _, ip := range ips {
		t.PermittedIPRanges = append(t.PermittedIPRanges, single(ip))
	}
	der, err := x509.CreateCertificate(rand.Reader, t, t, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	if err := write(s.caKeyFile(), 0o600, append(block("PRIVATE KEY", pkcs8), block("CERTIFICATE", der)...)); err != nil {
		return nil, err
	}
	return s.readAuthority()
}

func single(ip net.IP) *net.IPNet {
	if v4 := ip.To4(); v4 != nil {
		return &net.IPNet{IP: v4, Mask: net.CIDRMask(32, 32)}
	}
	return &net.IPNet{IP: ip, Mask: net.CIDRMask(128, 128)}
}

// readAuthority also keeps the public copy of the certificate equal to the one beside the key.
func (s *Store) readAuthority() (*authority, error) {
	b, err := readKey(s.caKeyFile())
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(b, b)
	if err != nil {
		return nil, fmt.Errorf("the authority in %s: %w", s.dir, err)
	}
	key, ok := pair.PrivateKey.(*ecdsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("the authority in %s has no ECDSA key", s.dir)
	}
	public := block("CERTIFICATE", pair.Leaf.Raw)
	if have, err := os.ReadFile(s.CAFile()); err != nil || !bytes.Equal(have, public) {
		if err := write(s.CAFile(), 0o644, public); err != nil {
			return nil, err
		}
	}
	return &authority{cert: pair.Leaf, key: key}, nil
}

func (a *authority) covers(names []string, now time.Time) bool {
	if now.Before(a.cert.NotBefore) || now.Add(Life).After(a.cert.NotAfter) {
		return false
	}
	dns, ips := split(names)
	for _, n := range dns {
		if !slices.ContainsFunc(a.cert.PermittedDNSDomains, func(d string) bool { return n == d || strings.HasSuffix(n, "."+d) }) {
			return false
		}
	}
	for _, ip := range ips {
		if !slices.ContainsFunc(a.cert.PermittedIPRanges, func(r *net.IPNet) bool { return r.Contains(ip) }) {
			return false
		}
	}
	return true
}

// issue writes a fresh key and a certificate for it.
func (s *Store) issue(a *authority, now time.Time) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	t := &x509.Certificate{
		Subject:   pkix.Name{Organization: []string{"rakudos"}},
		NotBefore: now.Add(-skew), NotAfter: now.Add(Life - skew),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
	}
	t.DNSNames, t.IPAddresses = split(s.names)
	der, err := x509.CreateCertificate(rand.Reader, t, a.cert, &key.PublicKey, a.key)
	if err != nil {
		return err
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	return write(s.serverFile(), 0o600, append(block("PRIVATE KEY", pkcs8), block("CERTIFICATE", der)...))
}

// read takes the server certificate from its file if it is good and signed by the authority.
func (s *Store) read(a *authority, now time.Time) (*tls.Certificate, error) {
	b, err := readKey(s.serverFile())
	if err != nil {
		return nil, err
	}
	cert, err := tls.X509KeyPair(b, b)
	if err != nil {
		return nil, err
	}
	if err := cert.Leaf.CheckSignatureFrom(a.cert); err != nil {
		return nil, err
	}
	if !good(cert.Leaf, s.names, now) {
		return nil, errors.New("the server certificate is to be renewed")
	}
	return &cert, nil
}

func block(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// readKey reads a file that holds a key and takes away any access that others have been given to it.
func readKey(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		if err := os.Chmod(path, 0o600); err != nil {
			return nil, err
		}
	}
	return os.ReadFile(path)
}

// write replaces a file in one step; it is on the disk before the name points to it.
func write(path string, mode os.FileMode, b []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	if _, err = f.Write(b); err == nil {
		err = f.Chmod(mode)
	}
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
