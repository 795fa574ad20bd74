package identity

import "testing"

// TestAPanicOfALetterEndsNothing: what is done after the answer has nobody above it who would catch one.
func TestAPanicOfALetterEndsNothing(t *testing.T) {
	s, after := &Service{}, false
	s.later(func() { panic("山田") })
	s.later(func() { after = true })
	s.notices.Wait()
	if !after {
		t.Error("nothing is done after a panic")
	}
}
