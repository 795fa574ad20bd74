package tlscert

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"

	"rakudos/internal/base/control"
	"rakudos/internal/testkit/controltest"
)

// serve opens a listener as the service does, with the lowest version given.
func serve(t *testing.T, s *Store, lowest uint16) string {
	t.Helper()
	c := s.TLSConfig()
	c.MinVersion = lowest
	l, err := tls.Listen("tcp", "127.0.0.1:0", c)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); greet(l) }()
	t.Cleanup(func() { _ = l.Close(); <-done })
	return l.Addr().String()
}

func onLoopback(addr string) (net.Listener, error) { return net.Listen("tcp", addr) }

func theControl(t *testing.T, roots *x509.CertPool, live ...string) control.Control {
	t.Helper()
	all := Controls(func() []string { return live }, func() *x509.CertPool { return roots }, onLoopback)
	if len(all) != 1 {
		t.Fatalf("%d controls", len(all))
	}
	if _, err := control.NewSet([]control.Clause{{ID: "2-3"}}, all); err != nil {
		t.Fatal(err)
	}
	return all[0]
}

func TestNetTLS13(t *testing.T) {
	s := open(t, t.TempDir())
	controltest.Proves(t, "NET-TLS13", func(sabotaged bool) (err error) {
		t.Run(map[bool]string{true: "sabotaged", false: "real"}[sabotaged], func(t *testing.T) {
			lowest := uint16(tls.VersionTLS13)
			if sabotaged {
				lowest = tls.VersionTLS10
			}
			at := serve(t, s, lowest)
			e, perr := theControl(t, s.Roots(), at).Probe(context.Background())
			if err = perr; err == nil && !e.OK {
				err = errors.New(strings.Join(e.Failed, "; "))
			}
			if sabotaged && len(e.Failed) != 3 {
				t.Errorf("three versions are accepted, found %v", e.Failed)
			}
			if !sabotaged && !strings.Contains(e.Measured, "3回のうち3回") {
				t.Errorf("measured: %s", e.Measured)
			}
		})
		return err
	})
}

func TestMutantFailsForItsVersionAlone(t *testing.T) {
	s := open(t, t.TempDir())
	at := serve(t, s, tls.VersionTLS13)
	c := theControl(t, s.Roots(), at)
	e, err := c.Mutant(context.Background())
	if err != nil || e.OK || len(e.Failed) != 1 || !strings.Contains(e.Failed[0], "TLS 1.2") {
		t.Errorf("%+v %v", e, err)
	}
	sound, err := sandbox(context.Background(), onLoopback, mustAddresses(t, at), tls.VersionTLS13)
	if err != nil || !sound.OK {
		t.Errorf("the same sandbox with TLS 1.3 alone: %+v %v", sound, err)
	}
}

func TestProbeFindsForgottenListeners(t *testing.T) {
	s := open(t, t.TempDir())
	at := serve(t, s, tls.VersionTLS13)
	forgotten, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = forgotten.Close() }()
	e, err := theControl(t, s.Roots(), at).Probe(context.Background())
	if err != nil || e.OK || len(e.Failed) != 1 || !strings.Contains(e.Failed[0], forgotten.Addr().String()) {
		t.Errorf("%+v %v", e, err)
	}
}

func TestProbeBadListeners(t *testing.T) {
	s := open(t, t.TempDir())
	at := serve(t, s, tls.VersionTLS13)

	if e, err := theControl(t, x509.NewCertPool(), at).Probe(context.Background()); err != nil || e.OK || !strings.Contains(e.Failed[0], "成立しない") {
		t.Errorf("foreign roots: %+v %v", e, err)
	}
	if _, err := theControl(t, s.Roots()).Probe(context.Background()); err == nil {
		t.Error("nothing is declared and all is well")
	}
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = gone.Close()
	if _, err := theControl(t, s.Roots(), gone.Addr().String()).Probe(context.Background()); err == nil {
		t.Error("a listener that cannot be reached must leave the result unknown")
	}

	plain, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = plain.Close() }()
	go func() {
		for {
			c, err := plain.Accept()
			if err != nil {
				return
			}
			_, _ = c.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
			_ = c.Close()
		}
	}()
	if e, err := theControl(t, s.Roots(), at, plain.Addr().String()).Probe(context.Background()); err != nil || e.OK || len(e.Failed) != 1 {
		t.Errorf("a listener without TLS: %+v %v", e, err)
	}
}

func TestSaysFollowsTheConfiguration(t *testing.T) {
	real, loose := says(policy()), says(&tls.Config{MinVersion: tls.VersionTLS12})
	if !strings.Contains(real, "TLS 1.3だけ") || !strings.Contains(real, "1.0・1.1・1.2による接続は断り") || !strings.Contains(real, "3種類") {
		t.Error(real)
	}
	if !strings.Contains(loose, "TLS 1.2からTLS 1.3だけ") || strings.Contains(loose, "1.1・1.2による") {
		t.Error(loose)
	}
}

func mustAddresses(t *testing.T, list ...string) (out []netip.AddrPort) {
	t.Helper()
	out, err := addresses(list)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestProbeLooksAgainWhenTheListChanges: a socket that a neighbour's sandbox opened while the probe looked, and that is
// declared by now, is no forgotten listener; the list of before said nothing about it.
func TestProbeLooksAgainWhenTheListChanges(t *testing.T) {
	s := open(t, t.TempDir())
	first, second := serve(t, s, tls.VersionTLS13), serve(t, s, tls.VersionTLS13)
	asked := 0
	c := Controls(func() []string {
		asked++
		if asked == 1 {
			return []string{first}
		}
		return []string{first, second}
	}, func() *x509.CertPool { return s.Roots() }, onLoopback)[0]
	e, err := c.Probe(t.Context())
	if err != nil || !e.OK || !strings.Contains(e.Measured, "待受2件") || asked < 3 {
		t.Errorf("asked %d times: %+v %v", asked, e, err)
	}
}
