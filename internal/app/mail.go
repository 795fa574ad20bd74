package app

import (
	"context"

	"rakudos/internal/base/ids"
	"rakudos/internal/cli"
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
