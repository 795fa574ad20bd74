package erasure

import (
	"context"

	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
)

// Witness keeps sealed values of one person as they were, to try them again after an erasure. It is for probes:
// it never opens anything for anybody to read.
type Witness struct {
	w      *work
	sample []old
}

// Witness takes them.
func (g *Gateway) Witness(ctx context.Context, t ids.Tenant, person ids.Person) (*Witness, error) {
	w := &work{Gateway: g, rec: Record{Tenant: t, Kind: Persons, People: []ids.Person{person}}}
	sample, err := w.oldRows(ctx, g.o.Main)
	return &Witness{w, sample}, err
}

// Look counts the values that today's keys still open, and the person's rows.
func (w *Witness) Look(ctx context.Context) (readable int, rows int64, err error) {
	t := w.w.rec.Tenant
	for _, r := range w.sample {
		opened, err := tryOpen(ctx, w.w.o.Vault, t, r)
		if err != nil {
			return 0, 0, err
		}
		if opened {
			readable++
		}
	}
	err = w.w.o.Main.View(ctx, t, func(tx *db.Tx) error {
		for _, s := range sweeps {
			if s.Erase != Rows {
				continue // what stays of it is identifiers
			}
			n, _, err := w.w.left(tx, s)
			if rows += n; err != nil {
				return err
			}
		}
		return nil
	})
	return readable, rows, err
}
