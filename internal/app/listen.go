package app

import (
	"net"
	"net/netip"
	"slices"

	"rakudos/internal/defense/tlscert"
)

// passing is a socket of a probe: known from the moment it listens until it is closed, so that no look at the sockets of
// this process takes it for a stranger.
type passing struct {
	net.Listener
	s *stage
}

// listen opens a passing socket. Whoever looks at the sockets waits meanwhile.
func (s *stage) listen(addr string) (net.Listener, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	s.open[l.Addr().String()] = false
	return passing{l, s}, nil
}

func (p passing) Close() error {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	delete(p.s.open, p.Addr().String())
	return p.Listener.Close()
}

// serves tells that a passing socket answers as the service does: it may be looked at.
func (s *stage) serves(addr string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.open[addr]; ok {
		s.open[addr] = true
	}
}

// sockets are those on which this process listens, as the operating system knows them; known are the passing ones.
func (s *stage) sockets() (all, known []netip.AddrPort, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if all, err = tlscert.Listening(); err != nil {
		return nil, nil, err
	}
	for _, at := range all {
		if _, ok := s.open[at.String()]; ok {
			known = append(known, at)
		}
	}
	return all, slices.Clip(known), nil
}

// serving are the passing sockets that answer.
func (s *stage) serving() (out []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for addr, answers := range s.open {
		if answers {
			out = append(out, addr)
		}
	}
	slices.Sort(out)
	return out
}

func (c *Config) listen() (net.Listener, error) {
	if c.socket != nil {
		return c.socket(c.Listen)
	}
	return net.Listen("tcp", c.Listen)
}
