package certificate

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"maps"
	"time"

	"golang.org/x/mod/sumdb/note"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

// signingKey is a row of certificate_key.
type signingKey struct {
	id      string
	public  string // note verifier key: name, hash, key
	sealed  []byte
	retired time.Time
}

func (k signingKey) name() string { return "rakudos-certificate-" + k.id }

func (k signingKey) sign(system *vault.Key, message []byte) ([]byte, error) {
	return system.Sign(at("certificate_key", k.id, "sealed"), k.sealed, message)
}

// current is the key that signs now; the first one is made when it is first needed.
func (s *Service) current(ctx context.Context, system *vault.Key) (signingKey, error) {
	keys, err := s.signingKeys(ctx, system)
	if err != nil {
		return signingKey{}, err
	}
	for _, k := range keys {
		if k.retired.IsZero() {
			return k, nil
		}
	}
	return s.newKey(ctx, system, actor.System(ids.System, "certificate"))
}

func (s *Service) signingKeys(ctx context.Context, system *vault.Key) (keys []signingKey, err error) {
	err = s.DB.View(ctx, ids.System, func(tx *db.Tx) error {
		keys, err = db.All(tx, qKeys, scanKey, ids.System)
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.own(ctx, system, keys)
}

// newKey makes a key, retires the one before it and writes the public half into the audit log, all in one
// transaction, so that a key nobody announced signs nothing.
func (s *Service) newKey(ctx context.Context, system *vault.Key, a actor.Actor) (signingKey, error) {
	raw := make([]byte, 4)
	rand.Read(raw)
	id := hex.EncodeToString(raw)
	public, sealed := system.NewSigning(at("certificate_key", id, "sealed"))
	k := signingKey{id: id, sealed: sealed}
	var err error
	if k.public, err = note.NewEd25519VerifierKey(k.name(), public); err != nil {
		return k, err
	}
	now := time.Now().UTC()
	err = s.DB.Tx(ctx, ids.System, func(tx *db.Tx) error {
		if _, err := tx.Exec(qKeyRetire, ids.System, db.Micros(now.Truncate(time.Second))); err != nil {
			return err
		}
		if _, err := tx.Exec(qKeyAdd, ids.System, id, k.public, sealed, db.Micros(now)); err != nil {
			return err
		}
		a.Tenant = ids.System
		_, err := s.Log.Append(tx, audit.Event{Verb: verbKey, Actor: a, Kind: "certificate", Detail: map[string]any{"public_key": k.public}})
		return err
	})
	if err != nil {
		return k, err
	}
	return k, s.remember(ctx, system, "")
}

// RotateKey makes a new signing key. What the old one signed still verifies.
func (s *Service) RotateKey(ctx context.Context, a actor.Actor) (public string, err error) {
	if err := s.Guard(a, permManage); err != nil {
		return "", err
	}
	system, err := s.Keys.Tenant(ctx, ids.System)
	if err != nil {
		return "", err
	}
	k, err := s.newKey(ctx, system, a)
	return k.public, err
}

// Trust is the public half of everything, for /certificates/key. It names no customer.
func (s *Service) Trust(ctx context.Context) (Trust, error) {
	t := Trust{Logs: []string{s.Log.PublicKey()}, Revoked: map[string]time.Time{}}
	system, err := s.Keys.Tenant(ctx, ids.System)
	if err != nil {
		return t, err
	}
	if _, err := s.current(ctx, system); err != nil { // so that a key is announced before it signs
		return t, err
	}
	keys, err := s.signingKeys(ctx, system)
	if err != nil {
		return t, err
	}
	for _, k := range keys {
		t.Keys = append(t.Keys, PublicKey{k.public, k.retired})
	}
	type revoked struct {
		digest string
		at     int64
	}
	var gone []revoked
	err = s.DB.View(ctx, ids.System, func(tx *db.Tx) error {
		gone, err = db.All(tx, qRevoked, func(s db.Scanner) (r revoked, err error) { return r, s.Scan(&r.digest, &r.at) }, ids.System)
		return err
	})
	if err != nil {
		return t, err
	}
	for _, r := range gone {
		t.Revoked[r.digest] = db.Time(r.at)
	}
	told, err := s.toldRevoked(ctx)
	maps.Copy(t.Revoked, told)
	return t, err
}

// Verify checks a file that anybody sent, with the keys of this service.
func (s *Service) Verify(ctx context.Context, file []byte) (Report, error) {
	t, err := s.Trust(ctx)
	if err != nil {
		return Report{}, fault.Of(err)
	}
	return Verify(file, t), nil
}
