package accessreview

import (
	"strings"
	"unicode/utf8"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/glyph"
	"rakudos/internal/base/ids"
	"slices"
)

const maxReason = 500 // code points

// Verdict is what a reviewer says about a line.
type Verdict struct {
	No       int
	Decision Decision
	Reason   string
	ToSite   ids.Site // with Reduce: the only site that stays
}

// reducible are the roles whose reach a site limits.
var reducible = []actor.Role{actor.HR, actor.Nurse, actor.Physician, actor.Manager}

// Reducible tells whether the grant can be narrowed to one site.
func (g Grant) Reducible() bool {
	return g.Kind == Account && g.Site == "" && slices.Contains(reducible, actor.Role(g.Role))
}

// Check tells why a verdict of an account is not accepted: fault.Denied for a line that is not the
// reviewer's, above all his own; fault.Invalid "review.reason" where a reason is missing.
func (l *Line) Check(by ids.Account, v Verdict) error {
	switch {
	case by == "" || string(by) == l.Subject:
		return fault.New(fault.Denied, "review.self")
	case by != l.Reviewer:
		return fault.New(fault.Denied, "review.not_yours")
	case l.Decision != Open && l.Decision != Keep && l.Decision != Escalated:
		return fault.New(fault.Conflict, "review.decided")
	case !v.Decision.Human():
		return fault.New(fault.Invalid, "review.decision")
	case v.Decision == Reduce && (!l.Reducible() || v.ToSite == ""):
		return fault.New(fault.Invalid, "review.reduce")
	}
	n := utf8.RuneCountInString(strings.TrimSpace(v.Reason))
	if n > maxReason {
		return fault.New(fault.Invalid, "review.reason_long")
	}
	if n > 0 {
		if _, err := glyph.Reason(v.Reason, maxReason, "review.reason", "理由"); err != nil {
			return err
		}
	}
	if n == 0 && (v.Decision != Keep || l.Flagged()) {
		return fault.New(fault.Invalid, "review.reason")
	}
	return nil
}
