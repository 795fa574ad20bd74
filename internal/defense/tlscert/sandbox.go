package tlscert

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"

	"rakudos/internal/base/control"
)

// Listen opens a socket on an address of this machine, "127.0.0.1:0".
type Listen func(addr string) (net.Listener, error)

// sandbox opens a listener of its own on the loopback with the lowest version given and looks at it alone. The service's
// listeners and this one are declared, so only the version can be found wrong.
func sandbox(ctx context.Context, listen Listen, declared []netip.AddrPort, lowest uint16) (control.Evidence, error) {
	dir, err := os.MkdirTemp("", "rakudos-tls-")
	if err != nil {
		return control.Evidence{}, fmt.Errorf("tlscert: sandbox: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	s, err := Local(dir, nil)
	if err != nil {
		return control.Evidence{}, err
	}
	c := s.TLSConfig()
	c.MinVersion = lowest
	plain, err := listen("127.0.0.1:0")
	if err != nil {
		return control.Evidence{}, fmt.Errorf("tlscert: sandbox: %w", err)
	}
	l := tls.NewListener(plain, c)
	done := make(chan struct{})
	go func() { defer close(done); greet(l) }()
	defer func() { _ = l.Close(); <-done }()
	own, err := addresses([]string{l.Addr().String()})
	if err != nil {
		return control.Evidence{}, err
	}
	return look(ctx, own, append(own, declared...), s.Roots())
}

// greet accepts connections, shakes hands and closes, until the listener is closed.
func greet(l net.Listener) {
	var open sync.WaitGroup
	defer open.Wait()
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		open.Go(func() {
			defer func() { _ = c.Close() }()
			_ = c.SetDeadline(time.Now().Add(handshakeTimeout))
			if t, ok := c.(*tls.Conn); ok && t.Handshake() == nil {
				_, _ = t.Read(make([]byte, 1)) // until the client has closed
			}
		})
	}
}
