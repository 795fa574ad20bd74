package tlscert

import (
	"crypto/tls"
	"net"
	"runtime"
	"sync"
)

// Turns lets at most so many handshakes be reckoned at once, so that a crowd at the door does not hold up those who
// are inside: a request of an open connection then waits behind a few handshakes and not behind all of them.
//
// A turn lasts from the client's first words, when everything that reckoning needs is there, until the service writes,
// reads or hangs up: a client that says nothing or answers slowly holds none.
type Turns struct{ free chan struct{} }

// NewTurns are as many turns as processors.
func NewTurns() Turns { return Turns{make(chan struct{}, runtime.GOMAXPROCS(0))} }

// Take waits for a turn, as a handshake does.
func (t Turns) Take() (give func()) {
	t.free <- struct{}{}
	return func() { <-t.free }
}

// Most is how many handshakes have a turn at once.
func (t Turns) Most() int { return cap(t.free) }

// Listen wraps a listener; the handshakes of its connections must be made with a configuration of Config.
func (t Turns) Listen(l net.Listener) net.Listener { return turnListener{l, t} }

// Config is a configuration whose handshakes wait for their turn.
func (t Turns) Config(c *tls.Config) *tls.Config {
	c = c.Clone()
	c.GetConfigForClient = func(h *tls.ClientHelloInfo) (*tls.Config, error) {
		if conn, ok := h.Conn.(*turnConn); ok {
			conn.take(h.Context().Done())
		}
		return nil, nil //nolint:nilnil // the documented way to say: the same configuration
	}
	return c
}

type turnListener struct {
	net.Listener
	turns Turns
}

func (l turnListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &turnConn{Conn: c, free: l.turns.free}, nil
}

// turnConn gives its turn back at whatever comes after the reckoning.
type turnConn struct {
	net.Conn
	free chan struct{}
	mu   sync.Mutex
	has  bool
}

func (c *turnConn) take(done <-chan struct{}) {
	select {
	case c.free <- struct{}{}:
		c.mu.Lock()
		c.has = true
		c.mu.Unlock()
	case <-done:
	}
}

func (c *turnConn) give() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.has {
		c.has = false
		<-c.free
	}
}

func (c *turnConn) Read(b []byte) (int, error)  { c.give(); return c.Conn.Read(b) }
func (c *turnConn) Write(b []byte) (int, error) { c.give(); return c.Conn.Write(b) }
func (c *turnConn) Close() error                { c.give(); return c.Conn.Close() }
