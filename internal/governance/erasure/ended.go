package erasure

import (
	"context"

	"rakudos/internal/base/actor"
	"rakudos/internal/engine/db"
)

// Ended lists the newest runs of every tenant that have come to an end, or wait for a hold with the rest erased:
// those that must have a certificate.
func (g *Gateway) Ended(ctx context.Context, who actor.Actor, limit int) ([]Record, error) {
	if err := g.o.Guard(who, permRead); err != nil {
		return nil, err
	}
	all, err := g.records(ctx, db.Global, qRunsAll, limit)
	if err != nil {
		return nil, err
	}
	out := all[:0]
	for _, r := range all {
		if r.State != Running && !r.Finished.IsZero() {
			out = append(out, r)
		}
	}
	return out, nil
}

// Forgotten names the runs that the ledger tells of and the table does not. The ledger lies outside of the records and
// is signed: whoever takes a run's row away takes it out of no account (ADR 21).
func (g *Gateway) Forgotten(ctx context.Context, who actor.Actor) (out []string, err error) {
	if err := g.o.Guard(who, permRead); err != nil {
		return nil, err
	}
	all, err := g.o.Ledger.Read(ctx, g.o.Vault)
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	err = g.o.Main.View(ctx, db.Global, func(tx *db.Tx) error {
		ids, err := db.Column[string](tx, qRunIDs)
		for _, id := range ids {
			known[id] = true
		}
		return err
	})
	for _, e := range all {
		if id := e.run(); !known[id] {
			known[id] = true
			out = append(out, id)
		}
	}
	return out, err
}
