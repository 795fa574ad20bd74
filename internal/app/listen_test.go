package app

import (
	"net"
	"slices"
	"testing"
)

// TestAPassingSocketIsNoStranger: sockets of probes come and go, and no look at the process's sockets finds one that is
// not known; one that nobody opened this way is found.
func TestAPassingSocketIsNoStranger(t *testing.T) {
	s := &stage{open: map[string]bool{}}
	before, _, err := s.sockets()
	if err != nil {
		t.Fatal(err)
	}
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			l, err := s.listen("127.0.0.1:0")
			if err != nil || l.Close() != nil {
				t.Errorf("%v", err)
				return
			}
			select {
			case <-stop:
				return
			default:
			}
		}
	}()
	seen := 0
	for range 300 {
		all, known, err := s.sockets()
		if err != nil || len(all)-len(known) != len(before) {
			t.Fatalf("%v are known of %v, %v", known, all, err)
		}
		seen += len(known)
	}
	close(stop)
	<-done
	stranger, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Close()
	kept, err := s.listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if got := s.serving(); len(got) != 0 {
		t.Errorf("%v serve before they said so", got)
	}
	s.serves(kept.Addr().String())
	all, known, err := s.sockets()
	if err != nil || len(all) != len(before)+2 || len(known) != 1 || !slices.Equal(s.serving(), []string{kept.Addr().String()}) {
		t.Errorf("%v of %v, %v", known, all, err)
	}
	if err := kept.Close(); err != nil || len(s.serving()) != 0 {
		t.Errorf("%v after it was closed: %v", s.serving(), err)
	}
	t.Logf("%d passing sockets were seen", seen)
}
