package identity

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

// Seal makes an emergency account, or seals one anew: another password, other codes, told to whoever watches
// and returned once. After a use it is refused until the use has been reviewed, and to whoever reviewed it.
func (s *Service) Seal(ctx context.Context, a actor.Actor, login, name string) (Envelope, error) {
	if err := s.guard(a, permSeal); err != nil {
		return Envelope{}, err
	}
	n, err := NewAccount{LoginID: login, Name: name, Email: NormalLogin(login) + sealedDomain}.check()
	if err != nil {
		return Envelope{}, err
	}
	k, err := s.keys.Tenant(ctx, a.Tenant)
	if err != nil {
		return Envelope{}, err
	}
	out := Envelope{LoginID: n.LoginID, Password: GeneratePassword() + "-" + GeneratePassword()}
	for range SealedCodes {
		out.Codes = append(out.Codes, newCode())
	}
	hash, err := s.hash(ctx, out.Password)
	if err != nil {
		return Envelope{}, err
	}
	plain, err := json.Marshal(out.Codes)
	if err != nil {
		return Envelope{}, err
	}
	by := string(a.Account)
	if by == "" {
		by = string(a.Kind)
	}
	looked, err := s.besideReviewer(ctx, k, a, n.LoginID)
	if err != nil {
		return Envelope{}, err
	}
	err = s.db.Tx(ctx, a.Tenant, func(tx *db.Tx) error {
		now := time.Now()
		r, err := s.envelope(tx, k, a, n, hash, now)
		if err != nil {
			return err
		}
		if r.state == Spent && r.reviewedBy != looked {
			return fault.New(fault.Busy, "db.busy") // reviewed meanwhile by somebody else
		}
		r.state, r.sealedAt, r.sealedBy, r.code = Sealed, db.Micros(now), by, 0
		r.codes = k.Seal(sealedAt(r.account, "codes"), plain)
		r.brokenAt, r.openedAt, r.session, r.drill, r.reason, r.endedAt, r.reviewedAt, r.reviewedBy, r.finding = 0, 0, "", 0, nil, 0, 0, "", nil
		if err := s.putSealed(tx, k, r); err != nil {
			return err
		}
		return s.record(tx, "sealed.sealed", a, "ok", map[string]any{"account": string(r.account)})
	})
	if err != nil {
		return Envelope{}, err
	}
	s.watched(a.Tenant, "sealed.notice", "緊急用の利用者IDに封をしました", fmt.Sprintf(`緊急用の利用者IDのパスワードとコードを作り直し、封をしました。

・時刻：%s

心当たりがない場合は、「操作の記録」で経緯を確かめてください。
`, moment(time.Now())))
	return out, nil
}

// besideReviewer refuses whoever is not independent of the one who reviewed the last use, and tells who that was.
func (s *Service) besideReviewer(ctx context.Context, k *vault.Key, a actor.Actor, login string) (string, error) {
	var r *sealedRow
	err := s.db.View(ctx, a.Tenant, func(tx *db.Tx) error {
		acc, err := db.One(tx, qAccountByLogin, scanAccount, a.Tenant, s.loginIndex(k, login))
		if err == nil {
			r, err = s.sealedOf(tx, k, a.Tenant, acc.ID)
		}
		return err
	})
	if fault.Is(err, fault.Missing) || err == nil && (r == nil || r.state != Spent) {
		return "", nil
	}
	if err != nil || r.reviewedBy == "" || r.reviewedBy == string(a.Account) { // envelope has its own words for these
		return sealedReviewer(r), err
	}
	return r.reviewedBy, s.Second(ctx, actor.Beside{Rule: "sealed.seal", By: a, Other: ids.Account(r.reviewedBy), Since: db.Time(r.reviewedAt)})
}

func sealedReviewer(r *sealedRow) string {
	if r == nil {
		return ""
	}
	return r.reviewedBy
}

// envelope finds the row to seal, or makes the account with it.
func (s *Service) envelope(tx *db.Tx, k *vault.Key, a actor.Actor, n NewAccount, hash string, now time.Time) (*sealedRow, error) {
	old, err := db.One(tx, qAccountByLogin, scanAccount, a.Tenant, s.loginIndex(k, n.LoginID))
	if fault.Is(err, fault.Missing) {
		acc := Account{ID: ids.New[ids.Account](), Tenant: a.Tenant, LoginID: n.LoginID, Name: n.Name, Email: n.Email, Grants: []Grant{{Role: actor.Emergency}}}
		return &sealedRow{tenant: a.Tenant, account: acc.ID}, s.insertAccount(tx, k, a, &acc, hash)
	}
	if err != nil {
		return nil, err
	}
	r, err := s.sealedOf(tx, k, a.Tenant, old.ID)
	switch {
	case err != nil:
		return nil, err
	case r == nil:
		return nil, fault.New(fault.Conflict, "identity.login_taken")
	case r.state == Broken || r.state == Opened:
		return nil, fault.New(fault.Conflict, "identity.sealed_in_use")
	case r.state == Spent && r.reviewedAt == 0:
		return nil, fault.New(fault.Conflict, "identity.sealed_unreviewed")
	case r.state == Spent && a.Account != "" && r.reviewedBy == string(a.Account):
		return nil, fault.New(fault.Denied, "identity.sealed_same")
	}
	if err := s.endSessions(tx, a.Tenant, old.ID, "", "sealed-anew"); err != nil {
		return nil, err
	}
	if _, err := tx.Exec(qUnlock, a.Tenant, old.ID); err != nil {
		return nil, err
	}
	if _, err := tx.Exec(qGrantClear, a.Tenant, old.ID); err != nil {
		return nil, err
	}
	if err := s.writeGrants(tx, k, a, a.Tenant, old.ID, []Grant{{Role: actor.Emergency}}, nil, now); err != nil {
		return nil, err
	}
	return r, s.amend(tx, k, a.Tenant, old.ID, func(acc *account) {
		acc.State, acc.Hash, acc.Rules, acc.SetAt = "active", hash, s.policy.Rules, db.Micros(now)
	})
}

// watching does what somebody who watches over an emergency account may do with it.
func (s *Service) watching(ctx context.Context, a actor.Actor, id ids.Account, do func(*db.Tx, *vault.Key, *sealedRow) error) error {
	if err := s.guard(a, permSealReview); err != nil {
		return err
	}
	k, err := s.keys.Tenant(ctx, a.Tenant)
	if err != nil {
		return err
	}
	return s.db.Tx(ctx, a.Tenant, func(tx *db.Tx) error {
		r, err := s.sealedOf(tx, k, a.Tenant, id)
		if err == nil && r == nil {
			err = fault.New(fault.Missing, "identity.no_account")
		}
		if err != nil {
			return err
		}
		return do(tx, k, r)
	})
}

// ReviewSealed records what was found out about a use. Without it the account stays out of use.
func (s *Service) ReviewSealed(ctx context.Context, a actor.Actor, id ids.Account, finding string) error {
	return s.watching(ctx, a, id, func(tx *db.Tx, k *vault.Key, r *sealedRow) error {
		finding, err := reasonOf(finding) // after that: what is not there gets no other answer
		if err != nil {
			return err
		}
		if r.state != Spent || r.reviewedAt != 0 {
			return fault.New(fault.Conflict, "identity.sealed_nothing")
		}
		r.reviewedAt, r.reviewedBy, r.finding = db.Micros(time.Now()), string(a.Account), k.Seal(sealedAt(id, "finding"), []byte(finding))
		if err := s.putSealed(tx, k, r); err != nil {
			return err
		}
		return s.record(tx, "sealed.reviewed", a, "ok", map[string]any{"account": string(id), "reason": finding})
	})
}

// SealedAccounts lists the emergency accounts of the actor's tenant.
func (s *Service) SealedAccounts(ctx context.Context, a actor.Actor) ([]SealedAccount, error) {
	if err := s.guard(a, permSealRead); err != nil {
		return nil, err
	}
	k, err := s.keys.Tenant(ctx, a.Tenant)
	if err != nil {
		return nil, err
	}
	var out []SealedAccount
	err = s.db.View(ctx, a.Tenant, func(tx *db.Tx) error {
		rows, err := db.All(tx, qSealedAll, scanSealed, a.Tenant)
		if err != nil {
			return err
		}
		for _, r := range rows {
			if !same(r.mac, r.sum(k)) {
				return tampered()
			}
			one, err := r.show(k)
			if err != nil {
				return err
			}
			acc, err := s.genuineAccount(tx, k, a.Tenant, r.account)
			if err != nil {
				return err
			}
			shown, err := s.show(k, acc)
			if err != nil {
				return err
			}
			one.LoginID, one.Name = shown.LoginID, shown.Name
			if one.Shut, err = s.shut(tx, k, &r, &acc); err != nil {
				return err
			}
			out = append(out, one)
		}
		return nil
	})
	return out, err
}

func (r *sealedRow) show(k *vault.Key) (SealedAccount, error) {
	out := SealedAccount{ID: r.account, State: r.state, SealedAt: db.Time(r.sealedAt), SealedBy: r.sealedBy, BrokenAt: db.Time(r.brokenAt), OpenedAt: db.Time(r.openedAt), Drill: r.drill != 0,
		EndedAt: db.Time(r.endedAt), ReviewedAt: db.Time(r.reviewedAt), ReviewedBy: r.reviewedBy, DrilledAt: db.Time(r.drilledAt)}
	for _, f := range []struct {
		column string
		sealed []byte
		to     *string
	}{{"reason", r.reason, &out.Reason}, {"finding", r.finding, &out.Finding}} {
		if len(f.sealed) == 0 {
			continue
		}
		plain, err := k.Open(sealedAt(r.account, f.column), f.sealed)
		if err != nil {
			return out, err
		}
		*f.to = string(plain)
	}
	return out, nil
}
