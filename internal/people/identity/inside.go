package identity

import (
	"context"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
)

// Inside is what a probe may do behind the network path, and only to accounts of a probe tenant: let time
// go by for its own rows, clear the counters that it has filled itself, and count hashes and accounts.
type Inside interface {
	AgeSession(ctx context.Context, token string, seen, created time.Duration) error
	AgeCode(ctx context.Context, token string, by time.Duration) error
	Clear(ctx context.Context, tenantCode, login string, lock bool) error
	Census(ctx context.Context) (all, weak int, err error)
	Envelopes(ctx context.Context) (all, shut int, err error)
	Uniqueness(ctx context.Context) (accounts, twice, shared int, err error)
	Forge(ctx context.Context, token string, what Forgery) (other string, undo func(context.Context) error, err error)
}

// loopbacks are where the service's own probes come from.
var loopbacks = []string{"127.0.0.1", "::1", ""}

// AgeSession moves the last activity and the beginning of a session into the past, as if that time had
// gone by: the probe of clause 3-12 does this to its own session, known by its cookie.
func (s *Service) AgeSession(ctx context.Context, token string, seen, created time.Duration) error {
	cur, err := s.Session(ctx, token, false)
	if err != nil {
		return err
	}
	if _, err := s.ownProbe(s.tenants.TenantByID(ctx, cur.Actor.Tenant)); err != nil {
		return err
	}
	k, err := s.keys.Tenant(ctx, cur.Actor.Tenant)
	if err != nil {
		return err
	}
	s.touch.forget(cur.ID)
	return s.transact(ctx, func(tx *db.Tx) error {
		if err := s.amendSession(tx, k, cur.Actor.Tenant, cur.ID, func(b *boundSession) { b.created -= created.Microseconds() }); err != nil {
			return err
		}
		_, err := tx.Exec(qSessionAge, cur.Actor.Tenant, cur.ID, seen.Microseconds())
		return err
	})
}

// AgeCode does the same with the code of an open sign-in.
func (s *Service) AgeCode(ctx context.Context, token string, by time.Duration) error {
	r, _, _, err := s.load(ctx, token)
	if err != nil {
		return err
	}
	if _, err := s.ownProbe(s.tenants.TenantByID(ctx, r.Tenant)); err != nil {
		return err
	}
	return s.transact(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(qSignInAge, r.Tenant, r.ID, by.Microseconds())
		return err
	})
}

// Clear ends the waiting after failures for a probe account seen from this host, and with lock also the
// count of failures and the lock. It is recorded.
func (s *Service) Clear(ctx context.Context, tenantCode, login string, lock bool) error {
	info, err := s.ownProbe(s.tenants.TenantByCode(ctx, tenantCode))
	if err != nil {
		return err
	}
	system, err := s.keys.Tenant(ctx, ids.System)
	if err != nil {
		return err
	}
	key, err := s.keys.Tenant(ctx, info.ID)
	if err != nil {
		return err
	}
	return s.transact(ctx, func(tx *db.Tx) error {
		for _, addr := range loopbacks {
			if _, err := tx.Exec(qThrottleForget, ids.System, throttleID(system, tenantCode, login, addr)); err != nil {
				return err
			}
		}
		if !lock {
			return nil
		}
		a, err := db.One(tx, qAccountByLogin, scanAccount, info.ID, s.loginIndex(key, login))
		if err != nil {
			return err
		}
		if _, err := tx.Exec(qUnlock, info.ID, a.ID); err != nil {
			return err
		}
		if _, err := tx.Exec(qDevicesEnd, info.ID, a.ID); err != nil {
			return err
		}
		return s.record(tx, "auth.probe_cleared", actor.System(info.ID, "probe"), "ok", map[string]any{"account": string(a.ID)})
	})
}

func (s *Service) ownProbe(info TenantInfo, err error) (TenantInfo, error) {
	if err == nil && !info.Probe {
		err = fault.New(fault.Denied, "identity.not_a_probe")
	}
	return info, err
}
