package certificate

import (
	"slices"
	"strings"
)

// What people and the program did, in fixed words, so that nobody is said to have done more (clause 6-3).
const (
	titleApproved = "承認者（消去の実行を、実行の前に承認）"
	titleTrial    = "検査のための仮の承認（人ではありません）"
)

// The program erases and looks afterwards, in two steps of its own; people approve before it begins.
var (
	eraser  = Who{ID: "program:erasure", Title: "このプログラム（承認に基づき、自動で消去）"}
	checker = Who{ID: "program:verification", Title: "このプログラム（自動で確認。人による確認ではありません）"}
)

// trialPrefix begins what stands for a person where the probes erase an invented customer; no account's id does.
const trialPrefix = "probe-"

// Approver is somebody who approved an erasure before it began.
func Approver(id string) Who {
	if strings.HasPrefix(id, trialPrefix) {
		return Who{ID: id, Title: titleTrial}
	}
	return Who{ID: id, Title: titleApproved}
}

// approvers are those of both forms: the first one named them as if they had erased and verified.
func (b *Body) approvers() []Who {
	if b.Format == format1 {
		return []Who{Approver(b.Operator.ID), Approver(b.Verifier.ID)}
	}
	return b.Approvers
}

func (b *Body) trial() bool {
	return slices.ContainsFunc(b.Approvers, func(w Who) bool { return w.Title != titleApproved })
}

// actedRightly: two different ones approved, each told by what it did; and what is said of the program is fixed.
func (b *Body) actedRightly() bool {
	if b.Format == format1 {
		return b.Operator.ID != b.Verifier.ID && len(b.Approvers) == 0
	}
	if len(b.Approvers) < 2 || len(b.Approvers) > maxItems || b.Operator != eraser || b.Verifier != checker {
		return false
	}
	seen := map[string]bool{}
	for _, w := range b.Approvers {
		if seen[w.ID] || w != Approver(w.ID) {
			return false
		}
		seen[w.ID] = true
	}
	return true
}
