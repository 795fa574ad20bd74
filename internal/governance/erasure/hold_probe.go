package erasure

import (
	"context"
	"fmt"
	"time"

	"rakudos/internal/base/control"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/db"
)

// What the probe does to the row of its own hold, in a sandbox.
var (
	qHoldLapse = db.Q("erasure.hold_lapse", `update erasure_hold set review_by = $3 where tenant_id = $1 and hold_id = $2`)
	qHoldSpoil = db.Q("erasure.hold_spoil", `update erasure_hold set sealed = $3 where tenant_id = $1 and hold_id = $2`)
	qHoldsOpen = db.GlobalQ("erasure.holds_open", `select `+holdColumns+` from erasure_hold where released_at = 0 order by tenant_id, hold_id`)
)

// probeHold: a held canary survives an order to erase it, also when the day of the review has gone by and when what
// the hold says can't be read any more; released, it does not.
func probeHold(ctx context.Context, sc Scene) (control.Evidence, error) {
	t, person, err := sc.Canary(ctx)
	if err != nil {
		return control.Evidence{}, err
	}
	g, people := sc.Gateway(), []ids.Person{person}
	h, err := g.Place(ctx, prober(), Hold{
		Tenant: t, Scope: HoldPerson, Person: person, Reason: "自己点検", Authority: "自己点検", Reviewer: "自己点検", ReviewBy: jst.Of(time.Now()).AddMonths(1),
	})
	if err != nil {
		return control.Evidence{}, err
	}
	e := control.Evidence{Facts: map[string]any{}}
	states := []struct {
		fact, what string
		q          db.Query
		to         any
		flagged    func(Hold) bool
	}{
		{fact: "survived", what: "保全中"},
		{"survived_lapsed", "見直す日を過ぎた保全の", qHoldLapse, jst.Of(time.Now()).AddDays(-1).String(), func(h Hold) bool { return h.Late(jst.Of(time.Now())) && !h.Unread }},
		{"survived_unread", "読めない保全の", qHoldSpoil, []byte("damaged"), func(h Hold) bool { return h.Unread }},
	}
	survived := 0
	for _, s := range states {
		if s.flagged != nil {
			err := g.o.Main.Tx(ctx, t, func(tx *db.Tx) error { _, err := tx.Exec(s.q, t, h.ID, s.to); return err })
			if err != nil {
				return e, err
			}
			all, err := g.Holds(ctx, prober(), t)
			if err != nil {
				e.Failed = append(e.Failed, s.what+"一覧が開けません。")
			}
			for _, one := range all {
				if one.ID == h.ID && !s.flagged(one) {
					e.Failed = append(e.Failed, s.what+"しるしが付きません。")
				}
			}
		}
		_, refusal := g.ErasePersons(ctx, prober(), t, people, probeOrder)
		keys, err := g.o.Vault.Persons(ctx, t, people)
		if err != nil {
			return e, err
		}
		ok := keys[person] != nil && fault.Is(refusal, fault.Conflict)
		e.Facts[s.fact] = ok
		if !ok {
			e.Failed = append(e.Failed, s.what+"架空の人が消去されました。")
			break // nobody is left to be held
		}
		survived++
	}
	gone := false
	if survived == len(states) {
		if err := g.Release(ctx, prober(), t, h.ID, "自己点検の終わり"); err != nil {
			return e, err
		}
		r, err := g.ErasePersons(ctx, prober(), t, people, probeOrder)
		if gone = err == nil && r.State == Done; !gone {
			e.Failed = append(e.Failed, "解除の後の消去が完了しません。")
		}
	}
	e.OK, e.Facts["erased_after_release"] = len(e.Failed) == 0, gone
	e.Measured = fmt.Sprintf("架空の人の保全を、期限内・見直す日の後・中身を読めなくした後の%d通りにして消去を申し出て、%d通りで断られ、記録が残りました。解除の後の消去は、%s。",
		len(states), survived, control.Said(gone, "完了しました", "完了していません"))
	return e, nil
}

// mutantHold breaks one protection at a time, and each must be found by what it is: one that is not makes the whole pass.
func (p Probing) mutantHold(in func(func(context.Context, Scene) (control.Evidence, error), string) control.Probe) control.Probe {
	return func(ctx context.Context) (out control.Evidence, err error) {
		for _, m := range []struct{ sabotage, fact string }{{SabotageHold, "survived"}, {SabotageLapse, "survived_lapsed"}, {SabotageUnread, "survived_unread"}} {
			e, err := in(probeHold, m.sabotage)(ctx)
			if err != nil {
				return e, err
			}
			if e.OK || e.Facts[m.fact] != false {
				e.OK = true
				return e, nil
			}
			out.Measured, out.Failed = e.Measured, append(out.Failed, e.Failed...)
		}
		return out, nil
	}
}

// withHolds adds the holds of the running service: those whose review is late are counted, one that can't be read
// breaks the promise, though it holds.
func (p Probing) withHolds(probe control.Probe) control.Probe {
	return func(ctx context.Context) (control.Evidence, error) {
		e, err := probe(ctx)
		if err != nil {
			return e, err
		}
		var all []holdRow
		err = p.Live.o.Main.View(ctx, db.Global, func(tx *db.Tx) error { all, err = db.All(tx, qHoldsOpen, scanHold); return err })
		if err != nil {
			return e, err
		}
		open, late, unread := 0, 0, 0
		keys := map[ids.Tenant]holdKeys{}
		for _, r := range all {
			k, ok := keys[r.Tenant]
			if !ok {
				if k, err = p.Live.keysOf(ctx, r.Tenant); err != nil {
					return e, err
				}
				keys[r.Tenant] = k
			}
			h := r.open(k)
			if h.Erased { // of a tenant that is gone, in a database from before the release
				continue
			}
			open++
			if h.Unread {
				unread++
			} else if h.Late(jst.Of(time.Now())) {
				late++
			}
		}
		if unread > 0 {
			e.OK, e.Failed = false, append(e.Failed, fmt.Sprintf("読めない保全の指定が%d件あります（消去は止めています）。", unread))
		}
		e.Facts["open"], e.Facts["late"], e.Facts["unread"] = open, late, unread
		e.Measured += fmt.Sprintf("このサービスで続いている保全%d件のうち、見直す日を過ぎたものは%d件（保全は続きます）、読めないものは%d件です。", open, late, unread)
		return e, nil
	}
}
