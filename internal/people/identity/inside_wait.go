package identity

import (
	"context"

	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
)

// Waiting is what the probe of the lock may do besides, to its own probe account: let the waiting after a failure go
// by, with its count kept, and name the account to those who may unlock it.
type Waiting interface {
	EndWait(ctx context.Context, tenantCode, login string) error
	AccountOf(ctx context.Context, tenantCode, login string) (ids.Account, error)
}

var qThrottleOver = db.Q("identity.throttle_over", `update identity_throttle set next_at = 0 where tenant_id = $1 and id = $2`)

// EndWait makes the next attempt at a probe account from this host possible at once, as if the wait was over.
func (s *Service) EndWait(ctx context.Context, tenantCode, login string) error {
	if _, err := s.ownProbe(s.tenants.TenantByCode(ctx, tenantCode)); err != nil {
		return err
	}
	system, err := s.keys.Tenant(ctx, ids.System)
	if err != nil {
		return err
	}
	return s.transact(ctx, func(tx *db.Tx) error {
		for _, addr := range loopbacks {
			if _, err := tx.Exec(qThrottleOver, ids.System, throttleID(system, tenantCode, login, addr)); err != nil {
				return err
			}
		}
		return nil
	})
}

// AccountOf finds a probe account by its login ID.
func (s *Service) AccountOf(ctx context.Context, tenantCode, login string) (ids.Account, error) {
	info, err := s.ownProbe(s.tenants.TenantByCode(ctx, tenantCode))
	if err != nil {
		return "", err
	}
	key, err := s.keys.Tenant(ctx, info.ID)
	if err != nil {
		return "", err
	}
	var a account
	err = s.db.View(ctx, info.ID, func(tx *db.Tx) (err error) {
		a, err = db.One(tx, qAccountByLogin, scanAccount, info.ID, s.loginIndex(key, login))
		return err
	})
	return a.ID, err
}

// charge counts an attempt that was refused for coming too soon: what the service must not do, and its sandbox does.
func (s *Service) charge(ctx context.Context, a *attempt, login string) {
	if a == nil {
		return
	}
	_ = s.transact(ctx, func(tx *db.Tx) error {
		acc, err := db.One(tx, qAccountByLogin, scanAccount, a.info.ID, s.loginIndex(a.key, login))
		if err == nil {
			_, err = db.Value[int](tx, qCount, acc.Tenant, acc.ID, s.policy.LockAt)
		}
		return err
	})
}
