package identity

import (
	"context"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

var (
	qPasskeysDrop = db.Q("identity.passkeys_drop", `delete from identity_passkeys where tenant_id = $1 and account_id = $2`)
	qFactorCounts = db.Q("identity.factor_counts", `select account_id, count(*) from (
			select account_id from identity_totp where tenant_id = $1 union all select account_id from identity_passkeys where tenant_id = $1) f group by account_id`)
)

// ResetFactors takes every factor and recovery code of an account away, for somebody who has lost them: with
// a reason, a notice by mail and the end of all sessions. Where two factors are required, the next sign-in
// leads to the page to enrol again.
func (s *Service) ResetFactors(ctx context.Context, a actor.Actor, id ids.Account, reason string) error {
	err := s.manage(ctx, a, id, permManage, "auth.factors_reset", reason, nil, func(tx *db.Tx, k *vault.Key) error {
		for _, q := range []db.Query{qTOTPDrop, qPasskeysDrop, qRecoveryDrop} {
			if _, err := tx.Exec(q, a.Tenant, id); err != nil {
				return err
			}
		}
		if err := s.countFactors(tx, k, a.Tenant, id); err != nil {
			return err
		}
		if err := s.dropPending(tx, a.Tenant, id, a); err != nil {
			return err
		}
		return s.endSessions(tx, a.Tenant, id, "", "factors-reset")
	})
	if err == nil {
		s.tellFactors(ctx, a.Tenant, id, Visit{Addr: a.Addr, Request: a.Request}, "管理者がパスキー・認証アプリ・回復用コードの登録をすべて外しました")
	}
	return err
}

// factorCounts are the factors of each account of a tenant.
func factorCounts(tx *db.Tx, t ids.Tenant) (map[ids.Account]int, error) {
	out := map[ids.Account]int{}
	return out, db.Each(tx, qFactorCounts, func(r db.Scanner) error {
		var id ids.Account
		var n int
		err := r.Scan(&id, &n)
		out[id] = n
		return err
	}, t)
}
