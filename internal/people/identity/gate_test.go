package identity

import (
	"testing"
	"time"

	"rakudos/internal/base/fault"
)

// TestOneNetworkGetsAShare of the gate: with the rest others go on, and whoever is refused is told when to come back.
func TestOneNetworkGetsAShare(t *testing.T) {
	g := newGate(16, 0)
	var leave []func()
	for range 8 { // half of the places
		l, err := g.enter(t.Context(), "203.0.113.9")
		if err != nil {
			t.Fatal(err)
		}
		leave = append(leave, l)
	}
	_, err := g.enter(t.Context(), "203.0.113.9")
	if f := fault.Of(err); f == nil || f.Code != "identity.busy" || f.RetryAfter < time.Second {
		t.Errorf("beyond the share: %v", err)
	}
	for _, other := range []string{"203.0.113.10", "203.0.113.10", "", "", "", "", ""} { // who is signed in has no share
		l, err := g.enter(t.Context(), other)
		if err != nil {
			t.Fatalf("%q: %v", other, err)
		}
		leave = append(leave, l)
	}
	for _, l := range leave {
		l()
	}
	if g.held.Load() != 0 || len(g.from) != 0 {
		t.Errorf("%d held, %v", g.held.Load(), g.from)
	}
	if _, err := g.enter(t.Context(), "203.0.113.9"); err != nil {
		t.Errorf("after they left: %v", err)
	}
	if g := newGate(1, 0); g.share != 1 {
		t.Errorf("the share of a small gate is %d", g.share)
	}
}
