package vault

import (
	"context"
	"strconv"
	"time"

	"rakudos/internal/engine/db"
)

// Mark says that something was done once in the life of a key store. It stands here because whoever can
// write into the records must not be able to have it done again. Marks are rows of key_root beside the
// known value, wrapped like it, so that a new root key takes them along in the same way.
type Mark int

const (
	// MarkRows: the rows of accounts, grants and tenants from before their MACs have been bound.
	MarkRows Mark = 2
	// MarkResults: results, judgements and opinions from before have been sealed with what their rows say.
	MarkResults Mark = 3
	// MarkDemo: the demo's companies and accounts are in these data.
	MarkDemo Mark = 4
	// MarkSwitches: whether a provider is in use and which roles are tied to it have been sealed, and decisions of
	// reviews bound.
	MarkSwitches Mark = 5
)

var marks = []Mark{MarkRows, MarkResults, MarkSwitches}

var (
	qMark     = db.GlobalQ("vault.mark", `select count(*) from key_root where id = $1`)
	qMarkAdd  = db.GlobalQ("vault.mark_add", `insert into key_root (id, wrapped, created_at) values ($1, $2, $3) on conflict (id) do nothing`)
	qMarkDrop = db.GlobalQ("vault.mark_drop", `delete from key_root where id = $1 and id > 1`)
)

// Marked tells whether a mark is set.
func (v *Vault) Marked(ctx context.Context, m Mark) (bool, error) {
	n := 0
	err := v.keys.View(ctx, db.Global, func(tx *db.Tx) (err error) {
		n, err = db.Value[int](tx, qMark, int(m))
		return err
	})
	return n > 0, err
}

// SetMark sets a mark; one that stands already is no error.
func (v *Vault) SetMark(ctx context.Context, m Mark) error {
	wrapped, err := v.root.Wrap(ctx, []byte(knownValue), rootAAD(strconv.Itoa(int(m))))
	if err != nil {
		return err
	}
	return v.keys.Tx(ctx, db.Global, func(tx *db.Tx) error {
		_, err := tx.Exec(qMarkAdd, int(m), wrapped, db.Micros(time.Now()))
		return err
	})
}

// DropMark is for a restore alone: records from a backup of an older schema, proven by its table of
// contents, have to be bound once more.
func (v *Vault) DropMark(ctx context.Context, m Mark) error {
	return v.keys.Tx(ctx, db.Global, func(tx *db.Tx) error {
		_, err := tx.Exec(qMarkDrop, int(m))
		return err
	})
}
