package identity

import (
	"crypto/subtle"
	"encoding/json"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

// A sealed account is for the day on which nobody else gets in (AC-BREAKGLASS). Password and one-time codes
// lie in an envelope. Using the password breaks the seal: everybody who watches is told at once. The second
// step takes a code of the envelope instead of a mailed one. The password opens one session and never
// another; the session lasts an hour, in which almost nothing can be done; then the account is stopped until
// somebody has looked into its use and somebody else has sealed it anew.

// Figures of sealed accounts.
const (
	SealedCodes = 5
	SealedFor   = time.Hour // one use
)

// SealState is where an envelope stands.
type SealState string

const (
	Sealed SealState = "sealed"
	Broken SealState = "broken" // the password was used, the second step not yet passed
	Opened SealState = "open"
	Spent  SealState = "spent"
)

// SealedAccount is an emergency account as those see it who keep it.
type SealedAccount struct {
	ID         ids.Account
	LoginID    string
	Name       string
	State      SealState
	SealedAt   time.Time
	SealedBy   string
	BrokenAt   time.Time
	OpenedAt   time.Time
	Drill      bool
	Reason     string
	EndedAt    time.Time
	ReviewedAt time.Time
	ReviewedBy string
	Finding    string
	DrilledAt  time.Time
	Shut       Shut
}

// Ends is when its session ends at the latest.
func (a SealedAccount) Ends() time.Time { return a.OpenedAt.Add(SealedFor) }

// Until is when a use ends by itself, counted from the breaking of the seal where the second step was not passed.
func (a SealedAccount) Until() time.Time {
	if a.OpenedAt.IsZero() {
		return a.BrokenAt.Add(SealedFor)
	}
	return a.Ends()
}

// Envelope is what is printed, once.
type Envelope struct {
	LoginID  string   `json:"login_id"`
	Password string   `json:"password"`
	Codes    []string `json:"codes"`
}

const (
	sealedTable  = "identity_sealed"
	sealedDomain = "@sealed.invalid" // stands for an address; nothing is mailed there
)

const sealedColumns = `s.tenant_id, s.account_id, s.state, s.codes, s.code, s.sealed_at, s.sealed_by, s.broken_at, s.opened_at, s.session_id, s.drill, s.reason, s.ended_at, s.reviewed_at, s.reviewed_by, s.finding, s.drilled_at, s.mac`

var (
	qSealed    = db.Q("identity.sealed", `select `+sealedColumns+` from identity_sealed s where s.tenant_id = $1 and s.account_id = $2`)
	qSealedAll = db.Q("identity.sealed_all", `select `+sealedColumns+` from identity_sealed s where s.tenant_id = $1 order by s.account_id`)
	qSealedDue = db.GlobalQ("identity.sealed_due", `select `+sealedColumns+` from identity_sealed s where s.state = 'open' and s.opened_at <= $1 or s.state = 'broken' and s.broken_at <= $1`)
	qSealedPut = db.Q("identity.sealed_put", `insert into identity_sealed (tenant_id, account_id, state, codes, code, sealed_at, sealed_by, broken_at, opened_at, session_id, drill, reason, ended_at, reviewed_at, reviewed_by, finding, drilled_at, mac)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
		on conflict (tenant_id, account_id) do update set state = excluded.state, codes = excluded.codes, code = excluded.code, sealed_at = excluded.sealed_at, sealed_by = excluded.sealed_by,
			broken_at = excluded.broken_at, opened_at = excluded.opened_at, session_id = excluded.session_id, drill = excluded.drill, reason = excluded.reason, ended_at = excluded.ended_at,
			reviewed_at = excluded.reviewed_at, reviewed_by = excluded.reviewed_by, finding = excluded.finding, drilled_at = excluded.drilled_at, mac = excluded.mac
		where identity_sealed.mac = $19`)
)

// sealedRow is a row of the table; instants are as they are stored.
type sealedRow struct {
	tenant              ids.Tenant
	account             ids.Account
	state               SealState
	codes               []byte
	code                int
	sealedAt            int64
	sealedBy            string
	brokenAt, openedAt  int64
	session             ids.Session
	drill               int
	reason              []byte
	endedAt, reviewedAt int64
	reviewedBy          string
	finding             []byte
	drilledAt           int64
	mac                 []byte
}

func scanSealed(s db.Scanner) (sealedRow, error) {
	var r sealedRow
	err := s.Scan(&r.tenant, &r.account, &r.state, &r.codes, &r.code, &r.sealedAt, &r.sealedBy, &r.brokenAt, &r.openedAt, &r.session, &r.drill, &r.reason,
		&r.endedAt, &r.reviewedAt, &r.reviewedBy, &r.finding, &r.drilledAt, &r.mac)
	return r, err
}

func (r *sealedRow) sum(k *vault.Key) []byte {
	return k.MAC("identity.sealed", []byte(r.account), []byte(r.state), r.codes, num(int64(r.code)), num(r.sealedAt), []byte(r.sealedBy), num(r.brokenAt), num(r.openedAt),
		[]byte(r.session), num(int64(r.drill)), r.reason, num(r.endedAt), num(r.reviewedAt), []byte(r.reviewedBy), r.finding, num(r.drilledAt))
}

// sealedOf reads the envelope of an account; nil when it is no emergency account. A row that does not verify
// is refused.
func (s *Service) sealedOf(tx *db.Tx, k *vault.Key, t ids.Tenant, id ids.Account) (*sealedRow, error) {
	r, err := db.One(tx, qSealed, scanSealed, t, id)
	if fault.Is(err, fault.Missing) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if subtle.ConstantTimeCompare(r.mac, r.sum(k)) != 1 {
		return nil, tampered()
	}
	return &r, nil
}

// putSealed writes a row that was read in this transaction, bound anew.
func (s *Service) putSealed(tx *db.Tx, k *vault.Key, r *sealedRow) error {
	before := r.mac
	if before == nil {
		before = []byte{}
	}
	r.mac = r.sum(k)
	n, err := tx.Exec(qSealedPut, r.tenant, r.account, string(r.state), r.codes, r.code, r.sealedAt, r.sealedBy, r.brokenAt, r.openedAt, r.session, r.drill, r.reason,
		r.endedAt, r.reviewedAt, r.reviewedBy, r.finding, r.drilledAt, r.mac, before)
	if err == nil && n == 0 {
		return fault.New(fault.Busy, "db.busy")
	}
	return err
}

func sealedAt(id ids.Account, column string) vault.Loc { return at(sealedTable, string(id), column) }

func (r *sealedRow) openCodes(k *vault.Key) ([]string, error) {
	plain, err := k.Open(sealedAt(r.account, "codes"), r.codes)
	if err != nil {
		return nil, err
	}
	var out []string
	return out, json.Unmarshal(plain, &out)
}

// notSealed refuses what administrators do to ordinary accounts: an emergency account is only sealed anew.
func (s *Service) notSealed(tx *db.Tx, k *vault.Key, t ids.Tenant, id ids.Account) error {
	r, err := s.sealedOf(tx, k, t, id)
	if err == nil && r != nil {
		return fault.New(fault.Conflict, "identity.sealed_account")
	}
	return err
}

// watchers are who is told of anything that happens to a sealed account.
var watchers = []actor.Role{actor.ITSM, actor.Auditor, actor.TenantAdmin}
