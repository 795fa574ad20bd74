// Package termination leads a customer out (clause 6-2): request with a wished month, hand-over, receipt, cooling
// off, call-back, two people, erasure in its window, certificates. It must never erase by itself (governance/erasure
// alone does), never skip a condition because a date is near, and never keep a name of a person.
package termination

import (
	"time"

	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
)

// Cooling is how long after the request nobody may confirm (clauses.md §3 6-2: against a hasty or a malicious
// administrator).
const Cooling = 7 * 24 * time.Hour

// Confirmations are how many different people confirm; at least one of them is the association's.
const Confirmations = 2

// Phase is where a case stands. It follows from what has been recorded and from nothing else.
type Phase string

const (
	Requested Phase = "requested" // conditions are still missing
	Confirmed Phase = "confirmed" // everything is recorded; the day is awaited
	Erasing   Phase = "erasing"   // decided: nobody can cancel any more
	Held      Phase = "held"      // erased but for people under a legal hold
	Erased    Phase = "erased"    // first-stage certificate
	Closed    Phase = "closed"    // second-stage certificate
	Cancelled Phase = "cancelled"
)

// By is who did something, and when. Side tells the customer's people from the association's.
type By struct {
	Account ids.Account `json:"account"`
	Side    Side        `json:"side"`
	At      time.Time   `json:"at"`
}

// Side of the contract.
type Side string

const (
	Customer    Side = "customer"
	Association Side = "association"
)

// Receipt is the customer's word on the hand-over: received, or expressly not wanted. In both cases the duty to
// keep records has been read and accepted (clauses.md §4, item 24).
type Receipt struct {
	By
	Refused bool   `json:"refused"`
	Reason  string `json:"reason,omitempty"` // of a refusal
	Digest  string `json:"digest,omitempty"` // SHA-256 of the file that was received
	Duty    string `json:"duty"`             // the notice as it was shown
}

// CallBack is the association's call to the customer, by a number that it had before the request.
type CallBack struct {
	By
	How string `json:"how"` // what was dialled and how it was known, without names
}

// Case is one customer's leaving. Tenant, name and contract are kept as they were when it was asked for: after
// the erasure nothing else knows them.
type Case struct {
	ID       string     `json:"id"`
	Tenant   ids.Tenant `json:"tenant"`
	Name     string     `json:"name"`
	Contract string     `json:"contract"`

	Month          string    `json:"month"` // wished: 2027-01
	MonthEnd       jst.Date  `json:"month_end"`
	EraseNotBefore jst.Date  `json:"erase_not_before"`
	EraseBy        jst.Date  `json:"erase_by"`
	Requested      By        `json:"requested"`
	Receipt        *Receipt  `json:"receipt,omitempty"`
	CallBack       *CallBack `json:"call_back,omitempty"`
	Confirmed      []By      `json:"confirmed,omitempty"`
	Cancelled      *By       `json:"cancelled,omitempty"`
	CancelReason   string    `json:"cancel_reason,omitempty"`

	Started  time.Time `json:"started"`  // decided to erase
	Run      string    `json:"run"`      // of the gateway
	Held     int       `json:"held"`     // people left alone
	Erased   time.Time `json:"erased"`   // finished, looked through
	First    string    `json:"first"`    // certificate
	Second   string    `json:"second"`   // certificate
	Closed   time.Time `json:"closed"`   // second stage issued
	Fault    string    `json:"fault"`    // code of the last failure; empty after a success
	Overdue  jst.Date  `json:"overdue"`  // last day on which it was reported as late
	Attempts int       `json:"attempts"` // of the erasure

	version int64
}

// Phase of the case.
func (c *Case) Phase() Phase {
	switch {
	case c.Cancelled != nil:
		return Cancelled
	case c.Second != "" && c.Held == 0:
		return Closed
	case !c.Erased.IsZero() && c.Held > 0:
		return Held
	case !c.Erased.IsZero() && c.First != "":
		return Erased
	case !c.Started.IsZero():
		return Erasing
	case len(c.missing()) == 0:
		return Confirmed
	}
	return Requested
}
