package tlscert

import (
	"crypto/tls"
	"net"
	"sync"
	"time"
)

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
