package accessreview

import (
	"slices"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/people/identity"
)

// Reviewer is somebody who may be asked.
type Reviewer struct {
	Account ids.Account
	Tenant  ids.Tenant
}

// bench are those who may be asked about a tenant's lines, the nearest first: its administrators, and for
// the lines that none of them may decide the second signers.
type bench struct {
	administrators, seconds []Reviewer
	above                   map[ids.Account][]ids.Account // who stands behind a reviewer
}

// holders are the active accounts that have any of the roles, in the order of the accounts.
func holders(all []identity.Account, t ids.Tenant, roles ...actor.Role) (out []Reviewer) {
	for _, a := range all {
		if a.Disabled {
			continue
		}
		for _, g := range a.Grants {
			if (actor.Actor{Roles: roles}).Has(g.Role) {
				out = append(out, Reviewer{a.ID, t})
				break
			}
		}
	}
	return out
}

// benchOf chooses the reviewers: in a customer's tenant its administrators, and behind them the
// association's IT service managers; in the association those managers, and behind them its operators.
func benchOf(t ids.Tenant, own []identity.Account, association ids.Tenant, theirs []identity.Account) bench {
	if t == association {
		return bench{administrators: holders(own, t, actor.ITSM, actor.TenantAdmin), seconds: holders(own, t, actor.Operator)}
	}
	return bench{administrators: holders(own, t, actor.TenantAdmin), seconds: holders(theirs, association, actor.ITSM)}
}

// may tells whether a reviewer may be asked about a subject: never about himself, nor about somebody who has made his
// account and might answer in his place.
func (b bench) may(r Reviewer, subject string) bool {
	return r.Account != "" && string(r.Account) != subject && !slices.Contains(b.above[r.Account], ids.Account(subject))
}

// pick gives a subject's reviewer, whoever has the fewest lines so far; none when nobody may.
func (b bench) pick(subject string, load map[ids.Account]int) (Reviewer, bool) {
	for _, row := range [][]Reviewer{b.administrators, b.seconds} {
		var best Reviewer
		for _, r := range row {
			if b.may(r, subject) && (best.Account == "" || load[r.Account] < load[best.Account]) {
				best = r
			}
		}
		if best.Account != "" {
			load[best.Account]++
			return best, true
		}
	}
	return Reviewer{}, false
}

// still tells whether a line's reviewer may go on: somebody nearer never takes a line away, but a reviewer
// who cannot act any more loses it.
func (b bench) still(l *Line) bool {
	for _, row := range [][]Reviewer{b.administrators, b.seconds} {
		for _, r := range row {
			if r.Account == l.Reviewer && r.Tenant == l.ReviewerOf && b.may(r, l.Subject) {
				return true
			}
		}
	}
	return false
}
