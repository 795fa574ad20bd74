package identity

import (
	"context"
	"slices"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

// endedUntied is why a session has ended whose holder has to come in through the provider.
const endedUntied = "sso-only"

var (
	qSessionsOpen = db.Q("identity.sessions_open", `select session_id, account_id, token_hash, device_id, created_at, mac, factor, proven_at from identity_sessions where tenant_id = $1 and ended_at = 0 order by account_id, session_id`)
	qFederators   = db.GlobalQ("identity.federators", `select distinct tenant_id from sso_connections order by tenant_id`)
)

// EndUntied ends the sessions that came in by a means that their holders' roles may not use any more: whoever ties a
// role to the provider does it for everybody, and not only for those who have yet to sign in. What came through the
// provider stays, and so do those that no rule shuts out: the tenant administrator of longest standing and the emergency
// accounts. It runs in the transaction that has made the rule.
func (s *Service) EndUntied(tx *db.Tx, k *vault.Key, a actor.Actor) error {
	t := a.Tenant
	only, bad, err := s.tied(tx, k, t)
	if err != nil || len(only) == 0 || bad.table != "" { // what can't be read lets nobody in, but chose nothing
		return err
	}
	open, err := db.All(tx, qSessionsOpen, scanBound, t)
	if err != nil || len(open) == 0 {
		return err
	}
	accounts, err := db.All(tx, qAccounts, scanAccount, t)
	if err != nil {
		return err
	}
	held, _, err := s.grantsOf(tx, k, t, accounts)
	if err != nil {
		return err
	}
	keeper, err := s.keeper(tx, k, t)
	if err != nil {
		return err
	}
	ended, order := map[ids.Account]int{}, []ids.Account{}
	for _, b := range open {
		tiedRole := slices.ContainsFunc(held[b.account], func(g Grant) bool { return slices.Contains(only, g.Role) })
		if !tiedRole || b.account == keeper {
			continue
		}
		stays, err := s.throughProvider(tx, k, t, b)
		if err != nil {
			return err
		}
		if !stays {
			stays, err = s.isSealed(tx, t, b.account)
		}
		if err != nil || stays {
			if err != nil {
				return err
			}
			continue
		}
		n, err := tx.Exec(qSessionEnd, t, b.id, db.Micros(time.Now()), endedUntied)
		if err != nil {
			return err
		}
		if ended[b.account] == 0 {
			order = append(order, b.account)
		}
		ended[b.account] += int(n)
	}
	for _, id := range order {
		if err := s.record(tx, "auth.sessions_ended", a, "ok", map[string]any{"account": string(id), "sessions": ended[id], "why": endedUntied}); err != nil {
			return err
		}
	}
	return nil
}

// throughProvider tells whether a session came through a provider: so says its own MAC, or what was sealed for it.
func (s *Service) throughProvider(tx *db.Tx, k *vault.Key, t ids.Tenant, b boundSession) (bool, error) {
	if b.factor == FactorSSO {
		return same(b.mac, b.sum(k)), nil
	}
	_, ok, err := vouchedOf(tx, k, t, b.account, string(b.id))
	return ok, err
}

// sweepUntied looks at every tenant with a provider again: a sign-in that ran beside the making of the rule, and an
// administrator who no longer is the one of longest standing.
func (s *Service) sweepUntied(ctx context.Context) error {
	var tenants []ids.Tenant
	if err := s.db.View(ctx, db.Global, func(tx *db.Tx) (err error) {
		tenants, err = db.Column[ids.Tenant](tx, qFederators)
		return err
	}); err != nil {
		return err
	}
	for _, t := range tenants {
		k, err := s.keys.Tenant(ctx, t)
		if fault.Is(err, fault.Missing) {
			continue // destroyed
		}
		if err == nil {
			err = s.db.Tx(ctx, t, func(tx *db.Tx) error { return s.EndUntied(tx, k, actor.System(t, "sign-in")) })
		}
		if err != nil {
			return err
		}
	}
	return nil
}
