package identity

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

// What a signed-in browser may ask a passkey for.
const (
	ForProof  = askProof
	ForUnlock = askUnlock
)

// asksPerTenMinutes bounds the challenges made for one network; a whole company may sit behind one.
const asksPerTenMinutes = 600

// AskSignIn makes a challenge for anybody's passkey, and the cookie that it is bound to.
func (s *Service) AskSignIn(ctx context.Context, v Visit, r Relying) (options []byte, token string, err error) {
	system, err := s.keys.Tenant(ctx, ids.System)
	if err != nil {
		return nil, "", err
	}
	token = randomToken()
	options, data, err := s.challenge(r)
	if err != nil {
		return nil, "", err
	}
	n := 0
	err = s.transact(ctx, func(tx *db.Tx) (err error) {
		now := time.Now()
		n, err = db.Value[int](tx, qTally, ids.System, hashID(system, "passkey", Network(v.Addr)), db.Micros(now), db.Micros(now.Add(10*time.Minute)))
		if err != nil || n > asksPerTenMinutes {
			return err
		}
		return ceremony{tenant: ids.System, kind: askSignIn}.put(tx, system, token, data, now)
	})
	if err == nil && n > asksPerTenMinutes {
		err = fault.New(fault.Busy, "identity.too_soon").After(time.Minute)
	}
	return options, token, err
}

// AskOwn makes a challenge for a passkey of who is signed in, for one purpose.
func (s *Service) AskOwn(ctx context.Context, purpose, token string, r Relying) ([]byte, error) {
	cur, err := s.Session(ctx, token, false)
	if err != nil {
		return nil, err
	}
	k, err := s.keys.Tenant(ctx, cur.Actor.Tenant)
	if err != nil {
		return nil, err
	}
	options, data, err := s.challenge(r)
	if err != nil {
		return nil, err
	}
	return options, s.transact(ctx, func(tx *db.Tx) error {
		return ceremony{tenant: cur.Actor.Tenant, account: cur.Actor.Account, kind: purpose}.put(tx, k, token, data, time.Now())
	})
}

func (s *Service) challenge(r Relying) (options, data []byte, err error) {
	lib, err := s.policy.relying(r)
	if err != nil {
		return nil, nil, err
	}
	asked, session, err := lib.BeginDiscoverableLogin()
	if err != nil {
		return nil, nil, err
	}
	if data, err = json.Marshal(session); err != nil {
		return nil, nil, err
	}
	options, err = json.Marshal(asked)
	return options, data, err
}

// SignInPasskey is both steps at once: the device is one factor, and it verified its user. The lock of the
// password does not stand in its way (decision 3-4b); a disabled account does.
func (s *Service) SignInPasskey(ctx context.Context, v Visit, token string, r Relying, answer []byte) (SignedIn, error) {
	c, err := s.take(ctx, askSignIn, token)
	if err != nil {
		return SignedIn{}, err
	}
	k, err := s.keys.Tenant(ctx, ids.System)
	if err != nil {
		return SignedIn{}, err
	}
	data, err := c.open(k, time.Now())
	if err != nil {
		return SignedIn{}, err
	}
	var out SignedIn
	var owner account
	var refused error
	err = s.answered(ctx, v, r, data, answer, func(tx *db.Tx, k *vault.Key, a *account) (err error) {
		now := time.Now()
		if refused, err = s.barred(tx, k, a, visitor(a.Tenant, a.ID, v), FactorPasskey); err != nil || refused != nil {
			return err
		}
		in := signin{Tenant: a.Tenant, ID: c.id, Account: a.ID, How: FactorPasskey}
		if v.Device != "" {
			seen := &attempt{visit: v, key: k, account: a}
			if err := s.findDevice(tx, seen, now); err != nil {
				return err
			}
			in.Device = seen.device
		}
		owner = *a
		out, err = s.open(tx, k, in, a, v, now)
		return err
	})
	if err == nil {
		err = refused
	}
	if err != nil {
		return SignedIn{}, err
	}
	s.tellDevice(ctx, v, &owner, out)
	out.Session, err = s.Session(ctx, out.Token, false)
	return out, err
}

// ProvePasskey lets who is signed in change factors, as Prove does.
func (s *Service) ProvePasskey(ctx context.Context, v Visit, token string, r Relying, answer []byte) error {
	return s.own(ctx, v, ForProof, token, r, answer, func(tx *db.Tx, k *vault.Key, who actor.Actor) error {
		return s.prove(tx, k, who, FactorPasskey, time.Now())
	})
}

// ReopenPasskey opens a locked screen, as Reopen does.
func (s *Service) ReopenPasskey(ctx context.Context, v Visit, token string, r Relying, answer []byte) error {
	return s.own(ctx, v, ForUnlock, token, r, answer, func(tx *db.Tx, _ *vault.Key, who actor.Actor) error {
		n, err := tx.Exec(qScreenOpen, who.Tenant, who.Session, db.Micros(time.Now()))
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.Denied, "identity.session_ended")
		}
		return s.record(tx, "auth.screen_opened", who, "ok", map[string]any{"by": "passkey"})
	})
}

// own is an answer of who is signed in; a passkey of somebody else is a wrong one.
func (s *Service) own(ctx context.Context, v Visit, purpose, token string, r Relying, answer []byte, act func(*db.Tx, *vault.Key, actor.Actor) error) error {
	cur, err := s.Session(ctx, token, false)
	if err != nil {
		return err
	}
	c, err := s.take(ctx, purpose, token)
	if err != nil {
		return err
	}
	data, err := s.openCeremony(ctx, c, cur)
	if err != nil {
		return err
	}
	who := cur.Actor
	who.Addr, who.Request = v.Addr, v.Request
	return s.answered(ctx, v, r, data, answer, func(tx *db.Tx, k *vault.Key, a *account) error {
		if a.Tenant != who.Tenant || a.ID != who.Account {
			return passkeyWrong(nil)
		}
		return act(tx, k, who)
	})
}

// answered verifies an answer and, when it is right, notes the passkey's counter and acts, in one transaction.
func (s *Service) answered(ctx context.Context, v Visit, r Relying, data, answer []byte, act func(*db.Tx, *vault.Key, *account) error) error {
	row, acc, k, used, err := s.verify(ctx, r, data, answer)
	if err != nil {
		if f := fault.Of(err); f.Code != "identity.passkey_wrong" {
			return err
		}
		t, id := ids.System, ids.Account("")
		if row.tenant != "" {
			t, id = row.tenant, row.account
		}
		return errors.Join(s.transact(ctx, func(tx *db.Tx) error {
			return s.record(tx, "auth.passkey_failed", visitor(t, id, v), "failed", nil)
		}), err)
	}
	sealed, err := row.seal(k, *used)
	if err != nil {
		return err
	}
	if used.Authenticator.CloneWarning {
		return s.cloned(ctx, v, row, sealed)
	}
	return s.transact(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec(qPasskeyUse, row.tenant, row.id, sealed, db.Micros(time.Now()), row.credential)
		if err != nil {
			return err
		}
		if n == 0 { // removed, or used elsewhere at the same moment
			return passkeyWrong(nil)
		}
		return act(tx, k, acc)
	})
}

// verify finds whose passkey answered and checks it: challenge, origin, name, presence, verification of the
// user, signature.
func (s *Service) verify(ctx context.Context, r Relying, data, answer []byte) (row passkeyRow, acc *account, k *vault.Key, used *webauthn.Credential, err error) {
	if len(answer) > maxPasskeyAnswer {
		return row, nil, nil, nil, fault.New(fault.TooLarge, "identity.passkey_wrong")
	}
	lib, err := s.policy.relying(r)
	if err != nil {
		return row, nil, nil, nil, err
	}
	var session webauthn.SessionData
	if err := json.Unmarshal(data, &session); err != nil {
		return row, nil, nil, nil, err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return row, nil, nil, nil, passkeyWrong(err)
	}
	row, acc, k, held, err := s.holder(ctx, parsed.RawID, parsed.Response.UserHandle)
	if err != nil {
		return row, nil, nil, nil, err
	}
	user := passkeyUser{handle: userHandle(k, row.account), held: []webauthn.Credential{held}}
	_, used, err = lib.ValidatePasskeyLogin(func(_, _ []byte) (webauthn.User, error) { return user, nil }, session, parsed)
	if err != nil {
		return row, nil, nil, nil, passkeyWrong(err)
	}
	return row, acc, k, used, nil
}

// holder finds the account of a passkey. An unknown one, one of a disabled account or a closed tenant, and
// one that is suspended are wrong in the same words.
func (s *Service) holder(ctx context.Context, credential, handle []byte) (row passkeyRow, acc *account, k *vault.Key, held webauthn.Credential, err error) {
	var a account
	err = s.db.View(ctx, db.Global, func(tx *db.Tx) (err error) {
		if row, err = db.One(tx, qPasskey, scanPasskey, credentialIndex(credential)); err != nil {
			return err
		}
		a, err = db.One(tx, qAccountByID, scanAccount, row.tenant, row.account)
		return err
	})
	if fault.Is(err, fault.Missing) {
		return row, nil, nil, held, passkeyWrong(err)
	}
	if err != nil {
		return row, nil, nil, held, err
	}
	info, err := s.tenants.TenantByID(ctx, row.tenant)
	if err != nil {
		return row, nil, nil, held, err
	}
	if k, err = s.keys.Tenant(ctx, row.tenant); err != nil {
		return row, nil, nil, held, err
	}
	if held, err = row.open(k); err != nil {
		return row, nil, nil, held, err
	}
	if info.Closed || !s.genuine(k, &a) || a.State != "active" || held.Authenticator.CloneWarning || !same(handle, userHandle(k, row.account)) {
		return row, nil, nil, held, passkeyWrong(nil)
	}
	return row, &a, k, held, nil
}

// cloned suspends a passkey whose counter went backwards: two devices seem to hold it.
func (s *Service) cloned(ctx context.Context, v Visit, row passkeyRow, sealed []byte) error {
	err := s.transact(ctx, func(tx *db.Tx) error {
		if _, err := tx.Exec(qPasskeyUse, row.tenant, row.id, sealed, row.used, row.credential); err != nil {
			return err
		}
		return s.record(tx, "auth.passkey_cloned", visitor(row.tenant, row.account, v), "denied", nil)
	})
	if err != nil {
		return err
	}
	s.tellFactors(ctx, row.tenant, row.account, v, "パスキーが複製された疑いがあるため、そのパスキーを使えなくしました")
	return passkeyWrong(nil)
}
