package erasure

import (
	"context"
	"slices"

	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

// Rows that stay have words that do not: why something was held or declined, and on whose word. They are emptied, for
// until they were sealed with the tenant's key no erasure made them unreadable.

// emptyTexts empties what the run is about.
func (w *work) emptyTexts(ctx context.Context) error {
	if w.rec.Kind == Records {
		return nil
	}
	for _, s := range sweeps {
		if s.Text == "" {
			continue
		}
		if err := w.emptyIn(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

func (w *work) emptyIn(ctx context.Context, s sweep) error {
	if !w.partial() {
		_, err := w.chunk(ctx, s, func(tx *db.Tx) (int64, error) { return tx.Exec(s.texts, w.rec.Tenant) })
		return err
	}
	return inChunks(w.rec.Tenant, w.people(), func(args []any, _ int) error {
		_, err := w.chunk(ctx, s, func(tx *db.Tx) (int64, error) { return tx.Exec(s.textsOf, args...) })
		return err
	})
}

// emptyAll does the same for what the whole ledger tells of, whether the database knows the runs or not: earlier
// versions left these words where they were. It asks first who has any left, so that a start reads little.
func emptyAll(ctx context.Context, main *db.DB, all []Entry) error {
	for _, s := range sweeps {
		if s.Text == "" {
			continue
		}
		left := map[ids.Tenant][]ids.Person{}
		err := main.View(ctx, db.Global, func(tx *db.Tx) error {
			return db.Each(tx, s.textsAll, func(row db.Scanner) error {
				var t ids.Tenant
				var p ids.Person
				err := row.Scan(&t, &p)
				left[t] = append(left[t], p)
				return err
			})
		})
		if err != nil {
			return err
		}
		for _, e := range all {
			if err := e.emptyLeft(ctx, main, s, left[e.Tenant]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (e Entry) emptyLeft(ctx context.Context, main *db.DB, s sweep, left []ids.Person) error {
	if len(left) == 0 || e.Kind == Records {
		return nil
	}
	exec := func(q db.Query, args ...any) error {
		return main.Tx(ctx, e.Tenant, func(tx *db.Tx) error { _, err := tx.Exec(q, args...); return err })
	}
	if e.Kind == Tenant {
		return exec(s.texts, e.Tenant)
	}
	mine := slices.DeleteFunc(slices.Clone(left), func(p ids.Person) bool { return p == "" || !slices.Contains(e.People, p) })
	return inChunks(e.Tenant, mine, func(args []any, _ int) error { return exec(s.textsOf, args...) })
}

// noteHouseTexts finds out, before anything is emptied, whether the service's own key opens any of the words.
func (w *work) noteHouseTexts(ctx context.Context) error {
	k, err := w.o.Vault.Tenant(ctx, ids.System)
	if err != nil {
		return err
	}
	return w.o.Main.View(ctx, w.rec.Tenant, func(tx *db.Tx) error {
		for _, s := range sweeps {
			if s.Text == "" {
				continue
			}
			err := db.Each(tx, s.textsIn, func(row db.Scanner) error {
				var id string
				var p ids.Person
				var sealed []byte
				err := row.Scan(&id, &p, &sealed)
				if err == nil && !w.rec.HouseTexts && w.about(p) {
					_, closed := k.Open(vault.Loc{Table: s.Name, ID: id, Column: s.Text}, sealed)
					w.rec.HouseTexts = closed == nil
				}
				return err
			}, w.rec.Tenant)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// about tells whether a run, over a whole tenant or over people, is about a person.
func (w *work) about(p ids.Person) bool {
	if !w.partial() {
		return true
	}
	_, ok := slices.BinarySearch(w.people(), p)
	return ok
}
