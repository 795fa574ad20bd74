package identity

import (
	"context"
	"errors"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

// pendingOwn says which factors of one's own would do, and whether a mail may still be asked for.
func (s *Service) pendingOwn(ctx context.Context, k *vault.Key, p Pending, r signin) (Pending, error) {
	p.Own, p.SentTo = true, ""
	err := s.db.View(ctx, r.Tenant, func(tx *db.Tx) error {
		own, err := ownedBy(tx, r.Tenant, r.Account)
		if err != nil {
			return err
		}
		needs, err := s.needsTwo(tx, k, r.Tenant, r.Account)
		p.TOTP, p.Passkey, p.MayMail = own.TOTP > 0, own.Passkeys > 0, !needs
		return err
	})
	return p, err
}

// ownMAC binds a sign-in for which nothing was mailed to its account and device, as codeMAC does with a code.
func ownMAC(k *vault.Key, r signin) []byte {
	return k.MAC("identity.own", []byte(r.ID), []byte(r.Account), []byte(r.Device))
}

// ask writes down that a second step is asked for, and how: nothing is mailed when an own factor is. Refused
// is what the visitor is told when there have been too many wrong answers.
func (s *Service) ask(tx *db.Tx, a *attempt, row *signin, token, code string, now time.Time) (refused, err error) {
	row.Factor, err = s.second(tx, a.key, a.account)
	if errors.Is(err, errLacking) {
		tx.OnCommit(func() { s.found(tx.Context(), finding{a.account.Tenant, factorsTable, string(a.account.ID)}) })
		return errLacking, nil
	}
	if err != nil {
		return nil, err
	}
	mac := codeMAC(a.key, *row, code)
	if row.Factor == factorOwn {
		if refused, err = s.ownCeiling(tx, a.info, a.account.Tenant, a.account.ID, ownTriesDay-1, now); err != nil {
			return nil, err
		}
		if refused != nil {
			return refused, s.record(tx, "auth.factor_ceiling", a.actor(), "denied", nil)
		}
		mac = ownMAC(a.key, *row)
	}
	_, err = tx.Exec(qSignInInsert, row.Tenant, row.ID, row.Account, tokenHash(token), row.Device, row.throttle, mac, row.SentAt, row.Factor)
	return nil, err
}

// mailInstead mails a code in place of an own factor, where two factors are not required. The tries already
// made stay made.
func (s *Service) mailInstead(ctx context.Context, v Visit, info TenantInfo, k *vault.Key, a *account, r signin) (Pending, error) {
	code := newCode()
	err := s.transact(ctx, func(tx *db.Tx) error {
		now := time.Now()
		needs, err := s.needsTwo(tx, k, r.Tenant, r.Account)
		if err != nil {
			return err
		}
		if needs {
			return fault.New(fault.Conflict, "identity.mail_barred")
		}
		if err := s.ceiling(tx, info, a, now); err != nil {
			return err
		}
		n, err := tx.Exec(qSignInMail, r.Tenant, r.ID, codeMAC(k, r, code), db.Micros(now), s.policy.CodeTries)
		if err == nil && n == 0 {
			return noSignIn()
		}
		r.SentAt, r.Factor = db.Micros(now), FactorMail
		return err
	})
	if err != nil {
		return Pending{}, err
	}
	return s.mailCode(ctx, v, info, k, a, r, code)
}
