package erasure

import (
	"bytes"
	"context"
	"os"

	"rakudos/internal/base/actor"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

// Checked is a ledger that holds.
type Checked struct {
	Entries int
	Head    string // hash of the newest entry
	File    string
	Copy    string // "same", "none" or "differs"
	Waiting int    // runs that are not complete
}

// Check verifies the ledger against the key store and the records; an error says what does not hold.
func (l *Ledger) Check(ctx context.Context, main *db.DB, v *vault.Vault) (c Checked, err error) {
	c.File, c.Copy = l.files[0], "none"
	all, err := l.Read(ctx, v)
	if err != nil {
		return c, err
	}
	if err := agrees(ctx, main, v, all); err != nil {
		return c, err
	}
	if err := runsHold(ctx, main, v, all); err != nil {
		return c, err
	}
	if c.Entries = len(all); c.Entries > 0 {
		c.Head = all[c.Entries-1].hash()
	}
	if len(l.files) > 1 {
		own, err1 := os.ReadFile(l.files[0])
		other, err2 := os.ReadFile(l.files[1])
		if c.Copy = "same"; !bytes.Equal(own, other) || (err1 == nil) != (err2 == nil) {
			c.Copy = "differs"
		}
	}
	err = main.View(ctx, db.Global, func(tx *db.Tx) error {
		open, err := db.All(tx, qRunsOpen, scanRun)
		c.Waiting = len(open)
		return err
	})
	return c, err
}

// All lists the newest records of every tenant.
func (g *Gateway) All(ctx context.Context, who actor.Actor, limit int) ([]Record, error) {
	if err := g.o.Guard(who, permRead); err != nil {
		return nil, err
	}
	return g.records(ctx, db.Global, qRunsAll, min(max(limit, 1), 1000))
}
