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
