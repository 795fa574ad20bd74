package statement

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"syscall"
	"time"

	"rakudos/internal/base/control"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/probe"
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

// causes are the failures of a probe that may be told as they are: they say nothing of addresses or names.
var causes = []struct {
	err  error
	text string
}{
	{context.DeadlineExceeded, "検査が時間内に終わりませんでした。"},
	{context.Canceled, "検査の途中でサービスが止まりました。次の検査で確かめます。"},
	{probe.ErrNoAccount, "検査用のアカウントがないため、検査できませんでした。"},
	{probe.ErrRefused, "検査用のアカウントでサインインできなかったため、検査できませんでした。"},
	{probe.ErrNoCode, "検査用の認証コードのメールが届かないため、検査できませんでした。"},
	{syscall.ECONNREFUSED, "検査の相手に接続を断られたため、検査できませんでした。"},
}

// reason keeps internals out of the public page: only what an error declares as a reason is shown.
func reason(err error) string {
	var r Reasoned
	if errors.As(err, &r) {
		return r.Reason()
	}
	for _, c := range causes {
		if errors.Is(err, c.err) {
			return c.text
		}
	}
	var slow interface{ Timeout() bool }
	if errors.As(err, &slow) && slow.Timeout() {
		return causes[0].text
	}
	return "検査を実行できませんでした。"
}

// cannot is a Reasoned error of this package.
type cannot string

func (c cannot) Error() string  { return "statement: " + string(c) }
func (c cannot) Reason() string { return string(c) }
