package tlscert

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"
)

const handshakeTimeout = 5 * time.Second

// older are the versions that every listener must refuse.
var older = []uint16{tls.VersionTLS10, tls.VersionTLS11, tls.VersionTLS12}

// aead are the suites of TLS 1.3, all authenticated encryption.
var aead = map[uint16]bool{
	tls.TLS_AES_128_GCM_SHA256: true, tls.TLS_AES_256_GCM_SHA384: true, tls.TLS_CHACHA20_POLY1305_SHA256: true,
}

// outcome of one handshake.
type outcome struct {
	Listener string
	Offered  string
	Done     bool
	Suite    string // when done
	Group    string // when done
	Refusal  string // the alert, when refused
	suite    uint16
}

// handshake offers one version alone. It gives an error only when the listener cannot be reached at all.
func handshake(ctx context.Context, at netip.AddrPort, version uint16, roots *x509.CertPool) (outcome, error) {
	o := outcome{Listener: at.String(), Offered: tls.VersionName(version)}
	ctx, cancel := context.WithTimeout(ctx, handshakeTimeout)
	defer cancel()
	raw, err := new(net.Dialer).DialContext(ctx, "tcp", dialTo(at).String())
	if err != nil {
		return o, fmt.Errorf("tlscert: reach %s: %w", at, err)
	}
	defer func() { _ = raw.Close() }()
	conn := tls.Client(raw, offer(version, roots))
	if err := conn.HandshakeContext(ctx); err != nil {
		if ctx.Err() != nil {
			return o, fmt.Errorf("tlscert: %s does not answer: %w", at, err)
		}
		o.Refusal = refusal(err)
		return o, nil
	}
	state := conn.ConnectionState()
	o.Done, o.suite, o.Suite, o.Group = true, state.CipherSuite, tls.CipherSuiteName(state.CipherSuite), state.CurveID.String()
	return o, nil
}

// offer: an old version is offered with every suite there is and without looking at the certificate, so that only the version
// can be the reason of a refusal. TLS 1.3 must also come with a chain to the roots; names are clause 3-9's.
func offer(version uint16, roots *x509.CertPool) *tls.Config {
	c := &tls.Config{MinVersion: version, MaxVersion: version, ServerName: "localhost", InsecureSkipVerify: true} //nolint:gosec // an old version must be refused before any certificate
	if version < tls.VersionTLS13 {
		for _, s := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
			c.CipherSuites = append(c.CipherSuites, s.ID)
		}
		return c
	}
	c.VerifyConnection = func(s tls.ConnectionState) error {
		between := x509.NewCertPool()
		for _, p := range s.PeerCertificates[1:] {
			between.AddCert(p)
		}
		_, err := s.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: between})
		return err
	}
	return c
}

// refusal names the alert of the other side, or our own reason.
func refusal(err error) string {
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "remote error" {
		return strings.TrimPrefix(op.Err.Error(), "tls: ")
	}
	return strings.TrimPrefix(err.Error(), "tls: ")
}

// dialTo is where to reach a listener; one on all addresses is reached on the loopback.
func dialTo(at netip.AddrPort) netip.AddrPort {
	switch ip := at.Addr(); {
	case !ip.IsUnspecified():
		return at
	case ip.Is4():
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), at.Port())
	}
	return netip.AddrPortFrom(netip.IPv6Loopback(), at.Port())
}
