package identity

import (
	"context"
	"strings"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

// ChangePassword replaces the own password. The old one is counted and throttled like a sign-in, so that
// a stolen session can't guess it. Every other session ends and this one gets a new token.
func (s *Service) ChangePassword(ctx context.Context, v Visit, token, old, next string) (SignedIn, error) {
	cur, err := s.Session(ctx, token, true)
	if err != nil {
		return SignedIn{}, err
	}
	a, err := s.findOwn(ctx, v, cur)
	if err != nil {
		return SignedIn{}, err
	}
	if err := s.acceptable(a, cur.LoginID, next); err != nil {
		return SignedIn{}, err
	}
	right, _, err := s.look(ctx, a, old)
	if err != nil {
		return SignedIn{}, err
	}
	if !right {
		if err := s.failed(ctx, a); !fault.Is(err, fault.Invalid) {
			return SignedIn{}, err
		}
		if a.number >= s.policy.LockAt {
			if err := s.transact(ctx, func(tx *db.Tx) error {
				return s.endSessions(tx, cur.Actor.Tenant, cur.Actor.Account, "", "locked")
			}); err != nil {
				return SignedIn{}, err
			}
		}
		return SignedIn{}, fault.New(fault.Invalid, "identity.password_old")
	}
	if old == next {
		err = fault.New(fault.Invalid, "identity.password_same")
	}
	var hash string
	if err == nil {
		if hash, err = s.hash(ctx, next); err != nil {
			return SignedIn{}, err
		}
	}
	refused := err
	out := SignedIn{Token: randomToken()}
	who := cur.Actor
	who.Addr, who.Request = v.Addr, v.Request
	err = s.transact(ctx, func(tx *db.Tx) error {
		now := time.Now()
		ok, err := s.giveBack(tx, a)
		if err != nil || refused != nil {
			return err
		}
		if !ok { // locked meanwhile
			refused = fault.New(fault.Invalid, "identity.password_old")
			return nil
		}
		return s.swap(tx, a.key, who, hash, out.Token, now)
	})
	if err == nil {
		err = refused
	}
	if err != nil {
		return SignedIn{}, err
	}
	s.tellChanged(a)
	out.Session, err = s.Session(ctx, out.Token, false)
	return out, err
}

// swap puts a new password in force: every other session ends and this one gets a new token.
func (s *Service) swap(tx *db.Tx, k *vault.Key, who actor.Actor, hash, token string, now time.Time) error {
	if err := s.setPassword(tx, k, who.Tenant, who.Account, hash, now, false); err != nil {
		return err
	}
	if err := s.endSessions(tx, who.Tenant, who.Account, who.Session, "password-changed"); err != nil {
		return err
	}
	if err := s.dropPending(tx, who.Tenant, who.Account, who); err != nil {
		return err
	}
	if err := s.amendSession(tx, k, who.Tenant, who.Session, func(b *boundSession) { b.token = tokenHash(token) }); err != nil {
		return err
	}
	if _, err := tx.Exec(qSessionTouch, who.Tenant, who.Session, db.Micros(now)); err != nil {
		return err
	}
	return s.record(tx, "auth.password_changed", who, "ok", nil)
}

// findOwn is find for somebody who is signed in.
func (s *Service) findOwn(ctx context.Context, v Visit, cur Session) (*attempt, error) {
	info, err := s.tenants.TenantByID(ctx, cur.Actor.Tenant)
	if err != nil {
		return nil, err
	}
	return s.find(ctx, v, info.Code, cur.LoginID, "")
}

// acceptable refuses a password that breaks a rule; the rules are named in the fault's arguments.
func (s *Service) acceptable(a *attempt, login, password string) error {
	c := PasswordContext{LoginID: login, TenantCode: a.info.Code, TenantName: a.info.Name}
	if b := broken(CheckPassword(s.policy, c, password)); len(b) > 0 {
		var says []string
		for _, r := range b {
			says = append(says, s.policy.RuleSentence(r))
		}
		return fault.New(fault.Invalid, "identity.password_rules", "rules", strings.Join(b, ","), "says", strings.Join(says, ""))
	}
	return nil
}

// hash waits for a slot like every other use of argon2id.
func (s *Service) hash(ctx context.Context, password string) (string, error) {
	leave, err := s.gate.enter(ctx, "")
	if err != nil {
		return "", err
	}
	defer leave()
	return hashPassword(s.policy.Hash, password), nil
}

// setPassword puts a new password in force; a first one has to be changed and is void after a while.
func (s *Service) setPassword(tx *db.Tx, k *vault.Key, t ids.Tenant, id ids.Account, hash string, now time.Time, first bool) error {
	return s.amend(tx, k, t, id, func(a *account) {
		a.Hash, a.Rules, a.SetAt, a.MustChange, a.FirstUntil = hash, s.policy.Rules, db.Micros(now), 0, 0
		if first {
			a.MustChange, a.FirstUntil = 1, db.Micros(now.Add(s.policy.FirstPasswordFor))
		}
	})
}

// ResetPassword gives an account a new first password, which is returned once and must be changed at the
// first sign-in. It does not clear the count of failures: only Unlock and a complete sign-in do.
func (s *Service) ResetPassword(ctx context.Context, a actor.Actor, id ids.Account, reason string) (string, error) {
	if err := s.guard(a, permManage); err != nil {
		return "", err
	}
	reason, err := reasonOf(reason)
	if err != nil {
		return "", err
	}
	if _, err := s.Account(ctx, a, id); err != nil {
		return "", err
	}
	first := GeneratePassword()
	hash, err := s.hash(ctx, first)
	if err != nil {
		return "", err
	}
	key, err := s.keys.Tenant(ctx, a.Tenant)
	if err != nil {
		return "", err
	}
	err = s.db.Tx(ctx, a.Tenant, func(tx *db.Tx) error {
		if err := s.notSealed(tx, key, a.Tenant, id); err != nil {
			return err
		}
		if err := s.setPassword(tx, key, a.Tenant, id, hash, time.Now(), true); err != nil {
			return err
		}
		if _, err := tx.Exec(qResetDone, a.Tenant, id); err != nil {
			return err
		}
		if err := s.dropPending(tx, a.Tenant, id, a); err != nil {
			return err
		}
		if err := s.endSessions(tx, a.Tenant, id, "", "password-reset"); err != nil {
			return err
		}
		return s.record(tx, "auth.password_reset", a, "ok", map[string]any{"account": string(id), "reason": reason})
	})
	if err != nil {
		return "", err
	}
	s.tellReset(ctx, a, id)
	return first, nil
}
