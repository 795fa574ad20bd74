package app

import (
	"context"
	"io"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/cli"
	"rakudos/internal/engine/job"
	"rakudos/internal/engine/mail"
	"rakudos/internal/people/identity"
)

// watchReturns reads what comes back of our mails out of the folder into which the mail server puts it.
func (a *App) watchReturns() {
	if a.Config.Mail.Bounces == "" || a.Config.sandbox() {
		return
	}
	a.Jobs.Handle("mail.returns", func(ctx context.Context, _ job.Job) error { return a.readReturns(ctx) }, job.Options{})
	a.Jobs.Schedule("mail.returns", job.Every(5*time.Minute), job.NewestOnly())
}

// readReturns handles each file once. What told something is removed, for it holds somebody's address; what is no
// notification of ours is left to the operator.
func (a *App) readReturns(ctx context.Context) error {
	by := actor.System(ids.System, "mail")
	counts, unread := map[identity.Outcome]int{}, 0
	aside, err := mail.Incoming(ctx, a.Config.Mail.Bounces, func(r io.Reader) (keep bool, err error) {
		report, err := mail.ReadReport(r)
		if fault.Is(err, fault.Invalid) {
			unread++
			return true, nil
		}
		if err != nil {
			return true, err
		}
		out, err := a.Identity.MailReturned(ctx, by, report)
		if err == nil {
			counts[out]++
		}
		return out == identity.Unknown, err
	})
	if unread += aside; unread+len(counts) > 0 {
		if e := a.Identity.RecordReturns(context.WithoutCancel(ctx), by, counts, unread); err == nil {
			err = e
		}
	}
	return err
}

// houseReturned acts on one notification in a file.
func houseReturned(ctx context.Context, o cli.Options, r io.Reader) (identity.Outcome, error) {
	report, err := mail.ReadReport(r)
	if err != nil {
		return "", err
	}
	return onStopped(ctx, o, func(a *App) (identity.Outcome, error) {
		by := actor.HostOperator(ids.System, "mail")
		out, err := a.Identity.MailReturned(ctx, by, report)
		if err != nil {
			return "", err
		}
		return out, a.Identity.RecordReturns(ctx, by, map[identity.Outcome]int{out: 1}, 0)
	})
}
