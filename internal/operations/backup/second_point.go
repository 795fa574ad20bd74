package backup

import (
	"bytes"
	"context"
	"io"
	"slices"
	"strings"
	"time"

	"rakudos/internal/base/fault"
)

// lockShort is how much earlier than its end a copy of the cluster can be removed from the second place: what has to
// be gone within a week is never locked beyond it.
const lockShort = 24 * time.Hour

// lockBase is until when a copy of the cluster, and the WAL that it needs, are locked: one that a clock has dated ahead
// for no longer than one of now.
func (p Policy) lockBase(h *held, now time.Time) time.Time {
	at := h.Taken
	if at.After(now) {
		at = now
	}
	return at.Add(p.KeyLife - lockShort)
}

// line is a timeline of a cluster on its way to the second place: how far it reaches, as sealed and as read.
type line struct {
	walState
	sealed []byte
	until  time.Time // of its lock
}

// carryClusters brings copies of the cluster and the WAL behind them to the second place, locked, and drops there
// what is a week old. How far they reach does not stand there yet: that comes with the keys (carryReach).
func (s *Service) carryClusters(ctx context.Context, c *Copied) (lines []line, err error) {
	leave, err := s.enterBases(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	now := time.Now()
	here, err := s.shelf.list(ctx, Base)
	if err != nil {
		return nil, err
	}
	there, err := s.second().list(ctx, Base)
	if err != nil {
		return nil, err
	}
	if lines, err = s.lines(ctx, here.sets); err != nil { // before the files that they speak of are listed
		return nil, err
	}
	for _, h := range here.sets {
		until := s.o.Policy.lockBase(h, now)
		if slices.ContainsFunc(there.sets, func(x *held) bool { return x.ID == h.ID }) || !until.After(now.Add(time.Hour)) {
			continue
		}
		n, err := s.carry(ctx, h, until)
		if err != nil {
			return nil, err
		}
		c.Sets, c.Bytes = append(c.Sets, h.ID), c.Bytes+n
	}
	for i, l := range lines {
		own := slices.DeleteFunc(slices.Clone(here.sets), func(h *held) bool { return h.Base.System != l.System || h.Base.Timeline != l.Timeline })
		lines[i].until = s.o.Policy.lockBase(own[len(own)-1], now)
		if err := s.carryWAL(ctx, l, own, now, c); err != nil {
			return nil, err
		}
	}
	return lines, s.thinClusters(ctx, now)
}

// lines reads how far each timeline of the copies reaches.
func (s *Service) lines(ctx context.Context, bases []*held) (out []line, err error) {
	for _, h := range bases {
		b := h.Base
		if slices.ContainsFunc(out, func(l line) bool { return l.System == b.System && l.Timeline == b.Timeline }) {
			continue
		}
		r, err := s.o.Target.Open(ctx, stateName(b.System, b.Timeline))
		if missing(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		sealed, err := io.ReadAll(io.LimitReader(r, maxManifest))
		_ = r.Close() // read only
		if err != nil {
			return nil, err
		}
		st, err := s.shelf.openState(ctx, bytes.NewReader(sealed), b.System, b.Timeline)
		if err != nil {
			return nil, err
		}
		out = append(out, line{walState: *st, sealed: sealed})
	}
	return out, nil
}

// carryWAL copies the files that a kept copy of the cluster needs: whole ones once, the newest as far as it is filled.
// A damaged one stays behind, and verify names it.
func (s *Service) carryWAL(ctx context.Context, l line, own []*held, now time.Time, c *Copied) error {
	names, err := s.shelf.walFiles(ctx, l.System)
	if err != nil {
		return err
	}
	have, err := s.second().walFiles(ctx, l.System)
	if err != nil {
		return err
	}
	for _, name := range names {
		n, whole := parseSegment(name, l.Segment)
		last := name == l.Last+partial
		if last {
			n, _ = parseSegment(l.Last, l.Segment)
		}
		if !whole && !last && !history(name) || whole && slices.Contains(have, name) {
			continue
		}
		var until time.Time
		for _, h := range own {
			first, ok := parseSegment(h.Base.First, l.Segment)
			if ok && (history(name) || n.timeline == first.timeline && n.number >= first.number) {
				until = s.o.Policy.lockBase(h, now)
			}
		}
		if !until.After(now.Add(time.Hour)) {
			continue
		}
		size, err := s.carrySealed(ctx, walFolder(l.System)+name, until)
		if missing(err) && last { // finished meanwhile
			size, err = s.carrySealed(ctx, walFolder(l.System)+l.Last, until)
		}
		if codeIn(err, "backup.damaged") {
			continue
		}
		if err != nil {
			return err
		}
		c.WAL, c.Bytes = c.WAL+1, c.Bytes+size
	}
	return nil
}

// carrySealed copies a WAL file that opens to its end, and opens the copy.
func (s *Service) carrySealed(ctx context.Context, name string, until time.Time) (int64, error) {
	if err := s.shelf.readSealed(ctx, name, io.Discard); err != nil {
		return 0, err
	}
	n, err := s.carryFile(ctx, name, until)
	if err != nil {
		return 0, err
	}
	if err := s.second().readSealed(ctx, name, io.Discard); err != nil {
		return 0, fault.New(fault.Busy, "backup.second_differs", "file", name).Because(err)
	}
	return n, nil
}

// carryReach writes how far the second place reaches, after the newest copy of the key store is there: no record that
// can be brought back from there lacks its key. The caller has the turn in which keys are copied and destroyed.
func (s *Service) carryReach(ctx context.Context, lines []line) error {
	if len(lines) == 0 {
		return nil
	}
	keys, err := s.shelf.list(ctx, Keys)
	if err != nil || len(keys.sets) == 0 {
		return err
	}
	newest := keys.sets[len(keys.sets)-1]
	if _, err := s.second().get(ctx, Keys, newest.ID); err != nil {
		if !missing(err) {
			return err
		}
		if err := s.renewSecond(ctx, newest); err != nil {
			return err
		}
	}
	for _, l := range lines {
		// A name of its own: what is locked is not written over.
		name := stateName(l.System, l.Timeline) + "-" + l.Until.UTC().Format(stateStamp)
		if _, err := s.o.Second.PutLocked(ctx, name, bytes.NewReader(l.sealed), l.until); err != nil {
			return err
		}
	}
	return nil
}

// thinClusters drops what is a week old from the second place; what is still locked waits.
func (s *Service) thinClusters(ctx context.Context, now time.Time) error {
	there, err := s.second().list(ctx, Base)
	if err != nil {
		return err
	}
	var gone []string
	stale := func(id string) bool {
		at, ok := begun(id)
		return ok && len(s.o.Policy.stale([]Generation{{Taken: at}}, now)) > 0
	}
	for id, files := range there.files {
		if stale(id) {
			for _, f := range files {
				gone = append(gone, folder(Base, id)+f)
			}
		}
	}
	kept := slices.DeleteFunc(there.sets, func(h *held) bool { return stale(h.ID) })
	names, err := s.o.Second.List(ctx, walTop)
	if err != nil {
		return err
	}
	for _, name := range names {
		system, file, _ := strings.Cut(strings.TrimPrefix(name, walTop), "/")
		own := slices.DeleteFunc(slices.Clone(kept), func(h *held) bool { return h.Base.System != system })
		switch at, isState := stateTime(file); {
		case isState && now.Sub(at) > s.o.Policy.KeyLife, len(own) == 0 && len(there.bad) == 0:
			gone = append(gone, name)
		case len(own) > 0 && len(spentWAL([]string{file}, own, own[0].Base.Segment)) > 0:
			gone = append(gone, name)
		}
	}
	slices.SortFunc(gone, func(a, b string) int { return order(b) - order(a) }) // tables of contents first
	for _, name := range gone {
		if err := s.o.Second.Erase(ctx, name); err != nil && !codeIn(err, "blob.locked") {
			return err
		}
	}
	return nil
}

// carryOn brings the second place up to what is here, beside the work of the follower.
func (f *follower) carryOn(ctx context.Context) {
	if f.o.Second == nil {
		return
	}
	lines, err := f.carryClusters(ctx, &Copied{})
	if err == nil {
		var leave func()
		if leave, err = f.enter(ctx); err == nil {
			err = f.carryReach(ctx, lines)
			leave()
		}
	}
	if err != nil && ctx.Err() == nil {
		f.o.Logger.Warn("backup: copies of the cluster and WAL did not reach the second place; it is tried again", "code", code(err), "err", err)
	}
}
