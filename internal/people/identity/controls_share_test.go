package identity

import (
	"strings"
	"testing"
)

// The public page tells no attacker how many privileged accounts stand with a password alone.
func TestTheShareOfFactorsHasNoNumber(t *testing.T) {
	for _, c := range []struct {
		all, with int
		says      string
	}{{0, 0, "まだいません"}, {9, 0, "半数に届きません"}, {9, 4, "半数に届きません"}, {8, 4, "半数以上"}, {9, 8, "半数以上"}, {9, 9, "全員"}} {
		got := factorShare(c.all, c.with)
		if !strings.Contains(got, c.says) || strings.ContainsAny(got, "0123456789") {
			t.Errorf("%d of %d: %s", c.with, c.all, got)
		}
	}
}
