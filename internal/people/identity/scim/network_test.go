package scim

import (
	"fmt"
	"testing"

	"golang.org/x/time/rate"

	"rakudos/internal/base/fault"
)

// TestGuessesCountByNetwork: whoever has a /64 of addresses guesses no more tokens than who has one.
func TestGuessesCountByNetwork(t *testing.T) {
	s := &Service{limits: map[string]*rate.Limiter{}}
	guessed := func(form string) (n int) {
		for i := range 200 {
			if err := s.stranger(fmt.Sprintf(form, i+1), fault.New(fault.Denied, "scim.token")); !fault.Is(err, fault.Busy) {
				n++
			}
		}
		return n
	}
	if n := guessed("2001:db8:1:1::%x"); n > 25 {
		t.Errorf("one /64 guesses %d times at once", n)
	}
	if n := guessed("2001:db8:1:%x::1"); n < 199 {
		t.Errorf("different networks guess %d times", n)
	}
}
