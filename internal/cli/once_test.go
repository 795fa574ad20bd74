package cli

import (
	"bytes"
	"context"
	"flag"
	"strings"
	"testing"

	"rakudos/internal/people/identity"
	"rakudos/internal/words"
)

// TestNothingIsDroppedSilently: a second value of a flag and two formats are wrong usage, in every verb.
func TestNothingIsDroppedSilently(t *testing.T) {
	made := 0
	h := House{Users: Users{Create: func(context.Context, Options, string, string, identity.NewAccount) (identity.Account, error) {
		made++
		return identity.Account{}, nil
	}}}
	for args, says := range map[string]string{
		"user create --tenant m --login-id a --name b --email c@d.example --role hr --role stress-staff": "--role が2回あります",
		"access matrix --csv --json":        "--csv と --json は同時に指定できません",
		"access matrix --csv --csv":         "--csv が2回あります",
		"access matrix --json --json=false": "--json が2回あります",
		"backup restore --at 1 --at 2":      "--at が2回あります",
	} {
		var o, e bytes.Buffer
		code := Main(Process{Args: strings.Fields(args), Out: &o, Err: &e}, h)
		if code != Usage || !strings.Contains(e.String(), says) || made != 0 || o.Len() != 0 {
			t.Errorf("%s: code %d, %d made, %s%s", args, code, made, o.String(), e.String())
		}
	}
	for _, c := range commands() {
		f := flag.NewFlagSet(c.name, flag.ContinueOnError)
		f.SetOutput(&bytes.Buffer{})
		c.setup(f)
		once(f)
		f.VisitAll(func(o *flag.Flag) {
			if _, ok := o.Value.(*single); !ok {
				t.Errorf("%s --%s may be repeated", c.name, o.Name)
			}
		})
	}
}

// TestStatesAreTheScreens: an account that waits for its first password is said to, as on the screen.
func TestStatesAreTheScreens(t *testing.T) {
	for want, a := range map[string]identity.Account{
		"must_change": {LoginID: "a", MustChange: true}, "active": {LoginID: "a"}, "locked": {LoginID: "a", Locked: true, MustChange: true}, "disabled": {LoginID: "a", Disabled: true, MustChange: true}, "tampered": {LoginID: "a", Tampered: true},
	} {
		var b bytes.Buffer
		if tellUser(&b, userOf(a)); !strings.Contains(b.String(), words.AccountStates[want]) || words.AccountStates[want] == "" {
			t.Errorf("%s: %s", want, b.String())
		}
	}
}
