// Package erasure is the only way in which people and tenants are erased (clauses 6-1, 6-2): legal holds are
// asked first, the erasure ledger is written before anything goes, rows, files, keys and their copies go, and
// what is left is searched for.
// It must never erase what is held, never destroy before the ledger is on the disk, never report as done what was
// not looked for, and never keep a name or a health value.
package erasure

import (
	"time"

	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

// Order is why something is erased and who decided it. Two different people approve.
type Order struct {
	Reason      string   `json:"reason"`
	RequestedBy string   `json:"requested_by"` // account, or "retention" for the nightly engine
	ApprovedBy  []string `json:"approved_by"`  // accounts; at least two, all different
	Reference   string   `json:"reference"`    // the workflow's own number, e.g. of a termination; may be empty
}

// Kind of a run.
type Kind string

const (
	Persons Kind = "persons" // some people of a tenant
	Tenant  Kind = "tenant"  // everything of a tenant
	Records Kind = "records" // single records of people who stay
)

// Record is what one erasure did, the ground of its certificate. It holds opaque identifiers and counts.
type Record struct {
	ID     string     `json:"id"`
	Tenant ids.Tenant `json:"tenant"`
	Kind   Kind       `json:"kind"`
	State  State      `json:"state"`
	Step   string     `json:"step"` // the last one that is complete
	Order  Order      `json:"order"`

	People   []ids.Person `json:"people,omitempty"`  // of a run over people
	Records  []string     `json:"records,omitempty"` // of a run over records
	Class    string       `json:"class,omitempty"`   // retention class of a run over records
	Held     []ids.Person `json:"held,omitempty"`    // people under a legal hold, who were left alone
	Scope    []Scope      `json:"scope"`             // stores with counts
	Subjects int64        `json:"subjects"`          // how many people

	Started  time.Time `json:"started_at"`
	Finished time.Time `json:"finished_at"`

	Method   []Method        `json:"method"`
	Tool     string          `json:"tool"`
	Keys     []string        `json:"keys"`     // "tenant <id> version 1", "person keys: 50000"
	Receipts []vault.Receipt `json:"receipts"` // of destroyed keys; at most MaxReceipts, KeysGone counts all
	KeysGone int64           `json:"keys_destroyed"`
	KeysAt   time.Time       `json:"keys_destroyed_at"`
	KeysTook string          `json:"keys_took"`
	Copies   Copies          `json:"key_copies"`
	KeyLog   db.LogKept      `json:"key_log,omitempty"` // why the key store's server may still log the keys

	// Earlier versions sealed words about holds and declines with the service's own key: in backups it still opens them.
	HouseTexts bool `json:"house_texts,omitempty"`

	Verification Verification `json:"verification"`
	Exceptions   []Exception  `json:"exceptions"`

	LedgerN    int64  `json:"ledger_entry"`
	LedgerHash string `json:"ledger_hash"` // hexadecimal
}

// MaxReceipts bounds the receipts that a record carries; the rest stand in the key store.
const MaxReceipts = 200

// State of a run as others see it.
type State string

const (
	Running State = "running" // under way, or to be taken up again
	Waiting State = "waiting" // a legal hold keeps a part
	Done    State = "done"
)

// Scope is how much of one store went.
type Scope struct {
	Store string `json:"store"` // "main.person"
	Says  string `json:"says"`
	Count int64  `json:"count"`
}

// Method is how, by the categories of NIST SP 800-88 Rev. 2.
type Method struct {
	What      string `json:"what"`
	Category  string `json:"category"`  // Clear, Purge, Destroy
	Technique string `json:"technique"` // e.g. Cryptographic Erase
}

// Copies tells what became of the copies of the key store.
type Copies struct {
	RenewedAt time.Time `json:"renewed_at"`
	Purged    bool      `json:"purged"`
}

// Verification is how the result was looked at.
type Verification struct {
	Method   string    `json:"method"`
	At       time.Time `json:"at"`
	OK       bool      `json:"ok"`
	Stores   int       `json:"stores"`   // looked through
	Residual []string  `json:"residual"` // what was still found: must be empty
	Backups  []string  `json:"backups"`  // sets that were opened and tried
	Tried    int       `json:"tried"`    // sealed values of old backups that were really tried to open
	Opened   int       `json:"opened"`   // of them: must be 0
	Notes    []string  `json:"notes"`
}

// Exception is what stays, and why.
type Exception struct {
	What  string `json:"what"`
	Why   string `json:"why"`
	Until string `json:"until,omitempty"` // day, when it is known
}
