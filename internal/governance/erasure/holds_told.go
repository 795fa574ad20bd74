package erasure

import (
	"context"
	"slices"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
)

// A hold is in force as long as the service's log tells of it and of no release, whatever its row says: whoever writes
// into the records lifts none by a date, by another name, or by taking the row away (ADR 21). A row of which the log
// tells nothing holds too, for keeping too long is never too early.

const (
	verbPlaced   = "hold.placed"
	verbReleased = "hold.released"
)

// toldHolds are a tenant's holds in force as the log tells them, the newest first.
func (g *Gateway) toldHolds(ctx context.Context, t ids.Tenant) (out []Hold, err error) {
	over := map[string]bool{}
	if err := g.holdEvents(ctx, t, verbReleased, func(id string, _ audit.Entry) { over[id] = true }); err != nil {
		return nil, err
	}
	err = g.holdEvents(ctx, t, verbPlaced, func(id string, e audit.Entry) {
		text := func(name string) string { s, _ := e.Detail[name].(string); return s }
		if !over[id] {
			out = append(out, Hold{ID: id, Tenant: t, Scope: text("scope"), Class: text("class"), Person: ids.Person(text("person")), PlacedAt: e.At, PlacedBy: string(e.Actor.Account)})
		}
	})
	return out, err
}

// holdEvents hands out the events of one tenant's holds in the service's own chain, which outlives the tenant's key.
func (g *Gateway) holdEvents(ctx context.Context, t ids.Tenant, verb string, fn func(id string, e audit.Entry)) error {
	f := audit.Filter{Verb: verb, Limit: 1000}
	for {
		found, err := g.o.Log.Find(ctx, actor.System(ids.System, "erasure"), f)
		if err != nil {
			return fault.New(fault.Busy, "erasure.holds_unread").Because(err)
		}
		for _, e := range found {
			f.Before = e.Seq
			if id, _ := e.Detail["hold"].(string); e.Detail["tenant"] == string(t) {
				fn(id, e)
			}
		}
		if len(found) < f.Limit {
			return nil
		}
	}
}

// keeps adds holds that the log tells of.
func (h *held) keeps(all []Hold) {
	for _, x := range all {
		switch x.Scope {
		case HoldPerson:
			h.people[x.Person] = true
		case HoldClass:
			h.classes[x.Class] = true
		default:
			h.whole = true
		}
	}
}

// unlike are the holds in force whose rows say otherwise or are gone.
func unlike(told, rows []Hold) (out []Hold) {
	for _, x := range told {
		i := slices.IndexFunc(rows, func(r Hold) bool { return r.ID == x.ID })
		if i < 0 || !rows[i].ReleasedAt.IsZero() || rows[i].Scope != x.Scope || rows[i].Person != x.Person || rows[i].Class != x.Class {
			out = append(out, x)
		}
	}
	return out
}

// refused records, once in the life of the process, holds whose rows are not as the service wrote them.
func (g *Gateway) refused(ctx context.Context, t ids.Tenant, all []Hold) error {
	for _, h := range all {
		if _, again := g.unlike.LoadOrStore(h.ID, true); again {
			continue
		}
		if _, err := g.o.Log.Record(ctx, audit.Event{Verb: "integrity.row_refused", Actor: actor.System(ids.System, "erasure"), Kind: "row", Result: "denied",
			Detail: map[string]any{"table": "erasure_hold", "row": h.ID, "tenant": string(t)}}); err != nil {
			return err
		}
	}
	return nil
}

// endLost ends a hold whose row is gone or already looks released: a person with the right to does it, with a reason,
// and the log is what counts.
func (g *Gateway) endLost(tx *db.Tx, t ids.Tenant, id string) error {
	told, err := g.toldHolds(tx.Context(), t)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(told, func(h Hold) bool { return h.ID == id }) {
		return fault.New(fault.Missing, "erasure.no_hold")
	}
	return nil
}
