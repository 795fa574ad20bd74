package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/engine/blob"
)

// Second is a place under another identity, in which data sets are locked: nobody can remove them before their day,
// not with the service's own credentials either. Copies of the key store lie there without a lock, because the copies
// of a destroyed key must go at once (6-1).
type Second interface {
	blob.Store
	Locker
}

// Locker is what a store with immutable files adds.
type Locker interface {
	PutLocked(ctx context.Context, key string, r io.Reader, until time.Time) (int64, error)
	LockedUntil(ctx context.Context, key string) (time.Time, error)
	Erase(ctx context.Context, key string) error // every version; fault.Denied "blob.locked"
}

// Copied is what one run did in the second place.
type Copied struct {
	Sets    []string `json:"sets"`      // copied now
	Bytes   int64    `json:"bytes"`     // of them
	WAL     int      `json:"wal_files"` // copied now
	Dropped []string `json:"dropped"`   // beyond the ladder, and no longer locked
}

// CopySecond brings the data sets that still live in the lock's time to the second place, with the newest copy of the
// key store and with copies of the cluster and their WAL, reads them back, and drops there what the ladder drops. A set is complete when its table of contents is
// there, which is written last.
func (s *Service) CopySecond(ctx context.Context, who actor.Actor) (*Copied, error) {
	if s.o.Second == nil {
		return nil, fault.New(fault.Missing, "backup.no_second")
	}
	leave, err := s.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	c := &Copied{Sets: []string{}, Dropped: []string{}}
	err = s.copySecond(ctx, c)
	result, detail := "ok", map[string]any{"sets": c.Sets, "bytes": c.Bytes, "wal_files": c.WAL, "dropped": c.Dropped}
	if err != nil {
		result, detail["why"] = "failed", code(err)
	}
	s.record(context.WithoutCancel(ctx), who, "backup.copied", result, detail)
	return c, err
}

func (s *Service) copySecond(ctx context.Context, c *Copied) error {
	data, keys, err := s.list(ctx)
	if err != nil {
		return err
	}
	there, err := s.second().list(ctx, Data)
	if err != nil {
		return err
	}
	now := time.Now()
	for _, h := range slices.Backward(data.sets) { // the newest first
		locked := h.Taken.Add(s.o.Policy.Lock)
		if slices.ContainsFunc(there.sets, func(x *held) bool { return x.ID == h.ID }) || !locked.After(now.Add(time.Hour)) {
			continue
		}
		n, err := s.carry(ctx, h, locked)
		if err != nil {
			return err
		}
		c.Sets, c.Bytes = append(c.Sets, h.ID), c.Bytes+n
	}
	if n := len(keys.sets); n > 0 {
		if err := s.renewSecond(ctx, keys.sets[n-1]); err != nil {
			return err
		}
	}
	lines, err := s.carryClusters(ctx, c) // none without PostgreSQL
	if err != nil {
		return err
	}
	if err := s.carryReach(ctx, lines); err != nil {
		return err
	}
	return s.thinSecond(ctx, c, data, now)
}

func (s *Service) second() *shelf {
	return &shelf{store: s.o.Second, root: s.o.Root, key: s.shelf.key}
}

// carry copies one set piece by piece, the table of contents last, and reads every byte back. A zero until locks
// nothing.
func (s *Service) carry(ctx context.Context, h *held, until time.Time) (n int64, err error) {
	var names []string
	for _, p := range h.Parts {
		for _, f := range p.Pieces {
			names = append(names, f.Name)
		}
	}
	for _, name := range append(names, manifestName) {
		k, err := s.carryFile(ctx, folder(h.Kind, h.ID)+name, until)
		if err != nil {
			return n, fmt.Errorf("backup: second place: %w", err)
		}
		n += k
	}
	got, err := s.second().get(ctx, h.Kind, h.ID)
	if err != nil {
		return n, err
	}
	bad, err := s.second().check(ctx, got)
	if err == nil && (len(bad) > 0 || got.sum != h.sum) {
		err = damaged(h.ID, manifestName, errors.New("backup: the copy in the second place differs"))
	}
	if err == nil {
		s.passed(inSecond(h.ID))
	}
	return n, err
}

func (s *Service) carryFile(ctx context.Context, key string, until time.Time) (n int64, err error) {
	r, err := s.o.Target.Open(ctx, key)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	if until.IsZero() {
		return s.o.Second.Put(ctx, key, r)
	}
	return s.o.Second.PutLocked(ctx, key, r, until)
}

// renewSecond leaves exactly the newest copy of the key store in the second place. Destroying a key depends on it:
// when the place cannot be reached, the destruction is not complete, and is tried again.
func (s *Service) renewSecond(ctx context.Context, newest *held) error {
	if s.o.Second == nil {
		return nil
	}
	if _, err := s.carry(ctx, newest, time.Time{}); err != nil {
		return err
	}
	names, err := s.o.Second.List(ctx, top(Keys))
	if err != nil {
		return err
	}
	for _, name := range names {
		if !strings.HasPrefix(name, folder(Keys, newest.ID)) {
			if err := s.o.Second.Erase(ctx, name); err != nil {
				return err
			}
		}
	}
	return nil
}

// thinSecond applies the ladder, and sweeps copies that were cut off and that nothing completes any more, because their
// source is gone; what is still locked waits for another day.
func (s *Service) thinSecond(ctx context.Context, c *Copied, first *contents, now time.Time) error {
	there, err := s.second().list(ctx, Data)
	if err != nil {
		return err
	}
	var drop []string
	for _, g := range s.o.Policy.plan(there.generations(), now).Drop {
		drop = append(drop, g.ID)
	}
	for _, id := range slices.Sorted(maps.Keys(there.partial)) {
		if !slices.ContainsFunc(first.sets, func(h *held) bool { return h.ID == id }) {
			drop = append(drop, id)
		}
	}
	for _, id := range drop {
		gone, err := s.eraseSecond(ctx, id, there.files[id])
		if err != nil {
			return err
		}
		if gone {
			c.Dropped = append(c.Dropped, id)
		}
	}
	return nil
}

// eraseSecond tells whether every file went: in a half copy some may be locked and others not, and those go at once.
func (s *Service) eraseSecond(ctx context.Context, id string, files []string) (gone bool, err error) {
	gone = true
	for _, file := range slices.Backward(files) {
		err := s.o.Second.Erase(ctx, folder(Data, id)+file)
		if f := fault.Of(err); f != nil && f.Code == "blob.locked" {
			if gone = false; slices.Contains(files, manifestName) { // what is complete is not taken apart
				return false, nil
			}
			continue
		}
		if err != nil {
			return false, err
		}
	}
	return gone, nil
}
