package sso

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"syscall"
	"time"
)

// Net is how the service reaches the providers: an operator's choice, never a tenant's.
type Net struct {
	AllowPrivate bool   // addresses of private networks too, for a provider inside of the operator's own
	RootsFile    string // PEM of further certificate authorities; empty is the system's alone
}

// Bounds of one question to a provider.
const (
	askFor  = 10 * time.Second
	maxBody = 1 << 20
)

// nat64 and the rest are prefixes that reach into private networks by another name.
var hidden = []netip.Prefix{
	netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"), netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("2001::/32"),
}

// public tells whether an address lies in the open internet.
func public(ip netip.Addr) bool {
	ip = ip.Unmap().WithZone("")
	if !ip.IsGlobalUnicast() || ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast() {
		return false
	}
	for _, p := range hidden {
		if p.Contains(ip) {
			return false
		}
	}
	return true
}

// client asks over https alone, in bounded time and size, follows no redirect to another host, uses no
// proxy, and connects to no private address. The address is checked when it is connected to, after every
// name has been resolved, so that a name that changes its mind gains nothing.
func (n Net) client() (*http.Client, error) {
	var roots *x509.CertPool
	if n.RootsFile != "" {
		pem, err := os.ReadFile(n.RootsFile)
		if err != nil {
			return nil, fmt.Errorf("sso: roots: %w", err)
		}
		if roots, err = x509.SystemCertPool(); err != nil {
			roots = x509.NewCertPool()
		}
		if !roots.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("sso: roots: %s holds no certificate", n.RootsFile)
		}
	}
	dial := &net.Dialer{Timeout: askFor}
	dial.Control = func(_, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil {
			return err
		}
		if !n.AllowPrivate && !public(to.Addr()) {
			return errPrivate
		}
		return nil
	}
	tr := &http.Transport{
		DialContext: dial.DialContext, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}, TLSHandshakeTimeout: askFor,
		ResponseHeaderTimeout: askFor, MaxResponseHeaderBytes: 64 << 10, IdleConnTimeout: 30 * time.Second, MaxIdleConnsPerHost: 2, ForceAttemptHTTP2: true,
	}
	return &http.Client{Transport: bounded{tr}, Timeout: askFor, CheckRedirect: func(r *http.Request, via []*http.Request) error {
		if r.URL.Host != via[0].URL.Host || len(via) > 3 {
			return errElsewhere
		}
		return nil
	}}, nil
}

var (
	errPrivate   = errors.New("sso: the provider's address lies in a private network")
	errElsewhere = errors.New("sso: the provider redirects to another host")
	errPlain     = errors.New("sso: the provider is not asked over https")
	errLong      = errors.New("sso: the provider's answer is too long")
)

// bounded refuses plain http and cuts answers that do not end.
type bounded struct{ next http.RoundTripper }

// RoundTrip is http.RoundTripper.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != "https" {
		return nil, errPlain
	}
	res, err := b.next.RoundTrip(r)
	if err == nil {
		res.Body = &cut{res.Body, maxBody}
	}
	return res, err
}

// cut fails, rather than ends, at its limit: half a key set must not be taken for a whole one.
type cut struct {
	io.ReadCloser
	left int64
}

// Read is io.Reader.
func (c *cut) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, errLong
	}
	if int64(len(p)) > c.left {
		p = p[:c.left]
	}
	n, err := c.ReadCloser.Read(p)
	c.left -= int64(n)
	return n, err
}
