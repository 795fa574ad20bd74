package app

import (
	"context"
	"errors"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/cli"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/job"
	"rakudos/internal/engine/mail"
	"rakudos/internal/engine/vault"
)

// spoolKey seals spooled mail with the service's own key, bound to the name of its file.
type spoolKey struct{ vault *vault.Vault }

func mailAt(name string) vault.Loc { return vault.Loc{Table: "mail", ID: name, Column: "message"} }

// Seal implements mail.Sealer.
func (k spoolKey) Seal(ctx context.Context, name string, plain []byte) ([]byte, error) {
	key, err := k.vault.Tenant(ctx, ids.System)
	if err != nil {
		return nil, err
	}
	return key.Seal(mailAt(name), plain), nil
}

// Open implements mail.Sealer.
func (k spoolKey) Open(ctx context.Context, name string, sealed []byte) ([]byte, error) {
	key, err := k.vault.Tenant(ctx, ids.System)
	if err != nil {
		return nil, err
	}
	return key.Open(mailAt(name), sealed)
}

// expireMail removes every day what has lain in the spool, or aside for the operator, longer than it may: mail to
// an address that nobody here has any more is found by no erasure.
func (a *App) expireMail() {
	if a.Config.sandbox() {
		return
	}
	a.Jobs.Handle("mail.expire", func(ctx context.Context, _ job.Job) error { return a.expireMailNow(ctx, time.Now()) }, job.Options{})
	a.Jobs.Schedule("mail.expire", job.Daily(2, 10), job.NewestOnly())
}

func (a *App) expireMailNow(ctx context.Context, now time.Time) error {
	before := now.AddDate(0, 0, -mail.SpoolDays)
	n, err := mail.Expire(a.Config.path("mail"), before)
	if dir := a.Config.Mail.Bounces; dir != "" && err == nil {
		var aside int
		aside, err = mail.ExpireIncoming(dir, before)
		n += aside
	}
	if n == 0 {
		return err
	}
	return errors.Join(err, a.DB.Tx(context.WithoutCancel(ctx), ids.System, func(tx *db.Tx) error {
		_, err := a.Audit.Append(tx, audit.Event{Verb: "mail.expired", Actor: actor.System(ids.System, "mail"), Kind: "mail", Detail: map[string]any{"count": n}})
		return err
	}))
}

func houseMails() cli.Mails {
	box := func(a *App) mail.Sealed { return mail.Sealed{Dir: a.Config.path("mail"), Key: spoolKey{a.Vault}} }
	return cli.Mails{
		List: func(ctx context.Context, o cli.Options) ([]mail.Mail, error) {
			return onStopped(ctx, o, func(a *App) ([]mail.Mail, error) { return box(a).List(ctx) })
		},
		Show: func(ctx context.Context, o cli.Options, id string) (mail.Mail, error) {
			return onStopped(ctx, o, func(a *App) (mail.Mail, error) { return box(a).Show(ctx, id) })
		},
	}
}
