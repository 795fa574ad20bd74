package identity

import (
	"context"
	"encoding/json"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

const assertedTable = "identity_asserted"

// MaxKept bounds what the maker of an assertion may leave with a session.
const MaxKept = 16 << 10

var (
	qAssertedPut    = db.Q("identity.asserted_put", `insert into identity_asserted (tenant_id, id, account_id, sealed, created_at) values ($1, $2, $3, $4, $5)`)
	qAsserted       = db.Q("identity.asserted", `select sealed from identity_asserted where tenant_id = $1 and id = $2`)
	qAssertedMove   = db.Q("identity.asserted_move", `update identity_asserted set id = $3, sealed = $4 where tenant_id = $1 and id = $2`)
	qAssertedEnd    = db.Q("identity.asserted_end", `delete from identity_asserted where tenant_id = $1 and id = $2`)
	qAssertedEndOf  = db.Q("identity.asserted_end_of", `delete from identity_asserted where tenant_id = $1 and account_id = $2 and id <> $3`)
	qAssertedEndAll = db.Q("identity.asserted_end_all", `delete from identity_asserted where tenant_id = $1 and id <> $2`)
	// What neither a living session nor an open sign-in stands behind any more.
	qAssertedSweep = db.GlobalQ("identity.asserted_sweep", `delete from identity_asserted
		where not exists (select 1 from identity_sessions s where s.tenant_id = identity_asserted.tenant_id and s.session_id = identity_asserted.id and s.ended_at = 0)
		and not exists (select 1 from identity_signins i where i.tenant_id = identity_asserted.tenant_id and i.signin_id = identity_asserted.id and i.state = 'open' and i.created_at > $1)`)
)

// Vouched is what a session owes to a provider. It is sealed for one session of one account, so that nobody who writes
// into the database makes a session look as if it had come through the provider.
type Vouched struct {
	Connection string      `json:"connection"`
	Account    ids.Account `json:"account"`
	Kept       []byte      `json:"kept,omitempty"` // the maker's own: nobody else reads it
}

func (v Vouched) seal(k *vault.Key, id string) []byte {
	plain, err := json.Marshal(v)
	if err != nil {
		panic(err) // texts only
	}
	return k.Seal(at(assertedTable, id, "sealed"), plain)
}

// putVouched notes that a sign-in came through a provider.
func putVouched(tx *db.Tx, k *vault.Key, as Assertion, signin string, now time.Time) error {
	v := Vouched{Connection: as.Connection, Account: as.Account, Kept: as.Kept}
	if len(v.Kept) > MaxKept {
		v.Kept = nil
	}
	_, err := tx.Exec(qAssertedPut, as.Tenant, signin, as.Account, v.seal(k, signin), db.Micros(now))
	return err
}

// moveVouched hands it on from a sign-in to the session that it has become.
func moveVouched(tx *db.Tx, k *vault.Key, t ids.Tenant, a ids.Account, signin string, to ids.Session) error {
	v, ok, err := vouchedOf(tx, k, t, a, signin)
	if err != nil || !ok {
		return err
	}
	_, err = tx.Exec(qAssertedMove, t, signin, to, v.seal(k, string(to)))
	return err
}

// vouchedOf reads it. A row that the service did not write for this session and account is none.
func vouchedOf(tx *db.Tx, k *vault.Key, t ids.Tenant, a ids.Account, id string) (v Vouched, ok bool, err error) {
	sealed, err := db.Value[[]byte](tx, qAsserted, t, id)
	if fault.Is(err, fault.Missing) {
		return v, false, nil
	}
	if err != nil {
		return v, false, err
	}
	plain, err := k.Open(at(assertedTable, id, "sealed"), sealed)
	ok = err == nil && json.Unmarshal(plain, &v) == nil && v.Account == a
	return v, ok, nil
}

// Vouched tells through which connection the holder of a session came in; false: by a means of their own.
func (s *Service) Vouched(ctx context.Context, token string) (v Vouched, ok bool, err error) {
	cur, err := s.Session(ctx, token, false)
	if err != nil {
		return v, false, err
	}
	t := cur.Actor.Tenant
	k, err := s.keys.Tenant(ctx, t)
	if err != nil {
		return v, false, err
	}
	err = s.db.View(ctx, t, func(tx *db.Tx) (err error) {
		v, ok, err = vouchedOf(tx, k, t, cur.Actor.Account, string(cur.ID))
		return err
	})
	return v, ok, err
}
