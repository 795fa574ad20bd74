package web

import (
	"testing"

	"rakudos/internal/base/fault"
)

func TestASessionHoldsOnlyAFewStreams(t *testing.T) {
	var s streams
	var last func()
	for range streamsEach {
		done, err := s.enter("a")
		if err != nil {
			t.Fatal(err)
		}
		last = done
	}
	if _, err := s.enter("a"); !fault.Is(err, fault.Busy) || fault.Of(err).RetryAfter == 0 {
		t.Errorf("one stream too many gave %v", err)
	}
	if done, err := s.enter("b"); err != nil {
		t.Errorf("another session is refused: %v", err)
	} else {
		done()
	}
	last()
	if _, err := s.enter("a"); err != nil {
		t.Errorf("a place given back is not free: %v", err)
	}
	if len(s.open) != 1 {
		t.Errorf("sessions without streams are remembered: %v", s.open)
	}
}
