package app

import (
	"context"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/vault"
)

// bindRows gives the rows of an older version their MACs, once: that it was done stands in the key store,
// so that whoever can write into the records can't have forged rows taken for old ones. Cut off in between
// it runs again and finishes.
func (a *App) bindRows(ctx context.Context) error {
	done, err := a.Vault.Marked(ctx, vault.MarkRows)
	if err != nil || done {
		return err
	}
	if err := a.Tenants.Adopt(ctx); err != nil {
		return err
	}
	n, err := a.Identity.Adopt(ctx)
	if err != nil {
		return err
	}
	e := audit.Event{Verb: "rows.bound", Actor: actor.System(ids.System, "start"), Result: "ok", Detail: map[string]any{"accounts": n}}
	if _, err := a.Audit.Record(ctx, e); err != nil {
		return err
	}
	return a.Vault.SetMark(ctx, vault.MarkRows)
}
