package actor

import (
	"context"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
)

// Beside is a rule for two people at work: who decides, beside whom, on what was asked when. One of them may have made
// the other's account, and then they are one.
type Beside struct {
	Rule  string // of access.Seconds
	By    Actor
	Other ids.Account
	Since time.Time // when it was asked for; zero: the age of a role says nothing here
}

// Second refuses a second person who is not independent of the first. Package identity fills it.
type Second func(ctx context.Context, b Beside) error

// Check asks it; where nobody has said who decides that, everybody is refused.
func (s Second) Check(ctx context.Context, b Beside) error {
	if s == nil {
		return fault.New(fault.Internal, "identity.second_missing")
	}
	return s(ctx, b)
}
