// Package tlscert gives the service its TLS configuration and, without a public authority, a certificate authority of
// its own that it renews by itself (clauses 2-3, 3-9). It must never offer anything below TLS 1.3.
package tlscert

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Life of a server certificate and of the authority that signs it. Public authorities may issue for 200
// days at most; we keep the same bound.
const (
	Life   = 199 * 24 * time.Hour
	CALife = 10 * 365 * 24 * time.Hour
	skew   = time.Hour // a certificate is valid from an hour ago, for clocks that are behind
	recent = 10 * time.Second
)

// Store holds the local authority and the server certificate in one directory. It is safe for concurrent use.
type Store struct {
	dir   string
	names []string

	mu      sync.Mutex
	cert    *tls.Certificate
	mod     time.Time // of the file that cert was read from
	checked time.Time
}

// Local opens the directory, makes the authority and a certificate for localhost, 127.0.0.1, ::1 and names (host
// names or addresses) unless good ones are there. Keys stand in files of mode 0600.
func Local(dir string, names []string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("tlscert: %w", err)
	}
	s := &Store{dir: dir, names: allNames(names)}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.refresh(time.Now()); err != nil {
		return nil, fmt.Errorf("tlscert: %w", err)
	}
	return s, nil
}

// CAFile is the certificate of the local authority, for browsers and tools to trust.
func (s *Store) CAFile() string { return filepath.Join(s.dir, "ca.crt") }

// caKeyFile and serverFile hold key and certificate together, so that a change is one atomic rename.
func (s *Store) caKeyFile() string { return filepath.Join(s.dir, "ca.pem") }

func (s *Store) serverFile() string { return filepath.Join(s.dir, "server.pem") }

// Roots is a pool with the local authority alone; it is empty when the file cannot be read.
func (s *Store) Roots() *x509.CertPool {
	pool := x509.NewCertPool()
	if b, err := os.ReadFile(s.CAFile()); err == nil {
		pool.AppendCertsFromPEM(b)
	}
	return pool
}

// Expires is the end of the present server certificate.
func (s *Store) Expires() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cert.Leaf.NotAfter
}

// TLSConfig is the configuration of every listener of the service.
func (s *Store) TLSConfig() *tls.Config {
	c := policy()
	c.GetCertificate = s.certificate
	return c
}

// policy is what every listener has in common; the statement is rendered from it.
func policy() *tls.Config { return &tls.Config{MinVersion: tls.VersionTLS13} }

// certificate answers a handshake: renewed when a third of its life is left, read again when the file has changed.
func (s *Store) certificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if since := now.Sub(s.checked); since < 0 || since >= recent {
		if err := s.refresh(now); err != nil { // the present one may still be good: the client decides
			slog.ErrorContext(context.Background(), "tlscert: renew", "err", err, "expires", s.cert.Leaf.NotAfter)
		}
	}
	return s.cert, nil
}

// refresh makes s.cert the certificate in the file, issuing a new one when that is missing, nearly over or not for our names.
func (s *Store) refresh(now time.Time) error {
	s.checked = now
	info, err := os.Stat(s.serverFile())
	if err == nil && s.cert != nil && info.ModTime().Equal(s.mod) && good(s.cert.Leaf, s.names, now) {
		return nil
	}
	authority, err := s.authority(now)
	if err != nil {
		return err
	}
	cert, err := s.read(authority, now)
	if err != nil {
		if err := s.issue(authority, now); err != nil {
			return err
		}
		if cert, err = s.read(authority, now); err != nil {
			return err
		}
	}
	if info, err = os.Stat(s.serverFile()); err != nil {
		return err
	}
	s.cert, s.mod = cert, info.ModTime()
	return nil
}

// good: begun, more than a third of its life left, and for every name.
func good(c *x509.Certificate, names []string, now time.Time) bool {
	life := c.NotAfter.Sub(c.NotBefore)
	if now.Before(c.NotBefore) || c.NotAfter.Sub(now) <= life/3 {
		return false
	}
	for _, n := range names {
		if c.VerifyHostname(n) != nil {
			return false
		}
	}
	return true
}
