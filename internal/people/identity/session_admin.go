package identity

import (
	"context"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

var (
	qTenantSignInsEnd  = db.Q("identity.tenant_signins_end", `update identity_signins set state = 'dead' where tenant_id = $1 and state = 'open'`)
	qTenantSessionsEnd = db.Q("identity.tenant_sessions_end", `update identity_sessions set ended_at = $2, end_reason = $3 where tenant_id = $1 and ended_at = 0 and session_id <> $4`)
)

// EndSessionsOf ends every session of an account, with a reason. An administrator's own present one stays.
func (s *Service) EndSessionsOf(ctx context.Context, a actor.Actor, id ids.Account, reason string) error {
	return s.manage(ctx, a, id, permManage, "auth.sessions_ended", reason, nil, func(tx *db.Tx, _ *vault.Key) error {
		return s.endSessions(tx, a.Tenant, id, a.Session, "ended-by-admin")
	})
}

// EndAllSessions ends every session of the actor's tenant but the present one, and what is open between the
// two steps: when it is not known how far somebody has got, everybody shows again who they are.
func (s *Service) EndAllSessions(ctx context.Context, a actor.Actor, reason string) error {
	if err := s.guard(a, permManage); err != nil {
		return err
	}
	reason, err := reasonOf(reason)
	if err != nil {
		return err
	}
	return s.db.Tx(ctx, a.Tenant, func(tx *db.Tx) error {
		if _, err := tx.Exec(qTenantSignInsEnd, a.Tenant); err != nil {
			return err
		}
		if _, err := tx.Exec(qAssertedEndAll, a.Tenant, a.Session); err != nil {
			return err
		}
		n, err := tx.Exec(qTenantSessionsEnd, a.Tenant, db.Micros(time.Now()), "ended-by-admin", a.Session)
		if err != nil {
			return err
		}
		return s.record(tx, "auth.sessions_ended", a, "ok", map[string]any{"all": true, "sessions": n, "reason": reason})
	})
}
