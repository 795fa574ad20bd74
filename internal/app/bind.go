package app

import (
	"context"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/vault"
)

// bindRows gives the rows of an older version their MACs, once: that it was done stands in the key store,
// so that whoever can write into the records can't have forged rows taken for old ones. Cut off in between
// it runs again and finishes.
func (a *App) bindRows(ctx context.Context) error {
	return a.bindOnce(ctx, vault.MarkRows, func() (map[string]any, error) {
		if err := a.Tenants.Adopt(ctx); err != nil {
			return nil, err
		}
		n, err := a.Identity.Adopt(ctx)
		return map[string]any{"accounts": n}, err
	})
}

// bindResults does the same with results, judgements and opinions.
func (a *App) bindResults(ctx context.Context) error {
	return a.bindOnce(ctx, vault.MarkResults, func() (map[string]any, error) {
		all, err := a.Tenants.List(ctx)
		rows := 0
		for _, t := range all {
			n, e := a.Checkup.Adopt(ctx, t.ID)
			if rows += n; e != nil && !fault.Is(e, fault.Missing) { // missing: the tenant's key is destroyed
				return nil, e
			}
		}
		return map[string]any{"results": rows}, err
	})
}

// bindSwitches does the same with what decides about passwords of a tenant that has a provider, and with the lines of
// reviews.
func (a *App) bindSwitches(ctx context.Context) error {
	return a.bindOnce(ctx, vault.MarkSwitches, func() (map[string]any, error) {
		connections, err := a.SSO.Adopt(ctx)
		if err != nil {
			return nil, err
		}
		lines, err := a.Review.Adopt(ctx)
		return map[string]any{"connections": connections, "review_lines": lines}, err
	})
}

func (a *App) bindOnce(ctx context.Context, m vault.Mark, bind func() (map[string]any, error)) error {
	done, err := a.Vault.Marked(ctx, m)
	if err != nil || done {
		return err
	}
	detail, err := bind()
	if err != nil {
		return err
	}
	e := audit.Event{Verb: "rows.bound", Actor: actor.System(ids.System, "start"), Result: "ok", Detail: detail}
	if _, err := a.Audit.Record(ctx, e); err != nil {
		return err
	}
	return a.Vault.SetMark(ctx, m)
}
