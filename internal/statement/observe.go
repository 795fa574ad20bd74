package statement

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"rakudos/internal/base/control"
	"rakudos/internal/base/ids"
)

// observe runs a control's probe and then its mutant, each within the time allowed.
func observe(ctx context.Context, c control.Control, build string, limit time.Duration) (Observation, error) {
	start := time.Now()
	o := Observation{ID: string(ids.New[ids.Result]()), Control: c.ID, Build: build, Mutant: None}
	e, err := look(ctx, c.Probe, limit)
	o.ObservedAt = time.Now()
	o.Measured, o.Facts, o.Failed = e.Measured, e.Facts, e.Failed
	switch {
	case err != nil:
		o.Result, o.Reason = Failed, reason(err)
		err = fmt.Errorf("statement: probe %s: %w", c.ID, err)
	case e.OK:
		o.Result = Held
	default:
		o.Result = Broken
	}
	if c.Mutant != nil {
		m, merr := look(ctx, c.Mutant, limit)
		o.MutantAt = time.Now()
		switch {
		case merr != nil:
			o.Mutant = Errors
			err = errors.Join(err, fmt.Errorf("statement: mutant of %s: %w", c.ID, merr))
		case m.OK:
			o.Mutant = Missed
		default:
			o.Mutant = Caught
		}
	}
	o.Took = time.Since(start)
	return o, err
}

// look runs a probe and comes back in time even when the probe does not: a panic and a missed deadline
// are errors, and so UNKNOWN.
func look(ctx context.Context, p control.Probe, limit time.Duration) (control.Evidence, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	type answer struct {
		e   control.Evidence
		err error
	}
	done := make(chan answer, 1)
	go func() {
		var a answer
		defer func() {
			if r := recover(); r != nil {
				a.e, a.err = control.Evidence{}, fmt.Errorf("panic: %v\n%s", r, debug.Stack())
			}
			done <- a
		}()
		a.e, a.err = p(ctx)
	}()
	select {
	case a := <-done:
		return a.e, a.err
	case <-ctx.Done():
		return control.Evidence{}, fmt.Errorf("not done after %s: %w", limit, ctx.Err())
	}
}

// Reasoned is an error that can tell the reader of the statement why a probe could not look.
type Reasoned interface {
	error
	Reason() string // Japanese, one sentence
}

// reason keeps internals out of the public page: only what an error declares as a reason is shown.
func reason(err error) string {
	var r Reasoned
	if errors.As(err, &r) {
		return r.Reason()
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "検査が時間内に終わりませんでした。"
	}
	return "検査を実行できませんでした。"
}

// cannot is a Reasoned error of this package.
type cannot string

func (c cannot) Error() string  { return "statement: " + string(c) }
func (c cannot) Reason() string { return string(c) }
