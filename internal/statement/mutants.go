package statement

import (
	"fmt"
	"time"

	"rakudos/internal/base/control"
)

// mutantControl is the roll-up over all mutants: it has no probe of its own, for its evidence is theirs.
const mutantControl = "PRB-MUTANT"

// mutants fills the card of the roll-up: PASS only when every probe that
// gave a result was lately seen to be able to fail.
func mutants(cards map[string]Card, controls []control.Control, newest map[string]*Observation, now time.Time) {
	k, ok := cards[mutantControl]
	if !ok {
		return
	}
	total, caught, blind, status := 0, 0, 0, control.Pass
	var oldest, until time.Time
	for _, c := range controls {
		if c.Probe == nil || c.Mutant == nil {
			continue
		}
		o := newest[c.ID]
		if o != nil && o.Result == Failed {
			blind++
			continue // it could not look at all, and so vouches for nothing
		}
		total++
		switch {
		case o == nil || o.Mutant == None || o.Mutant == Errors:
			status = control.Worst(status, control.Unknown)
			k.Failed = append(k.Failed, c.ID)
			continue
		case o.Mutant == Missed:
			status = control.Fail
			k.Failed = append(k.Failed, c.ID)
			continue
		}
		caught++
		end := o.MutantAt.Add(c.Fresh)
		if o.limit != "" {
			status = control.Worst(status, o.limit)
		}
		if now.After(end) {
			status = control.Worst(status, control.Stale)
		}
		if oldest.IsZero() || o.MutantAt.Before(oldest) {
			oldest = o.MutantAt
		}
		if until.IsZero() || end.Before(until) {
			until = end
		}
	}
	if total == 0 || caught == 0 {
		return
	}
	k.Status, k.StatusText, k.Reason = status, statusWords[status], ""
	k.Measured = fmt.Sprintf("%d件の検査のうち%d件で、わざと壊した環境を不適合と判定しました。", total, caught)
	if blind > 0 {
		k.Measured += fmt.Sprintf("ほかの%d件は、いまの環境では検査そのものができず、壊した環境での確認にも数えていません。", blind)
	}
	switch status {
	case control.Fail:
		k.Reason = "わざと壊した環境でも不適合にならない検査があります。"
	case control.Unknown:
		k.Reason = "わざと壊した環境での検査を終えていないものがあります。"
	case control.Stale:
		k.Reason = "検査が失敗できることの確認が古くなったものがあります。"
	}
	k.ObservedAt, k.FreshUntil = Moment{oldest}, Moment{until}
	cards[mutantControl] = k
}
