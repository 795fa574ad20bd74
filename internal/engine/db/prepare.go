package db

import "context"

// Prepare asks the engine whether it accepts a statement, without running it. One test walks Queries with
// it, so that a text which only one engine understands never ships.
func (d *DB) Prepare(ctx context.Context, q Query) error {
	s, err := d.write.PrepareContext(ctx, q.on(d.cfg.Engine))
	if err != nil {
		return d.wrap(q.name, err)
	}
	return s.Close()
}
