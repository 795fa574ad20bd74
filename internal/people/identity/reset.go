package identity

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/mail"
	"rakudos/internal/engine/vault"
)

// resetsPerHour bounds the mails for one account name; resetTriesDay the guesses at its app in 24 hours.
const (
	resetsPerHour = 3
	resetTriesDay = 30
)

// NewPassword sets a password without the old one, for who has shown a passkey (or the password) within ProofFor: it is a way
// out for somebody who has forgotten the password and could sign in by passkey.
func (s *Service) NewPassword(ctx context.Context, v Visit, token, next string) (SignedIn, error) {
	cur, err := s.proven(ctx, v, token)
	if err != nil {
		return SignedIn{}, err
	}
	a, err := s.known(ctx, cur.Actor.Tenant, cur.Actor.Account, v)
	if err != nil {
		return SignedIn{}, err
	}
	if err := s.acceptable(a, cur.LoginID, next); err != nil {
		return SignedIn{}, err
	}
	hash, err := s.hash(ctx, next)
	if err != nil {
		return SignedIn{}, err
	}
	out := SignedIn{Token: randomToken()}
	if err := s.transact(ctx, func(tx *db.Tx) error { return s.swap(tx, a.key, cur.Actor, hash, out.Token, time.Now()) }); err != nil {
		return SignedIn{}, err
	}
	s.tellChanged(a)
	out.Session, err = s.Session(ctx, out.Token, false)
	return out, err
}

// BeginReset begins to set a forgotten password with two things at once: a mailed code and a code of the
// authenticator app. A mail alone never gives a password. The answer, the cookie and what is written are
// the same whether the account exists and has an app or not; the mail goes out behind the answer.
func (s *Service) BeginReset(ctx context.Context, v Visit, tenantCode, loginID string) (token string, err error) {
	system, err := s.keys.Tenant(ctx, ids.System)
	if err != nil {
		return "", err
	}
	a, err := s.resettable(ctx, v, tenantCode, loginID)
	if err != nil {
		return "", err
	}
	c, k := ceremony{tenant: ids.System, kind: askReset}, system
	if a != nil {
		c.tenant, c.account, k = a.account.Tenant, a.account.ID, a.key
	}
	token = randomToken()
	code, mails, asks := newCode(), 0, 0
	err = s.transact(ctx, func(tx *db.Tx) (err error) {
		now := time.Now()
		if asks, err = db.Value[int](tx, qTally, ids.System, hashID(system, "forgot", Network(v.Addr)), db.Micros(now), db.Micros(now.Add(time.Hour))); err != nil || asks > asksPerHour {
			return err
		}
		if mails, err = db.Value[int](tx, qTally, ids.System, hashID(system, "reset", NormalLogin(tenantCode), NormalLogin(loginID)), db.Micros(now), db.Micros(now.Add(time.Hour))); err != nil {
			return err
		}
		return c.put(tx, k, token, resetMAC(k, c.account, code), now)
	})
	if err == nil && asks > asksPerHour {
		err = fault.New(fault.Busy, "identity.too_soon").After(time.Hour)
	}
	if err == nil && a != nil && mails <= resetsPerHour {
		s.mailReset(a, code)
	}
	return token, err
}

func resetMAC(k *vault.Key, a ids.Account, code string) []byte {
	return k.MAC("identity.reset", []byte(a), []byte(code))
}

// resettable finds an account in good order that has an app; nil is none.
func (s *Service) resettable(ctx context.Context, v Visit, tenantCode, loginID string) (*attempt, error) {
	info, err := s.tenants.TenantByCode(ctx, tenantCode)
	if fault.Is(err, fault.Missing) || err == nil && info.Closed {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	k, err := s.keys.Tenant(ctx, info.ID)
	if err != nil {
		return nil, err
	}
	var acc account
	var own Owned
	err = s.db.View(ctx, info.ID, func(tx *db.Tx) (err error) {
		if acc, err = db.One(tx, qAccountByLogin, scanAccount, info.ID, s.loginIndex(k, loginID)); err != nil {
			return err
		}
		own, err = ownedBy(tx, info.ID, acc.ID)
		return err
	})
	if fault.Is(err, fault.Missing) || err == nil && (acc.State != "active" || !s.genuine(k, &acc) || own.TOTP == 0) {
		return nil, nil
	}
	return &attempt{visit: v, info: info, key: k, account: &acc}, err
}

// mailReset sends the code behind the answer, so that its time tells nothing.
func (s *Service) mailReset(a *attempt, code string) {
	email, err := a.key.Open(at(accountsTable, string(a.account.ID), "email"), a.account.email)
	if err != nil {
		return
	}
	text := fmt.Sprintf(`%s の利用者IDで、忘れたパスワードを決め直す手続きが始まりました。画面に次の確認コードと、認証アプリの6桁の数字を入力してください。

%s

・有効期限：%s
・接続元：%s

このコードだけではパスワードは変わりません。お心当たりがない場合は、このコードをだれにも教えず、自社の管理者へ知らせてください。
`, oneLine(a.info.Name), code, moment(time.Now().Add(ResetFor)), plain(a.visit.Addr))
	s.later(func() {
		result := "ok"
		if s.deliver(s.ending, a.account, a.key, mail.Message{To: string(email), Subject: "パスワードの再設定の確認コード", Text: text}) != nil {
			result = "failed"
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ending), 10*time.Second)
		defer cancel()
		_ = s.transact(ctx, func(tx *db.Tx) error { return s.record(tx, "auth.reset_code", a.actor(), result, nil) })
	})
}

// FinishReset sets the new password when both codes are right; all sessions end. It does not touch the count
// of failures: a locked account stays locked.
func (s *Service) FinishReset(ctx context.Context, v Visit, token, mailed, app, next string) error {
	var c ceremony
	err := s.transact(ctx, func(tx *db.Tx) (err error) {
		c, err = found(db.One(tx, qCeremonyTry, scanCeremony, ceremonyHash(askReset, token), s.policy.CodeTries))
		return err
	})
	if err != nil {
		return err
	}
	k, err := s.keys.Tenant(ctx, c.tenant)
	if err != nil {
		return err
	}
	mac, err := c.open(k, time.Now())
	if err != nil {
		return err
	}
	wrong := fault.New(fault.Invalid, "identity.reset_wrong", "left", strconv.Itoa(s.policy.CodeTries-c.tries))
	if !same(mac, resetMAC(k, c.account, normalCode(mailed))) || c.account == "" {
		return wrong
	}
	a, err := s.known(ctx, c.tenant, c.account, v)
	if err != nil {
		return err
	}
	login, err := k.Open(at(accountsTable, string(c.account), "login"), a.account.login)
	if err != nil {
		return err
	}
	if err := s.acceptable(a, string(login), next); err != nil { // before the app's code is used up
		return err
	}
	hash, err := s.hash(ctx, next)
	if err != nil {
		return err
	}
	is, err := s.finishReset(ctx, k, c, token, app, hash, a.actor())
	if err != nil {
		return err
	}
	if is != codeRight { // the mailed code was right: only who holds it learns what is wrong with the app's
		wrong.Code = is.says(wrong.Code, "identity.reset_past", "identity.reset_ahead")
		return wrong
	}
	s.tellChanged(a)
	return nil
}

func (s *Service) finishReset(ctx context.Context, k *vault.Key, c ceremony, token, app, hash string, who actor.Actor) (is standing, err error) {
	system, err := s.keys.Tenant(ctx, ids.System)
	if err != nil {
		return codeWrong, err
	}
	err = s.transact(ctx, func(tx *db.Tx) error {
		now := time.Now()
		is = codeWrong
		n, err := db.Value[int](tx, qTally, ids.System, hashID(system, "reset-app", string(c.account)), db.Micros(now), db.Micros(now.Add(24*time.Hour)))
		if err != nil {
			return err
		}
		seen := codeWrong
		if n <= resetTriesDay {
			seen, err = s.useTOTP(tx, k, c.tenant, c.account, app, now)
		}
		if err != nil || seen != codeRight {
			is = seen
			return err
		}
		acc, err := s.genuineAccount(tx, k, c.tenant, c.account)
		if err != nil || acc.State != "active" {
			return err
		}
		if _, err := found(db.One(tx, qCeremonyTake, scanCeremony, ceremonyHash(askReset, token))); err != nil {
			return err
		}
		if err := s.setPassword(tx, k, c.tenant, c.account, hash, now, false); err != nil {
			return err
		}
		if err := s.dropPending(tx, c.tenant, c.account, who); err != nil {
			return err
		}
		if err := s.endSessions(tx, c.tenant, c.account, "", "password-reset"); err != nil {
			return err
		}
		if err := s.mailWorks(tx, c.tenant, c.account, who); err != nil { // the mailed code was right
			return err
		}
		is = codeRight
		return s.record(tx, "auth.password_recovered", who, "ok", map[string]any{"by": "mail+totp"})
	})
	return is, err
}
