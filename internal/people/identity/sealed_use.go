package identity

import (
	"context"
	"fmt"
	"strings"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

// breakSeal is what a right password of an emergency account does: it asks for the next code of the
// envelope. code is empty for every other account; used up or out of use, the answer is the one for a wrong
// password.
func (s *Service) breakSeal(tx *db.Tx, a *attempt, now time.Time) (code string, err error) {
	r, err := s.sealedOf(tx, a.key, a.account.Tenant, a.account.ID)
	if err != nil || r == nil {
		return "", err
	}
	codes, err := r.openCodes(a.key)
	if s.policy.weak == SabotageSealed && r.state == Opened {
		r.state, r.code = Sealed, 0
	}
	if err != nil || r.state != Sealed && r.state != Broken || r.code >= len(codes) {
		return "", s.wrong(a)
	}
	if r.state == Sealed {
		r.state, r.brokenAt = Broken, db.Micros(now)
	}
	r.code++
	if err := s.putSealed(tx, a.key, r); err != nil {
		return "", err
	}
	return codes[r.code-1], s.record(tx, "sealed.broken", a.actor(), "ok", map[string]any{"code": r.code})
}

// alarmBroken tells everybody who watches, without making the request wait.
func (s *Service) alarmBroken(a *attempt) {
	s.watched(a.info.ID, "sealed.alarm", "【緊急】封をした緊急用の利用者IDが使われました", fmt.Sprintf(`%s の緊急用の利用者IDのパスワードが、いま使われました。

・時刻：%s
・接続元：%s

訓練の予定がないのに届いた場合は、すぐに保健会の窓口へ知らせてください。
使った理由は、使った人が画面で入力します。使い終わったら「緊急用の利用者ID」の画面で確認を記録してください。
`, oneLine(a.info.Name), moment(time.Now()), plain(a.visit.Addr)))
}

// openSealed ties the envelope to the one session that it opens, and makes its password useless at once.
func (s *Service) openSealed(tx *db.Tx, k *vault.Key, a *account, session ids.Session, now time.Time) error {
	r, err := s.sealedOf(tx, k, a.Tenant, a.ID)
	if err != nil || r == nil {
		return err
	}
	r.state, r.openedAt, r.session = Opened, db.Micros(now), session
	if err := s.putSealed(tx, k, r); err != nil {
		return err
	}
	if s.policy.weak == SabotageSealed {
		return nil
	}
	return s.amend(tx, k, a.Tenant, a.ID, func(acc *account) { acc.Hash = s.unusable })
}

// Emergency is the use under which an emergency session acts; fault.Denied when it is over.
func (s *Service) Emergency(ctx context.Context, a actor.Actor) (SealedAccount, error) {
	k, err := s.keys.Tenant(ctx, a.Tenant)
	if err != nil {
		return SealedAccount{}, err
	}
	var r *sealedRow
	err = s.db.View(ctx, a.Tenant, func(tx *db.Tx) (err error) {
		r, err = s.sealedOf(tx, k, a.Tenant, a.Account)
		return err
	})
	if err != nil {
		return SealedAccount{}, err
	}
	if r == nil || r.state != Opened || r.session != a.Session || !time.Now().Before(db.Time(r.openedAt).Add(SealedFor)) {
		return SealedAccount{}, fault.New(fault.Denied, "identity.session_ended")
	}
	return r.show(k)
}

// SayWhy records why the envelope was opened; until then the session can do nothing else. A drill is a use
// with all its alarms.
func (s *Service) SayWhy(ctx context.Context, a actor.Actor, reason string, drill bool) error {
	if err := s.guard(a, permEmergency); err != nil {
		return err
	}
	reason, err := reasonOf(reason)
	if err != nil {
		return err
	}
	k, err := s.keys.Tenant(ctx, a.Tenant)
	if err != nil {
		return err
	}
	err = s.db.Tx(ctx, a.Tenant, func(tx *db.Tx) error {
		r, err := s.sealedOf(tx, k, a.Tenant, a.Account)
		if err != nil {
			return err
		}
		if r == nil || r.state != Opened || r.session != a.Session {
			return fault.New(fault.Denied, "identity.session_ended")
		}
		r.reason, r.drill = k.Seal(sealedAt(r.account, "reason"), []byte(strings.TrimSpace(reason))), 0
		if drill {
			r.drill, r.drilledAt = 1, db.Micros(time.Now())
		}
		if err := s.putSealed(tx, k, r); err != nil {
			return err
		}
		return s.record(tx, "sealed.reason", a, "ok", map[string]any{"reason": reason, "drill": drill})
	})
	if err != nil {
		return err
	}
	what := "実際の使用"
	if drill {
		what = "訓練"
	}
	s.watched(a.Tenant, "sealed.notice", "緊急用の利用者IDを使った理由", fmt.Sprintf("緊急用の利用者IDを使った理由が入力されました（%s）。\n\n%s\n", what, oneLine(reason)))
	return nil
}

// LockedOut lists the locked accounts of the tenant: it is what an emergency session works on.
func (s *Service) LockedOut(ctx context.Context, a actor.Actor) ([]Account, error) {
	if err := s.guard(a, permEmergency); err != nil {
		return nil, err
	}
	k, err := s.keys.Tenant(ctx, a.Tenant)
	if err != nil {
		return nil, err
	}
	var rows []account
	if err := s.db.View(ctx, a.Tenant, func(tx *db.Tx) (err error) {
		rows, err = db.All(tx, qAccounts, scanAccount, a.Tenant)
		return err
	}); err != nil {
		return nil, err
	}
	var out []Account
	for _, r := range rows {
		if v, err := s.show(k, r); err != nil {
			return nil, err
		} else if v.Locked && !v.Disabled {
			out = append(out, v)
		}
	}
	return out, nil
}

// spend ends a use: the session, the codes and the account. Nothing opens it again but sealing it anew.
func (s *Service) spend(tx *db.Tx, k *vault.Key, r *sealedRow, by actor.Actor, now time.Time) error {
	r.state, r.endedAt, r.codes = Spent, db.Micros(now), nil
	if err := s.putSealed(tx, k, r); err != nil {
		return err
	}
	if err := s.endSessions(tx, r.tenant, r.account, "", "emergency-over"); err != nil {
		return err
	}
	if err := s.amend(tx, k, r.tenant, r.account, func(acc *account) { acc.State, acc.Hash = "disabled", s.unusable }); err != nil {
		return err
	}
	return s.record(tx, "sealed.spent", by, "ok", map[string]any{"account": string(r.account)})
}

// StopSealed ends a use at once, whether the second step was passed or not: the codes are void, the session is over, and
// what follows is the review. Whoever watches may do it without waiting for the hour to pass.
func (s *Service) StopSealed(ctx context.Context, a actor.Actor, id ids.Account) error {
	return s.watching(ctx, a, id, func(tx *db.Tx, k *vault.Key, r *sealedRow) error {
		if r.state != Broken && r.state != Opened {
			return fault.New(fault.Conflict, "identity.sealed_idle")
		}
		return s.spend(tx, k, r, a, time.Now())
	})
}

// closeEmergency is what signing out does to an emergency session.
func (s *Service) closeEmergency(tx *db.Tx, k *vault.Key, a actor.Actor, now time.Time) error {
	if !a.Has(actor.Emergency) || s.policy.weak == SabotageSealed {
		return nil
	}
	r, err := s.sealedOf(tx, k, a.Tenant, a.Account)
	if err != nil || r == nil || r.state != Opened {
		return err
	}
	return s.spend(tx, k, r, a, now)
}

// sweepSealed ends the uses whose hour is over, and the envelopes that were broken and then left.
func (s *Service) sweepSealed(ctx context.Context, now time.Time) error {
	var due []sealedRow
	if err := s.db.View(ctx, db.Global, func(tx *db.Tx) (err error) {
		due, err = db.All(tx, qSealedDue, scanSealed, db.Micros(now.Add(-SealedFor)))
		return err
	}); err != nil {
		return err
	}
	for _, d := range due {
		k, err := s.keys.Tenant(ctx, d.tenant)
		if err != nil {
			return err
		}
		err = s.db.Tx(ctx, d.tenant, func(tx *db.Tx) error {
			r, err := s.sealedOf(tx, k, d.tenant, d.account)
			if err != nil || r == nil || r.state != d.state {
				return err
			}
			return s.spend(tx, k, r, actor.System(d.tenant, "emergency"), now)
		})
		if f := fault.Of(err); err != nil && (f == nil || f.Code != "identity.row_tampered") {
			return err
		}
	}
	return nil
}
