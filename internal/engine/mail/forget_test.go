package mail

import (
	"context"
	"os"
	"path/filepath"
	"testing"
)

// TestForgetTakesTheirMessagesAlone: whatever the case of the address; strangers' messages and files that are no
// messages stay.
func TestForgetTakesTheirMessagesAlone(t *testing.T) {
	s, dir := newSpool(t)
	for _, to := range []string{"hanako@example.jp", "taro@example.jp", "hanako@example.jp"} {
		if err := s.Send(t.Context(), Message{To: to, Subject: "件名", Text: "本文"}); err != nil {
			t.Fatal(err)
		}
	}
	junk := filepath.Join(dir, "note.eml")
	if err := os.WriteFile(junk, []byte("hanako@example.jp"), 0o600); err != nil {
		t.Fatal(err)
	}
	if n, err := Forget(t.Context(), dir, nil); n != 0 || err != nil {
		t.Errorf("nobody: %d %v", n, err)
	}
	n, err := Forget(t.Context(), dir, []string{"Hanako@Example.JP", "nobody@example.jp"})
	if n != 2 || err != nil {
		t.Errorf("%d %v", n, err)
	}
	left, err := List(dir)
	if err != nil || len(left) != 1 || left[0].To != "taro@example.jp" {
		t.Errorf("%+v %v", left, err)
	}
	if _, err := os.Stat(junk); err != nil {
		t.Error("a file that is no message is gone")
	}
	if n, err := Forget(t.Context(), filepath.Join(dir, "none"), []string{"a@example.jp"}); n != 0 || err != nil {
		t.Errorf("no folder: %d %v", n, err)
	}
	ended, stop := context.WithCancel(t.Context())
	stop()
	if _, err := Forget(ended, dir, []string{"taro@example.jp"}); err == nil {
		t.Error("an ended context is not noticed")
	}
}
