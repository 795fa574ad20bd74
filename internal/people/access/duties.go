package access

import (
	"slices"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
)

// Apart is a pair that nobody holds together: two roles, or a role and personnel authority. An empty Other is every
// other role.
type Apart struct {
	One, Other actor.Role
	Why        string // for the page and for who is refused
	Source     string // the clause, law or guideline
	Personnel  bool   // the other side is personnel authority, with whatever role it comes
}

const (
	whyStress    = "検査を受ける人の解雇・昇進・異動を直接決める立場の人は、検査の実施の事務に従事できません"
	sourceStress = "労働安全衛生規則 第52条の10第2項"
)

// Duties are the pairs. They are decided within one tenant, where one person has one account (clause 3-2).
var Duties = []Apart{
	{One: actor.Auditor, Other: actor.Operator, Why: "監査する人は、監査される運用から独立していなければなりません", Source: "セキュリティ仕様 4-5a（独立した部門による内部監査）"},
	{One: actor.Auditor, Other: actor.ITSM, Why: "監査する人は、監査される管理から独立していなければなりません", Source: "セキュリティ仕様 4-5a（独立した部門による内部監査）"},
	{One: actor.Emergency, Why: "緊急用の利用者IDは、緊急の操作のほかに何もできません", Source: "セキュリティ仕様 3-2（最小権限）"},
	{One: actor.StressImplementer, Personnel: true, Why: whyStress, Source: sourceStress},
	{One: actor.StressStaff, Personnel: true, Why: whyStress, Source: sourceStress},
}

// names are the pair in words.
func (p Apart) names() (one, other string) {
	switch {
	case p.Personnel:
		return RoleName(p.One), "人事権"
	case p.Other == "":
		return RoleName(p.One), "ほかのすべての役割"
	}
	return RoleName(p.One), RoleName(p.Other)
}

// Names are the two sides in words, for the page of the matrix.
func (p Apart) Names() []string {
	one, other := p.names()
	return []string{one, other}
}

// mark is the sign of a role in the export: ● on a side of the pair, △ while nothing is stated of who holds it.
func (p Apart) mark(r actor.Role) string {
	switch {
	case !slices.Contains(actor.Held, r):
		return ""
	case r == p.One, !p.Personnel && (r == p.Other || p.Other == ""):
		return "●"
	case p.Personnel && actor.Presumed(r):
		return "△"
	}
	return ""
}

func (p Apart) broken(roles []actor.Role, say actor.Personnel) bool {
	if !slices.Contains(roles, p.One) {
		return false
	}
	if p.Personnel {
		return say.Counts(roles)
	}
	return slices.ContainsFunc(roles, func(r actor.Role) bool { return r != p.One && (r == p.Other || p.Other == "") })
}

// Together refuses what one person must not hold at once: fault.Conflict "access.duties", or "access.personnel" when
// it is personnel authority, stated or presumed, that stands against a role. Every way of giving a role or of stating
// that authority asks it: the screens, the command line, the personnel system's groups, the making of an account.
func Together(roles []actor.Role, say actor.Personnel) error {
	for _, p := range Duties {
		if !p.broken(roles, say) {
			continue
		}
		one, other := p.names()
		if p.Personnel {
			stated := "あり"
			if say == actor.PersonnelUnknown {
				stated = "未確認"
			}
			return fault.New(fault.Conflict, "access.personnel", "one", one, "stated", stated, "why", p.Why, "source", p.Source)
		}
		return fault.New(fault.Conflict, "access.duties", "one", one, "other", other, "why", p.Why)
	}
	return nil
}
