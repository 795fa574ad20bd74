package identity

import (
	"crypto/sha256"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

// Kinds of ceremonies. The kind is part of the token's hash and of the seal, so that what was asked for one
// purpose answers no other.
const (
	askTOTP     = "totp"     // a secret that waits for its first code
	askRegister = "register" // a passkey to be made
	askSignIn   = "signin"   // a passkey of anybody
	askProof    = "proof"    // a passkey of who is signed in
	askUnlock   = "unlock"   // the same, at a locked screen
	askReset    = "reset"    // a forgotten password
)

const ceremoniesTable = "identity_ceremonies"

var (
	qCeremonyPut   = db.Q("identity.ceremony_put", `insert into identity_ceremonies (tenant_id, ceremony_id, account_id, kind, token_hash, data, created_at, expires_at) values ($1, $2, $3, $4, $5, $6, $7, $8)`)
	qCeremonyEnd   = db.GlobalQ("identity.ceremony_end", `delete from identity_ceremonies where token_hash = $1`)
	qCeremonyTake  = db.GlobalQ("identity.ceremony_take", `delete from identity_ceremonies where token_hash = $1 returning tenant_id, ceremony_id, account_id, kind, data, tries, created_at, expires_at`)
	qCeremonyTry   = db.GlobalQ("identity.ceremony_try", `update identity_ceremonies set tries = tries + 1 where token_hash = $1 and tries < $2 returning tenant_id, ceremony_id, account_id, kind, data, tries, created_at, expires_at`)
	qCeremony      = db.GlobalQ("identity.ceremony", `select tenant_id, ceremony_id, account_id, kind, data, tries, created_at, expires_at from identity_ceremonies where token_hash = $1`)
	qCeremonySweep = db.GlobalQ("identity.ceremonies_sweep", `delete from identity_ceremonies where expires_at <= $1`)
)

type ceremony struct {
	tenant           ids.Tenant
	id               string
	account          ids.Account
	kind             string
	data             []byte // sealed
	tries            int
	created, expires int64
}

func scanCeremony(s db.Scanner) (ceremony, error) {
	var c ceremony
	return c, s.Scan(&c.tenant, &c.id, &c.account, &c.kind, &c.data, &c.tries, &c.created, &c.expires)
}

// ceremonyHash is what is stored of the cookie that a ceremony is bound to.
func ceremonyHash(kind, token string) []byte {
	h := sha256.Sum256([]byte(kind + " " + token))
	return h[:]
}

// put begins a ceremony; an earlier one of the same browser and kind is over. The seal binds the data to
// account and kind.
func (c ceremony) put(tx *db.Tx, k *vault.Key, token string, data []byte, now time.Time) error {
	if _, err := tx.Exec(qCeremonyEnd, ceremonyHash(c.kind, token)); err != nil {
		return err
	}
	c.id = string(ids.New[ids.Session]())
	_, err := tx.Exec(qCeremonyPut, c.tenant, c.id, c.account, c.kind, ceremonyHash(c.kind, token), k.Seal(c.place(), data), db.Micros(now), db.Micros(now.Add(c.life())))
	return err
}

func (c ceremony) life() time.Duration {
	if c.kind == askReset {
		return ResetFor
	}
	return CeremonyFor
}

func (c ceremony) place() vault.Loc {
	return at(ceremoniesTable, c.id+" "+string(c.account)+" "+c.kind, "data")
}

// open gives the data of a ceremony that is still in time.
func (c ceremony) open(k *vault.Key, now time.Time) ([]byte, error) {
	if db.Micros(now) >= c.expires {
		return nil, overCeremony()
	}
	return k.Open(c.place(), c.data)
}

func overCeremony() error { return fault.New(fault.Conflict, "identity.ceremony_over") }

// found tells a missing ceremony in its own words.
func found(c ceremony, err error) (ceremony, error) {
	if fault.Is(err, fault.Missing) {
		return c, overCeremony()
	}
	return c, err
}
