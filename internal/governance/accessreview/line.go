package accessreview

import (
	"encoding/json"
	"time"

	"rakudos/internal/base/ids"
)

// Kind of a line: whose grant it is.
type Kind string

// Kinds of subjects.
const (
	Account  Kind = "account"
	Machine  Kind = "machine"
	Database Kind = "database"
)

// Decision about a line. The first three are people's; Suspended is what silence comes to, Escalated a
// suspension that would have taken the last administrator away, Gone a grant that ended by itself.
type Decision string

// Decisions.
const (
	Open      Decision = ""
	Keep      Decision = "keep"
	Reduce    Decision = "reduce"
	Revoke    Decision = "revoke"
	Suspended Decision = "suspended"
	Escalated Decision = "escalated"
	Gone      Decision = "gone"
)

// Human tells whether a person made the decision.
func (d Decision) Human() bool { return d == Keep || d == Reduce || d == Revoke }

// takes tells whether something has to be carried out.
func (d Decision) takes() bool { return d == Reduce || d == Revoke || d == Suspended }

// Flag says that a line stands out.
type Flag string

// Flags, in the order in which they are shown.
const (
	Leaver     Flag = "leaver"     // the person has left
	Dormant    Flag = "dormant"    // nobody has signed in for DormantDays
	Unused     Flag = "unused"     // none of the role's permissions was used in DormantDays
	Shared     Flag = "shared"     // looks as if several people used the account
	Creep      Flag = "creep"      // granted since the last campaign
	Privileged Flag = "privileged" // may give rights to others, or passes by the program's checks
)

// Flags in the order in which they are shown.
var Flags = []Flag{Leaver, Dormant, Unused, Shared, Creep, Privileged}

// Mark is a flag with its evidence, one Japanese sentence without a name.
type Mark struct {
	Flag Flag   `json:"flag"`
	Says string `json:"says"`
}

// Notes is what a line was opened with.
type Notes struct {
	Marks []Mark `json:"marks,omitempty"`
	Used  string `json:"used,omitempty"` // what of the role was used, flagged or not
	// Personnel is what counts of personnel authority, beside roles that have to do with it.
	Personnel string `json:"personnel,omitempty"`
}

// Grant is what a line is about. For machines and database roles Role says what they may do.
type Grant struct {
	Kind    Kind
	Subject string // account, machine or database role
	Role    string
	Site    ids.Site
	Dept    ids.Dept
}

// Line is one grant under review.
type Line struct {
	Grant
	Campaign string
	No       int
	Addendum bool
	Notes
	Login, Name string // as they were called when the line was written
	Reviewer    ids.Account
	ReviewerOf  ids.Tenant
	Decision    Decision
	ToSite      ids.Site
	Reason      string
	DecidedBy   ids.Account
	DecidedAt   time.Time
	Took        time.Duration
	Bulk        bool
	CarriedAt   time.Time
	ReadBack    string // "denied" or "granted", once carried out

	flags string // Notes as stored
	seal  []byte // the subject as stored
	// Altered: what the row says is not what the service wrote. Nothing counts as decided about it.
	Altered bool
}

// Flagged tells whether a reason is needed even to keep it.
func (l Line) Flagged() bool { return len(l.Marks) > 0 }

// Settled tells whether nothing is left to be done about the line.
func (l *Line) Settled() bool {
	switch l.Decision {
	case Keep, Gone:
		return true
	case Reduce, Revoke, Suspended:
		return l.ReadBack == "denied"
	}
	return false
}

func (n Notes) text() string {
	b, err := json.Marshal(n)
	if err != nil {
		panic(err) // strings only
	}
	return string(b)
}

// State of a campaign.
type State string

// States of a campaign. Missed: the service did not run in that quarter. Void: the tenant left.
const (
	Running State = "open"
	Closing State = "closing"
	Closed  State = "closed"
	Missed  State = "missed"
	Void    State = "void"
)

// Campaign is one review of one tenant.
type Campaign struct {
	Tenant    ids.Tenant
	ID        string // the quarter's key
	Purpose   string
	State     State
	OpenedAt  time.Time
	DueAt     time.Time
	EndsAt    time.Time
	Snapshot  string // SHA-256, hexadecimal
	OpenedRef string
	ClosedAt  time.Time
	ClosedRef string
	Report    *Report // once closed
	text      string  // the report as it is stored; its sum is in the log
}

// Late tells whether it was closed after its quarter had ended.
func (c *Campaign) Late() bool { return c.State == Closed && !c.ClosedAt.Before(c.EndsAt) }

// Title is how people read it.
func (c *Campaign) Title() string {
	if q, ok := ParseQuarter(c.ID); ok {
		return q.String()
	}
	return "自己点検用の見直し"
}
