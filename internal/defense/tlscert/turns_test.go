package tlscert

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"runtime"
	"sync/atomic"
	"testing"
	"time"
)

// crowd serves with turns and tells how many handshakes are reckoned at once, at most.
func crowd(t *testing.T, reckon time.Duration) (addr string, turns Turns, most *atomic.Int64) {
	t.Helper()
	s := open(t, t.TempDir())
	c := s.TLSConfig()
	most = new(atomic.Int64)
	var now atomic.Int64
	own := c.GetCertificate
	c.GetCertificate = func(h *tls.ClientHelloInfo) (*tls.Certificate, error) {
		n := now.Add(1)
		defer now.Add(-1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		time.Sleep(reckon)
		return own(h)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	turns = NewTurns()
	server := &http.Server{
		Handler:   http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }),
		TLSConfig: turns.Config(c), ReadHeaderTimeout: 5 * time.Second,
	}
	done := make(chan error, 1)
	go func() { done <- server.ServeTLS(turns.Listen(l), "", "") }()
	t.Cleanup(func() {
		_ = server.Close()
		<-done
	})
	return l.Addr().String(), turns, most
}

func visit(addr string) error {
	tr := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true} //nolint:gosec // what is looked at is the waiting
	defer tr.CloseIdleConnections()
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "https://"+addr, nil)
	if err != nil {
		return err
	}
	res, err := tr.RoundTrip(r)
	if err != nil {
		return err
	}
	return res.Body.Close()
}

func TestACrowdAtTheDoorTakesTurns(t *testing.T) {
	addr, turns, most := crowd(t, 5*time.Millisecond)
	const n = 40
	got := make(chan error, n)
	for range n {
		go func() { got <- visit(addr) }()
	}
	for range n {
		if err := <-got; err != nil {
			t.Error(err)
		}
	}
	if m := most.Load(); m < 1 || m > int64(runtime.GOMAXPROCS(0)) {
		t.Errorf("%d handshakes at once, %d processors", m, runtime.GOMAXPROCS(0))
	}
	if len(turns.free) != 0 {
		t.Errorf("%d turns were not given back", len(turns.free))
	}
}

// Who connects and says nothing, says half, says something else than TLS, or greets and goes, holds no turn.
func TestNobodyKeepsATurn(t *testing.T) {
	addr, turns, _ := crowd(t, 0)
	dial := func() net.Conn {
		t.Helper()
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	for range 2 * runtime.GOMAXPROCS(0) {
		_ = dial()                                   // nothing
		_, _ = dial().Write([]byte{22, 3, 1, 0, 90}) // the head of a message that never comes
		_, _ = dial().Write([]byte("GET / HTTP/1.1\r\n\r\n"))
		silent := dial() // greets, and never answers the service's part
		go func() {
			_ = tls.Client(onlyWrites{silent, t.Context().Done()}, &tls.Config{InsecureSkipVerify: true}).Handshake() //nolint:gosec // never ends
		}()
		old := dial()                                                                                                                      // speaks a version that is refused
		_ = tls.Client(old, &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS12}).Handshake() //nolint:gosec // must fail
	}
	for range 5 {
		if err := visit(addr); err != nil {
			t.Fatal(err)
		}
	}
	for end := time.Now().Add(5 * time.Second); len(turns.free) > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d turns are held by nobody", len(turns.free))
		}
	}
}

// onlyWrites never reads what the other side says.
type onlyWrites struct {
	net.Conn
	end <-chan struct{}
}

func (c onlyWrites) Read([]byte) (int, error) { <-c.end; return 0, net.ErrClosed }

// A handshake that was given up while it waited takes no turn; whoever waits gets it as soon as one is free.
func TestATurnIsWaitedFor(t *testing.T) {
	turns := Turns{make(chan struct{}, 1)}
	a, b := net.Pipe()
	first, second := &turnConn{Conn: a, free: turns.free}, &turnConn{Conn: b, free: turns.free}
	first.take(nil)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	second.take(gone.Done())
	if second.has {
		t.Fatal("two have the one turn")
	}
	waited := make(chan struct{})
	go func() { second.take(nil); close(waited) }()
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	<-waited
	first.give() // twice is nothing
	if len(turns.free) != 1 {
		t.Error("a turn was given back that was another's")
	}
	_ = second.Close()
	if len(turns.free) != 0 {
		t.Error("a closed connection keeps its turn")
	}
}
