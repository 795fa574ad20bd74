package sso

import (
	"fmt"
	"testing"

	"golang.org/x/time/rate"
)

// TestStartsCountByNetwork: whoever has a /64 of addresses begins no more often than who has one.
func TestStartsCountByNetwork(t *testing.T) {
	s := &Service{starts: map[string]*rate.Limiter{}}
	begun := func(form string) (n int) {
		for i := range 200 {
			if s.allow(fmt.Sprintf(form, i+1)) {
				n++
			}
		}
		return n
	}
	if n := begun("2001:db8:1:1::%x"); n > 25 {
		t.Errorf("one /64 begins %d times at once", n)
	}
	if n := begun("2001:db8:1:%x::1"); n < 199 {
		t.Errorf("different networks begin %d times", n)
	}
}
