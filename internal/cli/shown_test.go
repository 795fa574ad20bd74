package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"

	"rakudos/internal/people/identity"
)

// TestTerminalsAreLeftAlone: what an earlier version let into a name reaches no terminal, and a program still reads it.
func TestTerminalsAreLeftAlone(t *testing.T) {
	const evil = "a\x1b]0;x\x07\u009b2J\u202e\r\nb\U000E0001\x7f"
	h := House{Users: Users{List: func(context.Context, Options, string) ([]identity.Account, error) {
		return []identity.Account{{LoginID: "hr", Name: evil, Email: "hr@midori.example"}}, nil
	}}}
	for _, as := range []string{"--json=false", "--json"} {
		var o, e bytes.Buffer
		if code := Main(Process{Args: []string{"user", "list", "--tenant", "midori", as}, Out: &o, Err: &e}, h); code != Done {
			t.Fatalf("%s: %d %s", as, code, e.String())
		}
		if strings.ContainsFunc(o.String(), hidden) || as != "--json" && strings.Count(o.String(), "\n") != 2 {
			t.Errorf("%s: %q", as, o.String())
		}
		var got []user
		if err := json.Unmarshal(o.Bytes(), &got); as == "--json" && (err != nil || got[0].Name != evil) {
			t.Errorf("%v: %q", err, o.String())
		}
	}
	var o, e bytes.Buffer
	Main(Process{Args: []string{"user\x1b[2J"}, Out: &o, Err: &e}, h)
	if strings.Contains(e.String(), "\x1b") {
		t.Errorf("%q", e.String())
	}
	var b bytes.Buffer
	if _, err := (plain{&b}).Write([]byte("一\t二\n")); err != nil || b.String() != "一\t二\n" {
		t.Errorf("%v %q", err, b.String())
	}
}
