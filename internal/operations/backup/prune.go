package backup

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
)

func missing(err error) bool { return err != nil && fault.Is(err, fault.Missing) }

// signingKey is the audit log's key. It travels with the key store, for seven days at most.
func signingKey(l *audit.Log) ([]File, error) {
	b, err := os.ReadFile(l.KeyFile())
	return []File{{filepath.Base(l.KeyFile()), b}}, err
}

// sweep removes the folders that a broken run left. One that the database remembers as a finished backup
// stays: its table of contents was lost otherwise, and verify must find that.
func (s *Service) sweep(ctx context.Context) error {
	known, err := s.registered(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, kind := range []Kind{Data, Keys} {
		c, err := s.shelf.list(ctx, kind)
		if err != nil {
			return err
		}
		for id := range c.partial {
			if !slices.ContainsFunc(known, func(g Generation) bool { return g.ID == id }) {
				errs = append(errs, s.shelf.remove(ctx, kind, id))
			}
		}
	}
	return errors.Join(errs...)
}

// prune applies the ladder. The database forgets a set before its files go, so that a crash in between
// looks like a set too many, never like a theft.
func (s *Service) prune(ctx context.Context, who actor.Actor, now time.Time, m *Made) error {
	data, keys, err := s.list(ctx)
	if err != nil {
		return err
	}
	l := s.o.Policy.plan(data.generations(), now)
	gone := append(slices.Clone(l.Drop), s.o.Policy.planKeys(keys.generations(), now).Drop...)
	known, err := s.registered(ctx)
	if err != nil {
		return err
	}
	gone = append(gone, s.o.Policy.spent(known, append(data.bad, keys.bad...), now)...)
	for _, g := range l.Held {
		m.Held = append(m.Held, g.ID)
	}
	for _, g := range l.Keep {
		if g.ID == m.ID {
			m.Why = g.Why
		}
	}
	if len(l.Held) > 0 {
		s.record(ctx, who, "backup.held", "denied", map[string]any{"sets": m.Held})
	}
	if len(gone) == 0 {
		return nil
	}
	if err := s.forget(ctx, who, gone, now); err != nil {
		return err
	}
	for _, g := range gone {
		m.Dropped = append(m.Dropped, g.ID)
		if err := s.shelf.remove(ctx, g.Kind, g.ID); err != nil {
			return err
		}
	}
	return nil
}

// spent are sets whose table of contents no longer opens, and whose time is over by what the database
// remembers of them. Until then they stay, and verify names them.
func (p Policy) spent(known []Generation, bad []Finding, now time.Time) (gone []Generation) {
	for _, g := range known {
		end := p.expiry(g.Taken)
		if g.Kind == Keys {
			end = g.Taken.Add(p.KeyLife)
		}
		if !end.After(now.Add(p.Margin)) && slices.ContainsFunc(bad, func(b Finding) bool { return b.Set == g.ID }) {
			gone = append(gone, g)
		}
	}
	return gone
}

func (s *Service) forget(ctx context.Context, who actor.Actor, gone []Generation, now time.Time) error {
	names := make([]string, len(gone))
	for i, g := range gone {
		names[i] = g.ID
	}
	who.Tenant = ids.System
	return s.o.Main.Tx(ctx, ids.System, func(tx *db.Tx) error {
		if err := dropSets(tx, gone, now); err != nil {
			return err
		}
		_, err := s.o.Log.Append(tx, audit.Event{Verb: verbDropped, Actor: who, Kind: "backup", Result: "ok", Detail: map[string]any{"sets": names}})
		return err
	})
}

// RenewKeys takes a fresh copy of the key store and removes every older one. Destroying a key calls it, so
// that no copy anywhere still holds the key.
func (s *Service) RenewKeys(ctx context.Context, who actor.Actor) error {
	leave, err := s.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	now := time.Now()
	fresh, err := s.copyKeys(ctx, who, now)
	if err != nil || s.hoard {
		return err
	}
	all, err := s.shelf.list(ctx, Keys)
	if err != nil {
		return err
	}
	gone := slices.DeleteFunc(all.generations(), func(g Generation) bool { return g.ID == fresh.ID })
	for _, b := range all.bad { // under a root key of before, or damaged: it may hold the key all the same
		gone = append(gone, Generation{ID: b.Set, Kind: Keys})
	}
	if len(gone) == 0 {
		return s.renewSecond(ctx, fresh)
	}
	if err := s.forget(ctx, who, gone, now); err != nil {
		return err
	}
	for _, g := range gone {
		if err := s.shelf.remove(ctx, Keys, g.ID); err != nil {
			return err
		}
	}
	return s.renewSecond(ctx, fresh)
}

// SabotageRenewal is the mutants': a renewal leaves the older copies where they are.
func (s *Service) SabotageRenewal() { s.hoard = true }

// copyKeys takes a copy of the key store alone.
func (s *Service) copyKeys(ctx context.Context, who actor.Actor, now time.Time) (fresh *held, err error) {
	head := Manifest{Format: format, ID: newID(now), Kind: Keys, Engine: s.o.Main.Engine(), Build: s.o.Build}
	t := &taking{Service: s, now: now, keys: head}
	t.keys.stamp(now)
	defer t.close()
	if t.vlt, err = s.o.Keys.Snapshot(ctx); err != nil {
		return nil, err
	}
	t.keys.Form, t.keys.Schema = t.vlt.Form(), t.vlt.Version
	if fresh, err = t.takeKeys(ctx); err != nil {
		return nil, err
	}
	who.Tenant = ids.System
	return fresh, s.o.Main.Tx(ctx, ids.System, func(tx *db.Tx) error {
		if err := addSet(tx, fresh.generation()); err != nil {
			return err
		}
		_, err := s.o.Log.Append(tx, audit.Event{Verb: "backup.keys_renewed", Actor: who, Kind: "backup", Result: "ok",
			Detail: map[string]any{"keys": fresh.ID, "keys_manifest": fresh.sum}})
		return err
	})
}
