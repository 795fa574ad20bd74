// Package support lets the association look into one tenant for a while: asked for with a reason and a
// ticket, approved by somebody else, seen and ended by the tenant at any time (AC-OPERATOR). It must never
// give access without an approval by another person, for longer than asked, or to anything but reading.
package support

import (
	"regexp"
	"strings"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/glyph"
	"rakudos/internal/base/ids"
)

// Bounds of one access.
const (
	Least    = 15 * time.Minute
	Most     = 4 * time.Hour
	AskedFor = 24 * time.Hour // an undecided request is void afterwards

	maxReason = 500 // code points
	maxNumber = 40
)

// Scope is what an access shows.
type Scope string

const (
	Lists  Scope = "lists"  // register, list of check-ups without results, imports
	Person Scope = "person" // the record of one person
)

// Role is the borrowed role in which an access is used.
func (s Scope) Role() actor.Role {
	if s == Person {
		return actor.SupportPerson
	}
	return actor.SupportLists
}

// State of an access. Ended comes from the clock too: see At.
type State string

const (
	Asked    State = "asked"
	Approved State = "approved"
	Refused  State = "refused"
	Ended    State = "ended"
)

// Why an access ended.
const (
	ByTime    = "time"
	ByAsker   = "asker"
	ByTenant  = "tenant"
	BySignOut = "signed-out"
	Undecided = "undecided"
)

// Access is one request and what became of it.
type Access struct {
	ID         string
	Tenant     ids.Tenant // looked into
	TenantCode string     // filled for the association's desk
	TenantName string
	Home       ids.Tenant // of whoever asked
	Asker      ids.Account
	AskerName  string
	Scope      Scope
	Number     string // employee number; empty for lists
	Reason     string
	Ticket     string
	Minutes    int
	AskedAt    time.Time
	State      State
	Decider    ids.Account
	DeciderBy  string // the decider's name
	DecidedAt  time.Time
	EndsAt     time.Time
	EnteredAt  time.Time
	EndedAt    time.Time
	EndReason  string
	Person     ids.Person // found at entering

	session ids.Session
}

// At is the state at an instant: the clock alone ends an access, whatever the row still says.
func (a *Access) At(now time.Time) State {
	switch {
	case a.State == Approved && !now.Before(a.EndsAt), a.State == Asked && now.Sub(a.AskedAt) >= AskedFor:
		return Ended
	}
	return a.State
}

// Actor is who acts under the access: the asker, in the tenant, in the borrowed role and in no other.
func (a *Access) Actor(home actor.Actor) actor.Actor {
	return actor.Actor{
		Kind: actor.Human, Tenant: a.Tenant, Account: home.Account, Session: home.Session,
		Roles: []actor.Role{a.Scope.Role()}, Only: a.Person, Ticket: a.Ticket, Purpose: Purpose,
	}
}

// Purpose of every event under an access.
const Purpose = "support"

// Ask is a request to be made.
type Ask struct {
	TenantCode string
	Scope      Scope
	Number     string // employee number, for Person
	Reason     string
	Ticket     string
	Minutes    int
}

var ticketForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/#-]{1,39}$`)

// check returns the request in normal form, or why it can't be made.
func (q Ask) check() (Ask, error) {
	q.Ticket, q.Number = strings.TrimSpace(q.Ticket), strings.TrimSpace(q.Number)
	reason, err := glyph.Reason(q.Reason, maxReason, "support.reason", "理由")
	if err != nil {
		return q, err
	}
	q.Reason = reason
	if !ticketForm.MatchString(q.Ticket) {
		return q, fault.New(fault.Invalid, "support.ticket")
	}
	if d := time.Duration(q.Minutes) * time.Minute; d < Least || d > Most {
		return q, fault.New(fault.Invalid, "support.minutes")
	}
	switch q.Scope {
	case Lists:
		q.Number = ""
	case Person:
		if q.Number, err = glyph.Name(q.Number, maxNumber, "support.number", "従業員番号"); err != nil {
			return q, err
		}
	default:
		return q, fault.New(fault.Invalid, "support.scope")
	}
	return q, nil
}
