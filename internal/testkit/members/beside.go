package members

import (
	"context"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/people/access"
)

// Puppet is the account that Beside counts as nobody's second person.
const Puppet = "puppet"

// Beside stands for identity's answer in the tests of those who ask it: everybody is independent but Puppet. It refuses
// a question that names no rule of the program or does not say when something was asked for.
func Beside(_ context.Context, b actor.Beside) error {
	_, _, oneWay, ok := access.Deciders(b.Rule)
	switch {
	case !ok:
		return fault.New(fault.Internal, "identity.second_rule", "rule", b.Rule)
	case b.By.Account == "" || b.Other == "" || b.Since.IsZero() && !oneWay:
		return fault.New(fault.Internal, "identity.second_missing")
	case b.By.Account == Puppet || b.Other == Puppet:
		return fault.New(fault.Denied, "identity.second_behind")
	}
	return nil
}
