// Package fault names what went wrong in a way that a program can decide on and that web and cli turn
// into words. It must never carry a secret or a health value.
package fault

import (
	"errors"
	"fmt"
	"time"
)

// Kind decides the HTTP status and the exit code.
type Kind string

const (
	Invalid  Kind = "invalid"  // the input is wrong; 422
	Denied   Kind = "denied"   // not permitted; 403
	Missing  Kind = "missing"  // no such thing for this actor; 404
	Conflict Kind = "conflict" // the state has moved on; 409
	Locked   Kind = "locked"   // the account may not sign in
	Busy     Kind = "busy"     // try again after RetryAfter; 429 or 503
	TooLarge Kind = "toolarge" // the input is beyond its bound; 413
	Internal Kind = "internal" // our defect; 500
)

// Fault is an error with a kind, a code and arguments. The code is the key of the message catalogue
// ("import.header_missing") and is also shown to operators.
type Fault struct {
	Kind       Kind
	Code       string
	Args       map[string]string
	RetryAfter time.Duration
	Err        error
}

// New makes a fault; args are pairs of name and value for the message.
func New(k Kind, code string, args ...string) *Fault {
	f := &Fault{Kind: k, Code: code}
	for i := 0; i+1 < len(args); i += 2 {
		if f.Args == nil {
			f.Args = map[string]string{}
		}
		f.Args[args[i]] = args[i+1]
	}
	return f
}

// Because attaches the underlying error, for logs only.
func (f *Fault) Because(err error) *Fault { f.Err = err; return f }

// After sets how long to wait before trying again.
func (f *Fault) After(d time.Duration) *Fault { f.RetryAfter = d; return f }

func (f *Fault) Error() string {
	if f.Err != nil {
		return fmt.Sprintf("%s: %s: %v", f.Kind, f.Code, f.Err)
	}
	return fmt.Sprintf("%s: %s", f.Kind, f.Code)
}

func (f *Fault) Unwrap() error { return f.Err }

// Of finds the fault in err; any other error becomes an internal one. Nil stays nil.
func Of(err error) *Fault {
	if err == nil {
		return nil
	}
	var f *Fault
	if errors.As(err, &f) {
		return f
	}
	return &Fault{Kind: Internal, Code: "internal", Err: err}
}

// Is tells whether err is a fault of kind k.
func Is(err error, k Kind) bool { f := Of(err); return f != nil && f.Kind == k }
