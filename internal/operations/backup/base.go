package backup

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/operations/backup/pgtool"
)

// base makes a copy of the whole cluster beside the daily sets, reads it back, and drops what is too old. The
// WAL that makes it whole has to be on its way already. Daily backups and destructions of keys do not wait for
// it, however long it takes.
func (s *Service) base(ctx context.Context, who actor.Actor, c copying) (*Generation, error) {
	leave, err := s.enterBases(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	g, err := s.makeBase(ctx, who, c)
	if err != nil {
		after := context.WithoutCancel(ctx)
		s.record(after, who, "backup.base_failed", "failed", map[string]any{"code": code(err)})
		return nil, errors.Join(err, s.sweepBases(after))
	}
	return g, s.pruneBases(ctx, who, time.Now())
}

func (s *Service) makeBase(ctx context.Context, who actor.Actor, c copying) (*Generation, error) {
	if err := s.sweepBases(ctx); err != nil {
		return nil, err
	}
	key, err := s.shelf.key(ctx)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	m := Manifest{Format: format, ID: newID(now), Kind: Base, Engine: db.Postgres, Build: s.o.Build}
	m.stamp(now)
	begun, err := s.o.Main.Position(ctx, pgtool.Slot)
	if err != nil {
		return nil, err
	}
	p, err := writePart(ctx, s.o.Target, key, folder(Base, m.ID), m.ID, PartCluster, func(w io.Writer) error {
		return c.tools.Base(ctx, c.conn, w)
	})
	if err != nil {
		return nil, pgtool.Refused(err)
	}
	ended, err := s.o.Main.Position(ctx, pgtool.Slot)
	if err != nil {
		return nil, err
	}
	k := c.cluster
	m.Parts, m.Took = []Part{p}, time.Since(now).Milliseconds()
	m.Base = &BaseFacts{
		Major: k.Major, System: k.System, Timeline: k.Timeline, Segment: k.Segment, Ended: ended.Clock,
		First: segmentAt(k.Timeline, begun.LSN, k.Segment).name(k.Segment), End: segmentAt(k.Timeline, ended.LSN, k.Segment).name(k.Segment),
		Database: k.Database, Schema: k.Schema, Role: k.Role,
	}
	if m.Base.WAL, err = s.freshWAL(ctx, k.System); err != nil {
		return nil, err
	}
	sum, err := s.shelf.putManifest(ctx, &m, key, nil)
	if err != nil {
		return nil, err
	}
	h, err := s.readBack(ctx, Base, m.ID, sum)
	if err != nil {
		return nil, errors.Join(err, s.shelf.remove(context.WithoutCancel(ctx), Base, m.ID))
	}
	return s.keepBase(ctx, who, h)
}

func (s *Service) keepBase(ctx context.Context, who actor.Actor, h *held) (*Generation, error) {
	g := h.generation()
	g.Expires = g.Taken.Add(s.o.Policy.KeyLife)
	who.Tenant = ids.System
	return &g, s.o.Main.Tx(ctx, ids.System, func(tx *db.Tx) error {
		if err := addBase(tx, g); err != nil {
			return err
		}
		_, err := s.o.Log.Append(tx, audit.Event{Verb: "backup.base_made", Actor: who, Kind: "backup", Result: "ok", Detail: map[string]any{
			"set": g.ID, "manifest": g.Manifest, "bytes": g.Bytes, "first": h.Base.First, "wal_files": len(h.Base.WAL),
		}})
		return err
	})
}

// freshWAL lists the whole WAL files that no kept copy's table of contents names yet, with their hashes.
func (s *Service) freshWAL(ctx context.Context, system string) ([]Piece, error) {
	c, err := s.shelf.list(ctx, Base)
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	for _, b := range c.sets {
		for _, p := range b.Base.WAL {
			known[b.Base.System+"/"+p.Name] = true
		}
	}
	names, err := s.shelf.walFiles(ctx, system)
	if err != nil {
		return nil, err
	}
	out := []Piece{}
	for _, name := range names {
		if known[system+"/"+name] || strings.HasSuffix(name, partial) || strings.HasPrefix(name, "state-") {
			continue
		}
		size, sum, err := digest(ctx, s.o.Target, walFolder(system)+name)
		if err != nil {
			return nil, err
		}
		out = append(out, Piece{name, size, sum})
	}
	return out, nil
}

// enterBases waits until nobody else makes, reads or drops copies of the cluster.
func (s *Service) enterBases(ctx context.Context) (leave func(), err error) {
	select {
	case s.basing <- struct{}{}:
		return func() { <-s.basing }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// sweepBases removes what a broken run left.
func (s *Service) sweepBases(ctx context.Context) error {
	known, err := s.registeredBases(ctx)
	if err != nil {
		return err
	}
	c, err := s.shelf.list(ctx, Base)
	if err != nil {
		return err
	}
	for id := range c.partial {
		if !slices.ContainsFunc(known, func(g Generation) bool { return g.ID == id }) {
			err = errors.Join(err, s.shelf.remove(ctx, Base, id))
		}
	}
	return err
}

// pruneBases drops copies of the cluster that are a week old, whatever else there is, and the WAL before the
// oldest that stays. The database forgets a copy before its files go.
func (s *Service) pruneBases(ctx context.Context, who actor.Actor, now time.Time) error {
	c, err := s.shelf.list(ctx, Base)
	if err != nil {
		return err
	}
	known, err := s.registeredBases(ctx)
	if err != nil {
		return err
	}
	gone := s.o.Policy.stale(c.generations(), now)
	for _, g := range s.o.Policy.stale(known, now) { // also one that no longer opens
		if !slices.ContainsFunc(gone, func(x Generation) bool { return x.ID == g.ID }) {
			gone = append(gone, g)
		}
	}
	if len(gone) > 0 {
		if err := s.forgetBases(ctx, who, gone, now); err != nil {
			return err
		}
		for _, g := range gone {
			if err := s.shelf.remove(ctx, Base, g.ID); err != nil {
				return err
			}
		}
	}
	kept := slices.DeleteFunc(c.sets, func(h *held) bool {
		return slices.ContainsFunc(gone, func(g Generation) bool { return g.ID == h.ID })
	})
	if len(c.bad) > 0 && len(kept) == 0 {
		return nil // which WAL they need is not known; they go with their time
	}
	return s.pruneWAL(ctx, kept)
}

func (s *Service) forgetBases(ctx context.Context, who actor.Actor, gone []Generation, now time.Time) error {
	who.Tenant = ids.System
	return s.o.Main.Tx(ctx, ids.System, func(tx *db.Tx) error {
		names := make([]string, len(gone))
		for i, g := range gone {
			names[i] = g.ID
			if _, err := tx.Exec(qBaseDrop, ids.System, g.ID, db.Micros(now)); err != nil {
				return err
			}
		}
		_, err := s.o.Log.Append(tx, audit.Event{Verb: verbDropped, Actor: who, Kind: "backup", Result: "ok", Detail: map[string]any{"sets": names}})
		return err
	})
}

// pruneWAL removes the files that no kept copy needs. Of a cluster that is no longer ours everything goes with
// its last copy; of the one under way the newest stays, for the next copy.
func (s *Service) pruneWAL(ctx context.Context, kept []*held) error {
	all, err := s.o.Target.List(ctx, walTop)
	if err != nil {
		return err
	}
	of := map[string][]string{}
	for _, name := range all {
		system, file, _ := strings.Cut(strings.TrimPrefix(name, walTop), "/")
		of[system] = append(of[system], file)
	}
	newest, err := s.lastBeat(ctx)
	if err != nil && !fault.Is(err, fault.Missing) {
		return err
	}
	var errs []error
	for system, files := range of {
		own := slices.DeleteFunc(slices.Clone(kept), func(b *held) bool { return b.Base.System != system })
		var gone []string
		switch {
		case len(own) > 0:
			gone = spentWAL(files, own, own[0].Base.Segment)
		case system != newest.system:
			gone = files
		default:
			from := newest.last
			if n, ok := parseSegment(from, 1<<20); ok {
				if st, err := s.shelf.state(ctx, system, n.timeline); err == nil && st != nil {
					from = max(from, st.Last)
				}
			}
			gone = slices.DeleteFunc(files, func(f string) bool { return f >= from || history(f) })
		}
		for _, f := range gone {
			errs = append(errs, s.o.Target.Delete(ctx, walFolder(system)+f))
		}
	}
	return errors.Join(errs...)
}
