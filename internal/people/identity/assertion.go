package identity

import (
	"context"
	"errors"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

// Assertion is the first step done by the tenant's identity provider instead of a password. Whoever makes
// one has checked that it is genuine, fresh and about this account.
type Assertion struct {
	Tenant     ids.Tenant
	Account    ids.Account
	Connection string // for the log
	TwoFactors bool   // the provider has shown two factors and the tenant counts them as both steps
	Kept       []byte // what its maker wants to find again about the session, MaxKept at most; sealed, and gone with it
}

// SignInAsserted goes on after an assertion: to the mailed code (clause 3-5), or to the session when the
// tenant's policy counts the provider's two factors. An account that is disabled or locked is refused as a
// wrong password is. The session is empty when a code follows.
func (s *Service) SignInAsserted(ctx context.Context, v Visit, as Assertion) (Pending, SignedIn, error) {
	a, err := s.findAsserted(ctx, v, as)
	if err != nil {
		return Pending{}, SignedIn{}, err
	}
	hash := ""
	if a.account.MustChange != 0 && a.account.FirstUntil != 0 { // a first password that somebody else has seen is void from now on
		if hash, err = s.hash(ctx, GeneratePassword()+GeneratePassword()); err != nil {
			return Pending{}, SignedIn{}, err
		}
	}
	code, token := newCode(), randomToken()
	var row signin
	var in SignedIn
	var refused error
	err = s.transact(ctx, func(tx *db.Tx) error {
		refused, in = nil, SignedIn{}
		now := time.Now()
		// Read again inside of the transaction: it may have been disabled or locked meanwhile.
		acc, err := s.genuineAccount(tx, a.key, as.Tenant, as.Account)
		if err != nil {
			return err
		}
		a.account = &acc
		if e, err := s.sealedOf(tx, a.key, acc.Tenant, acc.ID); err != nil {
			return err
		} else if e != nil { // an emergency account opens by its envelope and by nothing else
			refused = s.wrong(a)
			return s.record(tx, "auth.sso_refused", a.actor(), "denied", map[string]any{"connection": as.Connection})
		}
		row = signin{Tenant: acc.Tenant, ID: string(ids.New[ids.Session]()), Account: acc.ID, Device: a.device, State: "open", SentAt: db.Micros(now), CreatedAt: db.Micros(now)}
		if acc.State != "active" || acc.LockedAt != 0 && a.device == "" {
			refused = s.wrong(a)
			return s.record(tx, "auth.sso_refused", a.actor(), "denied", map[string]any{"connection": as.Connection})
		}
		if err := s.record(tx, "auth.sso_ok", a.actor(), "ok", map[string]any{"connection": as.Connection, "two_factors": as.TwoFactors}); err != nil {
			return err
		}
		if err := putVouched(tx, a.key, as, row.ID, now); err != nil {
			return err
		}
		if hash != "" {
			if err := s.setPassword(tx, a.key, acc.Tenant, acc.ID, hash, now, false); err != nil {
				return err
			}
		}
		if as.TwoFactors {
			row.How = FactorSSO
			in, err = s.open(tx, a.key, row, &acc, v, now)
			return err
		}
		if refused = s.ceiling(tx, a.info, &acc, now); refused != nil {
			if fault.Of(refused).Code != "identity.code_ceiling" {
				return refused
			}
			return s.record(tx, "auth.code_ceiling", a.actor(), "denied", nil)
		}
		refused, err = s.ask(tx, a, &row, token, code, now)
		return err
	})
	if err == nil {
		err = refused
	}
	if err != nil {
		return Pending{}, SignedIn{}, err
	}
	if as.TwoFactors {
		s.tellDevice(ctx, v, a.account, in)
		in.Session, err = s.Session(ctx, in.Token, false)
		return Pending{}, in, err
	}
	if row.Factor == factorOwn {
		p, err := s.pendingOwn(ctx, a.key, s.pending(row, a.info, ""), row)
		p.Token = token
		return p, SignedIn{}, err
	}
	p, err := s.mailCode(ctx, v, a.info, a.key, a.account, row, code)
	p.Token = token
	return p, SignedIn{}, err
}

// Reassertion is what the tenant's provider says of somebody who is signed in: authenticated anew, just now. Whoever
// makes one has checked that it is genuine, fresh and about this account.
type Reassertion struct {
	Tenant     ids.Tenant
	Account    ids.Account
	Session    ids.Session // for which it was asked
	Connection string      // for the log
}

// ReopenAsserted opens the locked screen of a session, as Reopen does. The browser has to hold the very session for
// which the provider was asked, and the account has to be the one that it named.
func (s *Service) ReopenAsserted(ctx context.Context, v Visit, token string, as Reassertion) error {
	cur, err := s.Session(ctx, token, false)
	if err != nil {
		return err
	}
	who := cur.Actor
	who.Addr, who.Request = v.Addr, v.Request
	detail := map[string]any{"by": FactorSSO, "connection": as.Connection}
	if cur.ID != as.Session || who.Tenant != as.Tenant || who.Account != as.Account {
		return errors.Join(s.transact(ctx, func(tx *db.Tx) error {
			return s.record(tx, "auth.screen_refused", who, "denied", detail)
		}), fault.New(fault.Denied, "sso.refused"))
	}
	return s.transact(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec(qScreenOpen, who.Tenant, cur.ID, db.Micros(time.Now()))
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.Denied, "identity.session_ended")
		}
		return s.record(tx, "auth.screen_opened", who, "ok", detail)
	})
}

func (s *Service) findAsserted(ctx context.Context, v Visit, as Assertion) (*attempt, error) {
	info, err := s.tenants.TenantByID(ctx, as.Tenant)
	if err != nil {
		return nil, err
	}
	a := &attempt{visit: v, info: info}
	if info.Closed {
		return nil, s.wrong(a)
	}
	if a.key, err = s.keys.Tenant(ctx, as.Tenant); err != nil {
		return nil, err
	}
	err = s.db.View(ctx, db.Global, func(tx *db.Tx) error {
		acc, err := db.One(tx, qAccountByID, scanAccount, as.Tenant, as.Account)
		if err != nil {
			return err
		}
		a.account = &acc
		return s.findDevice(tx, a, time.Now())
	})
	if fault.Is(err, fault.Missing) {
		return nil, s.wrong(a)
	}
	return a, err
}

// ssoOnly is the answer to whoever has shown that the account is theirs, by a means that the tenant doesn't allow the
// role any more. It tells nobody else anything.
func ssoOnly() error { return fault.New(fault.Invalid, "identity.sso_only") }

// barred refuses a way in that is not the tenant's provider, with an event, where the tenant wants the role to come
// through that alone. It asks for the words only after a right password, code or passkey.
func (s *Service) barred(tx *db.Tx, k *vault.Key, a *account, who actor.Actor, by string) (refused, err error) {
	ok, bad, err := s.passwordAllowed(tx, k, a.Tenant, a.ID)
	tx.OnCommit(func() { s.found(tx.Context(), bad) })
	if err != nil || ok {
		return nil, err
	}
	return ssoOnly(), s.record(tx, "auth.password_not_allowed", who, "denied", map[string]any{"by": by})
}
