package access

import (
	"slices"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
)

// Apart is a pair of roles that nobody holds together. An empty Other is every other role.
type Apart struct {
	One, Other actor.Role
	Why        string // for the page and for who is refused
	Source     string // the clause, law or guideline
}

// Duties are the pairs. They are decided within one tenant, where one person has one account (clause 3-2). A role
// that must keep away from another, as those who carry a stress check out from whoever decides on dismissal,
// promotion and transfer (労働安全衛生規則第52条の10第2項), is one more line here.
var Duties = []Apart{
	{actor.Auditor, actor.Operator, "監査する人は、監査される運用から独立していなければなりません", "セキュリティ仕様 4-5a（独立した部門による内部監査）"},
	{actor.Auditor, actor.ITSM, "監査する人は、監査される管理から独立していなければなりません", "セキュリティ仕様 4-5a（独立した部門による内部監査）"},
	{actor.Emergency, "", "緊急用の利用者IDは、緊急の操作のほかに何もできません", "セキュリティ仕様 3-2（最小権限）"},
}

// names are the pair in words.
func (p Apart) names() (one, other string) {
	if p.Other == "" {
		return RoleName(p.One), "ほかのすべての役割"
	}
	return RoleName(p.One), RoleName(p.Other)
}

// Names are the two sides in words, for the page of the matrix.
func (p Apart) Names() []string {
	one, other := p.names()
	return []string{one, other}
}

// has tells whether a role is on a side of the pair.
func (p Apart) has(r actor.Role) bool { return r == p.One || r == p.Other || p.Other == "" }

func (p Apart) broken(roles []actor.Role) bool {
	if !slices.Contains(roles, p.One) {
		return false
	}
	return slices.ContainsFunc(roles, func(r actor.Role) bool { return r != p.One && p.has(r) })
}

// Together refuses roles that one person must not hold at once: fault.Conflict "access.duties". Every way of giving
// a role asks it: the screens, the command line, the personnel system's groups, the making of an account.
func Together(roles []actor.Role) error {
	for _, p := range Duties {
		if p.broken(roles) {
			one, other := p.names()
			return fault.New(fault.Conflict, "access.duties", "one", one, "other", other, "why", p.Why)
		}
	}
	return nil
}
