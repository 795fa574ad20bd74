package retention

import (
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/db"
)

// State of a candidate.
type State string

const (
	Open     State = "open"     // waits for approval
	Approved State = "approved" // by two different people
	Erasing  State = "erasing"  // handed to the gateway, or about to be
	Erased   State = "erased"
	Declined State = "declined" // with a reason and a day on which it may be listed again
	Dropped  State = "dropped"  // was held, or is not expired any more
)

// WaitDays is how long a candidate may wait for its two approvals before it counts as overdue: published.
const WaitDays = 30

// GraceDays is how long after it is due something may be neither listed nor erased.
const GraceDays = 2

// Candidate is something due, and what became of it.
type Candidate struct {
	Due
	ID     string
	Tenant ids.Tenant
	State  State
	Listed time.Time

	CustomerBy, DeskBy string // accounts
	CustomerAt, DeskAt time.Time
	EndedBy            string
	EndedAt            time.Time
	Why                string   // of a dropped one: "held", "changed" or "unbound"
	Reason             string   // of a declined one
	Again              jst.Date // of a declined one
	Erased             bool     // its reason was erased with the person or the tenant

	Batch, Run  string
	sealed, mac []byte
}

// Overdue tells whether it has waited too long, for approval or after it.
func (c Candidate) Overdue(now time.Time) bool {
	switch c.State {
	case Open:
		return now.After(c.Listed.AddDate(0, 0, WaitDays))
	case Approved, Erasing:
		return now.After(later(c.CustomerAt, c.DeskAt).AddDate(0, 0, GraceDays))
	}
	return false
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

const columns = `tenant_id, candidate_id, kind, unit, subject, person_id, class, base, keep_until, state, listed_at,
	customer_by, customer_at, desk_by, desk_at, ended_by, ended_at, why, reason, again_on, batch, run_id, mac`

var (
	qAdd = db.Q("retention.add", `insert into retention_candidate (tenant_id, candidate_id, kind, unit, subject, person_id, class, base, keep_until, state, listed_at, reason)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'open', $10, $11) on conflict do nothing`)
	qOne      = db.Q("retention.one", `select `+columns+` from retention_candidate where tenant_id = $1 and candidate_id = $2`)
	qAll      = db.Q("retention.all", `select `+columns+` from retention_candidate where tenant_id = $1 and (state in ('open', 'approved', 'erasing') or ended_at >= $2) order by keep_until, candidate_id limit 2000`)
	qActive   = db.Q("retention.active", `select `+columns+` from retention_candidate where tenant_id = $1 and state in ('open', 'approved', 'erasing') order by candidate_id`)
	qDeclined = db.Q("retention.declined", `select `+columns+` from retention_candidate where tenant_id = $1 and state = 'declined' and again_on > $2 order by candidate_id`)
	qCustomer = db.Q("retention.customer", `update retention_candidate set customer_by = $3, customer_at = $4, mac = $5, state = case when desk_by <> '' then 'approved' else state end
		where tenant_id = $1 and candidate_id = $2 and state = 'open' and customer_by = '' and desk_by <> $3 and (mac = $6 or mac is null and length($6) = 0)`)
	qDesk = db.Q("retention.desk", `update retention_candidate set desk_by = $3, desk_at = $4, mac = $5, state = case when customer_by <> '' then 'approved' else state end
		where tenant_id = $1 and candidate_id = $2 and state = 'open' and desk_by = '' and customer_by <> $3 and (mac = $6 or mac is null and length($6) = 0)`)
	qDecline = db.Q("retention.decline", `update retention_candidate set state = 'declined', ended_by = $3, ended_at = $4, reason = $5, again_on = $6, mac = $7
		where tenant_id = $1 and candidate_id = $2 and state in ('open', 'approved')`)
	qUndecline = db.Q("retention.undecline", `update retention_candidate set state = 'dropped', why = $3, ended_at = $4, mac = null where tenant_id = $1 and candidate_id = $2 and state = 'declined'`)
	qDrop      = db.Q("retention.drop", `update retention_candidate set state = 'dropped', why = $3, ended_at = $4, mac = null where tenant_id = $1 and candidate_id = $2 and state in ('open', 'approved', 'erasing')`)
	qBatch     = db.Q("retention.batch", `update retention_candidate set state = 'erasing', batch = $3 where tenant_id = $1 and candidate_id = $2 and state = 'approved'`)
	qEnd       = db.Q("retention.end", `update retention_candidate set state = 'erased', run_id = $3, ended_at = $4 where tenant_id = $1 and batch = $2 and state = 'erasing'`)

	qBusy    = db.GlobalQ("retention.busy", `select distinct tenant_id from retention_candidate where state in ('approved', 'erasing') order by tenant_id`)
	qWaitAll = db.GlobalQ("retention.wait_all", `select distinct tenant_id from retention_candidate where state in ('open', 'approved', 'erasing') order by tenant_id`)
)

func scan(s db.Scanner) (c Candidate, err error) {
	var base, until, again string
	var listed, customer, desk, ended int64
	err = s.Scan(&c.Tenant, &c.ID, &c.Kind, &c.Unit, &c.Subject, &c.Person, &c.Class, &base, &until, &c.State, &listed,
		&c.CustomerBy, &customer, &c.DeskBy, &desk, &c.EndedBy, &ended, &c.Why, &c.sealed, &again, &c.Batch, &c.Run, &c.mac)
	if err != nil {
		return c, err
	}
	c.Listed, c.CustomerAt, c.DeskAt, c.EndedAt = db.Time(listed), db.Time(customer), db.Time(desk), db.Time(ended)
	for text, to := range map[string]*jst.Date{base: &c.Base, until: &c.KeepUntil} {
		if *to, err = jst.ParseDate(text); err != nil {
			return c, fault.New(fault.Internal, "retention.base").Because(err)
		}
	}
	if base == until { // a map has one of two equal keys
		c.Base = c.KeepUntil
	}
	if again != "" {
		c.Again, err = jst.ParseDate(again)
	}
	return c, err
}
