package org

import (
	"context"
	"slices"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

// chunkLines is how many lines are sealed and staged at a time: the writer is held for some ten
// milliseconds.
const chunkLines = 1000

// stager seals accepted steps with their people's keys and stages them.
type stager struct {
	s      *Service
	ctx    context.Context
	tenant ids.Tenant
	id     ids.Import
	tk     *vault.Key
	held   []step
	done   int
}

func (g *stager) add(st step) error {
	g.held = append(g.held, st)
	if len(g.held) < g.s.chunk {
		return nil
	}
	return g.flush()
}

func (g *stager) flush() error {
	if len(g.held) == 0 {
		return nil
	}
	keys, err := g.keys()
	if err != nil {
		return err
	}
	g.s.step("keys")
	rows := make([][]any, 0, len(g.held))
	var events [][]any
	for i := range g.held {
		st := &g.held[i]
		k := keys[st.after.ID]
		if k == nil {
			return fault.New(fault.Conflict, "org.key_missing")
		}
		rows = append(rows, g.row(st, k))
		events = g.events(events, st, k)
	}
	g.done += len(g.held)
	g.held = g.held[:0]
	err = g.s.db.Tx(g.ctx, g.tenant, func(tx *db.Tx) error { return g.write(tx, rows, events) })
	g.s.step("chunk")
	return err
}

// keys makes the keys of the new people and fetches all that the chunk needs.
func (g *stager) keys() (map[ids.Person]*vault.Key, error) {
	var fresh, all []ids.Person
	for i := range g.held {
		if g.held[i].isNew {
			fresh = append(fresh, g.held[i].after.ID)
		}
		all = append(all, g.held[i].after.ID)
	}
	if err := g.s.vault.CreatePersons(g.ctx, g.tenant, fresh); err != nil {
		return nil, err
	}
	return g.s.vault.Persons(g.ctx, g.tenant, all)
}

// row gives the arguments of one staged row.
func (g *stager) row(st *step, k *vault.Key) []any {
	p := &st.after
	sealed := k.Seal(personAt(p.ID), appendPerson(nil, p))
	return []any{
		st.line, p.ID, numberIndex(g.tk, p.Number), identityIndex(g.tk, p.Kana, p.Birth, p.Sex),
		string(p.Site), string(p.Dept), packDate(p.Left), sealed,
	}
}

// events appends the arguments of a step's history; a renamed or corrected person's former record goes in
// sealed.
func (g *stager) events(out [][]any, st *step, k *vault.Key) [][]any {
	for _, c := range st.changes {
		id := ids.New[string]()
		former := []byte{}
		if c.kind == Renamed || c.kind == Corrected {
			former = k.Seal(eventAt(id), appendPerson(nil, &st.before))
		}
		out = append(out, []any{
			st.line, id, st.after.ID, string(c.kind), packDate(c.day), string(st.after.Site), string(st.after.Dept), former,
		})
	}
	return out
}

func (g *stager) write(tx *db.Tx, rows, events [][]any) error {
	if err := g.insert(tx, qStage1, qStageN, rows); err != nil {
		return err
	}
	if err := g.insert(tx, qStageE1, qStageEN, events); err != nil {
		return err
	}
	_, err := tx.Exec(qImportDone, g.tenant, g.id, g.done, db.Micros(time.Now()))
	return err
}

// insert puts rows in, many at a time while there are many.
func (g *stager) insert(tx *db.Tx, one, many db.Query, rows [][]any) error {
	for len(rows) > 0 {
		n, q := stageRows, many
		if len(rows) < stageRows {
			n, q = 1, one
		}
		args := []any{g.tenant, g.id}
		for _, r := range rows[:n] {
			args = append(args, r...)
		}
		if _, err := tx.Exec(q, args...); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// clearStage removes an import's staged rows, a few thousand at a time.
func (s *Service) clearStage(ctx context.Context, t ids.Tenant, id ids.Import) error {
	for _, q := range []db.Query{qStageEClear, qStageClear} {
		for n := int64(1); n > 0; {
			err := s.db.Tx(ctx, t, func(tx *db.Tx) (err error) {
				n, err = tx.Exec(q, t, id)
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// tidy removes what an ended import no longer needs: staged rows, the keys of people who were never
// published, and the file.
func (s *Service) tidy(ctx context.Context, t ids.Tenant, id ids.Import) error {
	var staged, known []ids.Person
	err := s.db.View(ctx, t, func(tx *db.Tx) (err error) {
		if staged, err = db.Column[ids.Person](tx, qStagePeople, t, id); err != nil {
			return err
		}
		known, err = db.Column[ids.Person](tx, qKnownPeople, t, id)
		return err
	})
	if err != nil {
		return err
	}
	slices.Sort(known)
	never := slices.DeleteFunc(staged, func(p ids.Person) bool {
		_, found := slices.BinarySearch(known, p)
		return found
	})
	if err := s.vault.DestroyPersons(ctx, t, never); err != nil {
		return err
	}
	if err := s.clearStage(ctx, t, id); err != nil {
		return err
	}
	if err := s.blobs.Delete(ctx, t, blobKey(id)); err != nil {
		return err
	}
	s.step("tidied")
	return s.db.Tx(ctx, t, func(tx *db.Tx) error {
		_, err := tx.Exec(qImportClean, t, id)
		return err
	})
}
