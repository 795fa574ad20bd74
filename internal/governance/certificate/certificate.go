// Package certificate says, so that anybody can check it offline, that data was erased (clauses 6-3, 6-4;
// fields after NIST SP 800-88r2 §4.6). It must never say more than what was measured: a first-stage
// certificate never claims that backups are physically gone. It must never hold anything about health.
package certificate

import (
	"time"

	"rakudos/internal/base/jst"
)

// Format names the form of the signed text; another form is another name. The first form is still verified and
// printed, but no more issued: it called the two who had approved beforehand the operator and the verifier.
const (
	Format  = "rakudos-erasure-certificate/2"
	format1 = "rakudos-erasure-certificate/1"
)

// The stages (decisions.md, 6-3). Stage 1: primary data and keys are gone and backups cannot be read.
// Stage 2: the last backup generation that held the data has expired.
const (
	Primary = 1
	Backups = 2
)

// The states of a certificate. A revoked one keeps what it said, with the revocation beside it.
const (
	Issued         = "issued"
	WithExceptions = "with_exceptions"
	Revoked        = "revoked"
)

// What was erased.
const (
	OfTenant  = "tenant"
	OfPerson  = "person"
	OfPeople  = "people"  // several, told by their count
	OfRecords = "records" // single records of people who stay: their keys stay too
)

// Instant is one instant in both notations (clause 4-4).
type Instant struct {
	UTC string `json:"utc"` // 2026-12-30T01:02:03Z
	JST string `json:"jst"` // 2026-12-30T10:02:03+09:00
}

// At writes an instant, to the second.
func At(t time.Time) Instant {
	if t.IsZero() {
		return Instant{}
	}
	return Instant{t.UTC().Format(time.RFC3339), jst.StampSec(t)}
}

// Time reads it back; ok is false when both notations are not the same instant in their only spelling.
func (i Instant) Time() (time.Time, bool) {
	t, err := time.Parse(time.RFC3339, i.UTC)
	return t, err == nil && At(t) == i
}

// Store is one place in which data lay, and what was done there.
type Store struct {
	Name      string `json:"name"`      // as the registry of stores calls it
	Kind      string `json:"kind"`      // table, files, keys, sessions, …
	Count     int64  `json:"count"`     // records found and erased
	Category  string `json:"category"`  // of SP 800-88r2: clear, purge or destroy
	Technique string `json:"technique"` // how
}

// The categories of SP 800-88r2.
var categories = map[string]bool{"clear": true, "purge": true, "destroy": true}

// Key is a key that was destroyed, with the receipt of the key store.
type Key struct {
	ID        string  `json:"id"`
	Kind      string  `json:"kind"` // tenant or person
	Count     int64   `json:"count"`
	Destroyed Instant `json:"destroyed"`
	Receipt   string  `json:"receipt"`
}

// Verification is how it was looked at afterwards.
type Verification struct {
	Method string `json:"method"`
	Sample int64  `json:"sample"` // places or values that were looked at
	Found  int64  `json:"found"`  // what was still there; a certificate has 0
	Result string `json:"result"` // pass
}

// Exception is what was not erased, and why (clause 6-3: printed, never hidden).
type Exception struct {
	Kind   string `json:"kind"` // hold, log_skeleton, kept
	What   string `json:"what"`
	Count  *int64 `json:"count,omitempty"` // nil: not counted
	Reason string `json:"reason"`
}

// The kinds of exceptions. A log skeleton (that something happened, not what) always stays; a hold makes
// the certificate one with exceptions.
const (
	Hold        = "hold"
	LogSkeleton = "log_skeleton"
	Kept        = "kept" // what stays for a reason of its own, as the gateway names it
)

// Who acted. Name may be empty for an account that is told by its number alone.
type Who struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	Name  string `json:"name,omitempty"`
}

// Party is the customer, as it was called when it left.
type Party struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Contract string `json:"contract"` // the contract's code
}

// BackupState is what is true of the backups.
type BackupState struct {
	UnreadableSince Instant  `json:"unreadable_since"`  // keys gone from here on
	LastExpiry      string   `json:"last_expiry"`       // JST day by which the last generation is gone
	GoneAt          *Instant `json:"gone_at,omitempty"` // stage 2 alone: seen to be gone
}

// Earlier names the first-stage certificate that a second-stage one completes.
type Earlier struct {
	ID     string `json:"id"`
	Digest string `json:"digest"`
}

// Body is what is signed.
type Body struct {
	Format       string       `json:"format"`
	ID           string       `json:"id"`
	Stage        int          `json:"stage"`
	State        string       `json:"state"` // issued or with_exceptions
	Of           string       `json:"of"`
	Person       string       `json:"person,omitempty"` // its number alone
	Issuer       string       `json:"issuer"`
	Service      string       `json:"service"`
	Tenant       Party        `json:"tenant"`
	Basis        string       `json:"basis"` // why: 解約, 保存期間の満了, 本人の請求
	Media        string       `json:"media"`
	Before       string       `json:"sensitivity_before"`
	After        string       `json:"sensitivity_after"`
	Destination  string       `json:"destination"` // what became of the media
	Scope        []Store      `json:"scope"`
	Keys         []Key        `json:"keys"`
	Tool         string       `json:"tool"`
	ToolVersion  string       `json:"tool_version"`
	Started      Instant      `json:"started"`
	Finished     Instant      `json:"finished"`
	Verification Verification `json:"verification"`
	Exceptions   []Exception  `json:"exceptions"`
	Approvers    []Who        `json:"approvers,omitempty"` // approved the erasure before it began; the first form has none
	Operator     Who          `json:"operator"`            // what erased, and
	Verifier     Who          `json:"verifier"`            // what looked afterwards: the program's own two steps
	Backups      BackupState  `json:"backups"`
	Policy       string       `json:"policy"`
	LedgerIndex  int64        `json:"ledger_index"`
	FirstStage   *Earlier     `json:"first_stage,omitempty"`
	Replaces     *Earlier     `json:"replaces,omitempty"` // a revoked one for the same erasure
	IssuedAt     Instant      `json:"issued_at"`
	Says         []string     `json:"says"` // the sentences that it makes, fixed by stage and exceptions
}

// Total is how many records were erased.
func (b *Body) Total() (n int64) {
	for _, s := range b.Scope {
		n += s.Count
	}
	return n
}
