package app

import (
	"crypto/tls"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestHandshakesTakeTurns: the service's own listener waits for a turn before it reckons a handshake, so that a crowd
// at the door does not hold up those who are inside.
func TestHandshakesTakeTurns(t *testing.T) {
	r := started(t, filepath.Join(t.TempDir(), "data"))
	greet := func(patience time.Duration) error {
		c, err := tls.DialWithDialer(&net.Dialer{Timeout: patience}, "tcp", strings.TrimPrefix(r.URL, "https://"), &tls.Config{RootCAs: r.TLS.Roots(), ServerName: "localhost", MinVersion: tls.VersionTLS13})
		if err == nil {
			err = c.Close()
		}
		return err
	}
	if err := greet(20 * time.Second); err != nil {
		t.Fatal(err)
	}
	var back []func()
	for range r.turns.Most() {
		back = append(back, r.turns.Take())
	}
	if greet(500*time.Millisecond) == nil {
		t.Error("a handshake went on while every turn was taken")
	}
	for _, give := range back {
		give()
	}
	if err := greet(20 * time.Second); err != nil {
		t.Error(err)
	}
}
