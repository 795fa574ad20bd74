package identity

import (
	"context"
	"fmt"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

// Factors are somebody's own, as the page of them shows.
type Factors struct {
	Owned
	TOTPAt, TOTPUsed time.Time
	Passkeys         []Passkey
	Required         bool // by the tenant, for a role of this account
}

// FewCodes tells that there are factors but hardly a recovery code left.
func (f Factors) FewCodes() bool { return f.Factors() > 0 && f.Codes < RecoveryLow }

// Last tells that the tenant requires a factor and this is the only one.
func (f Factors) Last() bool { return f.Required && f.Factors() == 1 }

// TOTPOffer is a secret that waits for its first code.
type TOTPOffer struct {
	Secret string // in groups of four, to be typed
	URI    string // for a QR code
}

// Factors lists the factors of who is signed in.
func (s *Service) Factors(ctx context.Context, token string) (Factors, error) {
	cur, err := s.Session(ctx, token, false)
	if err != nil {
		return Factors{}, err
	}
	t, a := cur.Actor.Tenant, cur.Actor.Account
	k, err := s.keys.Tenant(ctx, t)
	if err != nil {
		return Factors{}, err
	}
	var out Factors
	err = s.db.View(ctx, t, func(tx *db.Tx) (err error) {
		if out.Owned, err = ownedBy(tx, t, a); err != nil {
			return err
		}
		if out.Required, err = s.needsTwo(tx, k, t, a); err != nil {
			return err
		}
		if out.TOTP > 0 {
			r, err := db.One(tx, qTOTP, scanTOTP, t, a)
			if err != nil {
				return err
			}
			out.TOTPAt, out.TOTPUsed = db.Time(r.created), db.Time(r.used)
		}
		out.Passkeys, err = passkeysOf(tx, k, t, a)
		return err
	})
	return out, err
}

// Prove asks who is signed in for the password, so that factors may be changed for ProofFor.
func (s *Service) Prove(ctx context.Context, v Visit, token, password string) error {
	cur, err := s.Session(ctx, token, true)
	if err != nil {
		return err
	}
	return s.again(ctx, v, cur, password, "identity.proof_wrong", func(tx *db.Tx, a *attempt, who actor.Actor) error {
		return s.prove(tx, a.key, who, "password", time.Now())
	})
}

// prove notes that who is signed in has shown again who it is; with a passkey the session is one of a
// passkey from then on.
func (s *Service) prove(tx *db.Tx, k *vault.Key, who actor.Actor, by string, now time.Time) error {
	if err := s.amendSession(tx, k, who.Tenant, who.Session, func(b *boundSession) {
		b.proven = db.Micros(now)
		if by == FactorPasskey {
			b.factor = FactorPasskey
		}
	}); err != nil {
		return err
	}
	return s.record(tx, "auth.proven", who, "ok", map[string]any{"by": by})
}

// proven gives the session of a token whose holder has just shown again who it is; everything that changes
// factors begins here.
func (s *Service) proven(ctx context.Context, v Visit, token string) (Session, error) {
	cur, err := s.Session(ctx, token, true)
	if err != nil {
		return cur, err
	}
	if !time.Now().Before(cur.ProvenUntil) {
		return cur, fault.New(fault.Conflict, "identity.proof_needed")
	}
	cur.Actor.Addr, cur.Actor.Request = v.Addr, v.Request
	return cur, nil
}

// OfferTOTP makes a secret for an authenticator app. It counts for nothing until its first code.
func (s *Service) OfferTOTP(ctx context.Context, v Visit, token string) error {
	cur, err := s.proven(ctx, v, token)
	if err != nil {
		return err
	}
	k, err := s.keys.Tenant(ctx, cur.Actor.Tenant)
	if err != nil {
		return err
	}
	return s.transact(ctx, func(tx *db.Tx) error {
		c := ceremony{tenant: cur.Actor.Tenant, account: cur.Actor.Account, kind: askTOTP}
		if err := c.put(tx, k, token, newTOTPSecret(), time.Now()); err != nil {
			return err
		}
		return s.record(tx, "auth.totp_offered", cur.Actor, "ok", nil)
	})
}

// TOTPOffer shows the secret that waits, to the browser that asked for it.
func (s *Service) TOTPOffer(ctx context.Context, token, issuer string) (TOTPOffer, error) {
	cur, err := s.Session(ctx, token, false)
	if err != nil {
		return TOTPOffer{}, err
	}
	info, err := s.tenants.TenantByID(ctx, cur.Actor.Tenant)
	if err != nil {
		return TOTPOffer{}, err
	}
	var c ceremony
	err = s.db.View(ctx, db.Global, func(tx *db.Tx) (err error) {
		c, err = found(db.One(tx, qCeremony, scanCeremony, ceremonyHash(askTOTP, token)))
		return err
	})
	if err != nil {
		return TOTPOffer{}, err
	}
	secret, err := s.openCeremony(ctx, c, cur)
	if err != nil {
		return TOTPOffer{}, err
	}
	return TOTPOffer{Secret: groups(spell(secret)), URI: totpURI(secret, issuer, info.Code+"/"+cur.LoginID)}, nil
}

// openCeremony opens what belongs to who is signed in.
func (s *Service) openCeremony(ctx context.Context, c ceremony, cur Session) ([]byte, error) {
	if c.tenant != cur.Actor.Tenant || c.account != cur.Actor.Account {
		return nil, overCeremony()
	}
	k, err := s.keys.Tenant(ctx, c.tenant)
	if err != nil {
		return nil, err
	}
	return c.open(k, time.Now())
}

// ConfirmTOTP puts the offered secret in force with one of its codes, in place of an earlier one. Five tries.
func (s *Service) ConfirmTOTP(ctx context.Context, v Visit, token, typed string) error {
	cur, err := s.proven(ctx, v, token)
	if err != nil {
		return err
	}
	var c ceremony
	err = s.transact(ctx, func(tx *db.Tx) (err error) {
		c, err = found(db.One(tx, qCeremonyTry, scanCeremony, ceremonyHash(askTOTP, token), s.policy.CodeTries))
		return err
	})
	if err != nil {
		return err
	}
	secret, err := s.openCeremony(ctx, c, cur)
	if err != nil {
		return err
	}
	now := time.Now()
	step, is, err := matchTOTP(secret, normalCode(typed), now, 0)
	if err != nil {
		return err
	}
	if is != codeRight && (is == codeWrong || s.policy.weak != SabotageWindow) {
		return fault.New(fault.Invalid, is.says("identity.totp_wrong", "identity.totp_past", "identity.totp_ahead"))
	}
	k, err := s.keys.Tenant(ctx, c.tenant)
	if err != nil {
		return err
	}
	err = s.transact(ctx, func(tx *db.Tx) error {
		if _, err := found(db.One(tx, qCeremonyTake, scanCeremony, ceremonyHash(askTOTP, token))); err != nil {
			return err
		}
		if err := putTOTP(tx, k, c.tenant, c.account, secret, step, now); err != nil {
			return err
		}
		return s.enrolled(tx, k, cur.Actor, FactorTOTP)
	})
	if err == nil {
		s.tellFactors(ctx, cur.Actor.Tenant, cur.Actor.Account, v, "認証アプリが登録されました")
	}
	return err
}

// enrolled records a new factor. Its holder has just shown it, so the present session counts as signed in
// with it; every other session ends, because it may be somebody else's.
func (s *Service) enrolled(tx *db.Tx, k *vault.Key, who actor.Actor, kind string) error {
	if err := s.amendSession(tx, k, who.Tenant, who.Session, func(b *boundSession) { b.factor = kind }); err != nil {
		return err
	}
	if err := s.endSessions(tx, who.Tenant, who.Account, who.Session, "factors-changed"); err != nil {
		return err
	}
	if err := s.countFactors(tx, k, who.Tenant, who.Account); err != nil {
		return err
	}
	return s.record(tx, "auth.factor_added", who, "ok", map[string]any{"kind": kind})
}

// RemoveTOTP takes the app away, unless it is the last factor where two are required.
func (s *Service) RemoveTOTP(ctx context.Context, v Visit, token string) error {
	cur, err := s.proven(ctx, v, token)
	if err != nil {
		return err
	}
	err = s.remove(ctx, cur.Actor, "totp", func(tx *db.Tx) (int64, error) {
		return tx.Exec(qTOTPDrop, cur.Actor.Tenant, cur.Actor.Account)
	})
	if err == nil {
		s.tellFactors(ctx, cur.Actor.Tenant, cur.Actor.Account, v, "認証アプリの登録が外されました")
	}
	return err
}

// remove takes one factor away. With the last one the recovery codes go too: alone they are no factor.
func (s *Service) remove(ctx context.Context, who actor.Actor, kind string, drop func(*db.Tx) (int64, error)) error {
	k, err := s.keys.Tenant(ctx, who.Tenant)
	if err != nil {
		return err
	}
	return s.transact(ctx, func(tx *db.Tx) error {
		n, err := drop(tx)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.Missing, "identity.factor_missing")
		}
		own, err := ownedBy(tx, who.Tenant, who.Account)
		if err != nil {
			return err
		}
		if own.Factors() == 0 {
			needs, err := s.needsTwo(tx, k, who.Tenant, who.Account)
			if err != nil {
				return err
			}
			if needs {
				return fault.New(fault.Conflict, "identity.last_factor")
			}
			if _, err := tx.Exec(qRecoveryDrop, who.Tenant, who.Account); err != nil {
				return err
			}
		}
		if err := s.endSessions(tx, who.Tenant, who.Account, who.Session, "factors-changed"); err != nil {
			return err
		}
		if err := s.countFactors(tx, k, who.Tenant, who.Account); err != nil {
			return err
		}
		return s.record(tx, "auth.factor_removed", who, "ok", map[string]any{"kind": kind})
	})
}

// MakeCodes gives ten new recovery codes, once; the old ones are void. They need a factor to stand in for.
func (s *Service) MakeCodes(ctx context.Context, v Visit, token string) ([]string, error) {
	cur, err := s.proven(ctx, v, token)
	if err != nil {
		return nil, err
	}
	t, a := cur.Actor.Tenant, cur.Actor.Account
	k, err := s.keys.Tenant(ctx, t)
	if err != nil {
		return nil, err
	}
	out, sums, err := s.newCodes(ctx, k, a)
	if err != nil {
		return nil, err
	}
	err = s.transact(ctx, func(tx *db.Tx) error {
		own, err := ownedBy(tx, t, a)
		if err != nil {
			return err
		}
		if own.Factors() == 0 {
			return fault.New(fault.Conflict, "identity.codes_alone")
		}
		if err = putRecovery(tx, t, a, sums, time.Now()); err != nil {
			return err
		}
		if err := s.endSessions(tx, t, a, cur.Actor.Session, "factors-changed"); err != nil {
			return err
		}
		return s.record(tx, "auth.codes_made", cur.Actor, "ok", nil)
	})
	if err != nil {
		return nil, err
	}
	s.tellFactors(ctx, t, a, v, "回復用コードが作り直されました")
	return out, nil
}

// tellFactors tells the owner that something changed about the factors.
func (s *Service) tellFactors(ctx context.Context, t ids.Tenant, id ids.Account, v Visit, what string) {
	a, err := s.known(ctx, t, id, v)
	if err != nil {
		return
	}
	s.tell(a, "auth.factor_notice", what, fmt.Sprintf(`%s の利用者IDについて、%s。

・時刻：%s
・接続元：%s

お心当たりがない場合は、すぐに自社の管理者へ知らせてください。
`, oneLine(a.info.Name), what, moment(time.Now()), plain(v.Addr)))
}

// known is an attempt for an account that is known, for notices.
func (s *Service) known(ctx context.Context, t ids.Tenant, id ids.Account, v Visit) (*attempt, error) {
	info, err := s.tenants.TenantByID(ctx, t)
	if err != nil {
		return nil, err
	}
	k, err := s.keys.Tenant(ctx, t)
	if err != nil {
		return nil, err
	}
	var acc account
	err = s.db.View(ctx, t, func(tx *db.Tx) (err error) {
		acc, err = s.genuineAccount(tx, k, t, id)
		return err
	})
	return &attempt{visit: v, info: info, key: k, account: &acc}, err
}
