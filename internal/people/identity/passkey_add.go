package identity

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
)

// OfferPasskey begins to make a passkey: what the browser passes to navigator.credentials.create, as JSON.
func (s *Service) OfferPasskey(ctx context.Context, v Visit, token string, r Relying) ([]byte, error) {
	cur, err := s.proven(ctx, v, token)
	if err != nil {
		return nil, err
	}
	t, a := cur.Actor.Tenant, cur.Actor.Account
	k, err := s.keys.Tenant(ctx, t)
	if err != nil {
		return nil, err
	}
	lib, err := s.policy.relying(r)
	if err != nil {
		return nil, err
	}
	user := passkeyUser{handle: userHandle(k, a), login: cur.LoginID, called: cur.Name}
	if err := s.db.View(ctx, t, func(tx *db.Tx) error {
		rows, err := db.All(tx, qPasskeys, scanPasskey, t, a)
		for _, one := range rows {
			c, err := one.open(k)
			if err != nil {
				return err
			}
			user.held = append(user.held, c)
		}
		return err
	}); err != nil {
		return nil, err
	}
	if len(user.held) >= PasskeysMost {
		return nil, fault.New(fault.Conflict, "identity.passkeys_most")
	}
	var others []protocol.CredentialDescriptor
	for _, c := range user.held {
		others = append(others, c.Descriptor())
	}
	options, session, err := lib.BeginRegistration(user, webauthn.WithExclusions(others))
	if err != nil {
		return nil, err
	}
	data, err := json.Marshal(session)
	if err != nil {
		return nil, err
	}
	if err := s.transact(ctx, func(tx *db.Tx) error {
		c := ceremony{tenant: t, account: a, kind: askRegister}
		if err := c.put(tx, k, token, data, time.Now()); err != nil {
			return err
		}
		return s.record(tx, "auth.passkey_offered", cur.Actor, "ok", nil)
	}); err != nil {
		return nil, err
	}
	return json.Marshal(options)
}

// AddPasskey takes what the browser has made. The challenge is used up by the first answer, right or wrong.
func (s *Service) AddPasskey(ctx context.Context, v Visit, token string, r Relying, name string, answer []byte) error {
	cur, err := s.proven(ctx, v, token)
	if err != nil {
		return err
	}
	c, err := s.take(ctx, askRegister, token)
	if err != nil {
		return err
	}
	data, err := s.openCeremony(ctx, c, cur)
	if err != nil {
		return err
	}
	made, err := s.made(ctx, cur, r, data, answer)
	if err != nil {
		return err
	}
	k, err := s.keys.Tenant(ctx, c.tenant)
	if err != nil {
		return err
	}
	row := passkeyRow{tenant: c.tenant, id: string(ids.New[ids.Session]()), account: c.account}
	sealed, err := row.seal(k, *made)
	if err != nil {
		return err
	}
	err = s.transact(ctx, func(tx *db.Tx) error {
		own, err := ownedBy(tx, c.tenant, c.account)
		if err != nil {
			return err
		}
		if own.Passkeys >= PasskeysMost {
			return fault.New(fault.Conflict, "identity.passkeys_most")
		}
		if _, err := tx.Exec(qPasskeyPut, row.tenant, row.id, row.account, credentialIndex(made.ID), sealed, k.Seal(row.place("name"), []byte(passkeyName(name))), db.Micros(time.Now())); err != nil {
			return err
		}
		return s.enrolled(tx, k, cur.Actor, FactorPasskey)
	})
	if f := fault.Of(err); f != nil && f.Code == "db.duplicate" {
		return fault.New(fault.Conflict, "identity.passkey_taken").Because(err)
	}
	if err == nil {
		s.tellFactors(ctx, c.tenant, c.account, v, "パスキーが登録されました")
	}
	return err
}

// made verifies a new passkey against what was asked for.
func (s *Service) made(ctx context.Context, cur Session, r Relying, data, answer []byte) (*webauthn.Credential, error) {
	if len(answer) > maxPasskeyAnswer {
		return nil, fault.New(fault.TooLarge, "identity.passkey_wrong")
	}
	k, err := s.keys.Tenant(ctx, cur.Actor.Tenant)
	if err != nil {
		return nil, err
	}
	lib, err := s.policy.relying(r)
	if err != nil {
		return nil, err
	}
	var session webauthn.SessionData
	if err := json.Unmarshal(data, &session); err != nil {
		return nil, err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return nil, passkeyWrong(err)
	}
	made, err := lib.CreateCredential(passkeyUser{handle: userHandle(k, cur.Actor.Account), login: cur.LoginID, called: cur.Name}, session, parsed)
	if err != nil {
		return nil, passkeyWrong(err)
	}
	// What an attestation says of the device is not asked for and not kept.
	made.Attestation = webauthn.CredentialAttestation{}
	return made, nil
}

// take uses a ceremony up in a transaction of its own, so that a wrong answer uses it up too.
func (s *Service) take(ctx context.Context, kind, token string) (c ceremony, err error) {
	if token == "" {
		return c, overCeremony()
	}
	q := qCeremonyTake
	if s.policy.weak == SabotageReplay {
		q = qCeremony
	}
	err = s.transact(ctx, func(tx *db.Tx) (err error) {
		c, err = found(db.One(tx, q, scanCeremony, ceremonyHash(kind, token)))
		return err
	})
	return c, err
}

// RemovePasskey takes a passkey away, unless it is the last factor where two are required.
func (s *Service) RemovePasskey(ctx context.Context, v Visit, token, id string) error {
	cur, err := s.Session(ctx, token, true)
	if err != nil {
		return err
	}
	there := false
	if err := s.db.View(ctx, cur.Actor.Tenant, func(tx *db.Tx) error {
		rows, err := db.All(tx, qPasskeys, scanPasskey, cur.Actor.Tenant, cur.Actor.Account)
		there = slices.ContainsFunc(rows, func(r passkeyRow) bool { return r.id == id })
		return err
	}); err != nil {
		return err
	}
	if !there { // before a proof is asked for: what is not one's own does not exist
		return fault.New(fault.Missing, "identity.factor_missing")
	}
	if cur, err = s.proven(ctx, v, token); err != nil {
		return err
	}
	err = s.remove(ctx, cur.Actor, "passkey", func(tx *db.Tx) (int64, error) {
		return tx.Exec(qPasskeyEnd, cur.Actor.Tenant, cur.Actor.Account, id)
	})
	if err == nil {
		s.tellFactors(ctx, cur.Actor.Tenant, cur.Actor.Account, v, "パスキーの登録が外されました")
	}
	return err
}
