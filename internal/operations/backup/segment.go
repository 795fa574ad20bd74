package backup

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// segment is the place of a WAL file: the timeline of the cluster, and its number on it.
type segment struct {
	timeline uint32
	number   uint64
}

// segmentAt is the segment in which a position lies.
func segmentAt(timeline uint32, lsn uint64, size int64) segment {
	return segment{timeline, lsn / uint64(size)}
}

// name is the file's, as PostgreSQL spells it.
func (s segment) name(size int64) string {
	per := uint64(1<<32) / uint64(size)
	return fmt.Sprintf("%08X%08X%08X", s.timeline, s.number/per, s.number%per)
}

// parseSegment reads a file's name; ok is false for any other file.
func parseSegment(name string, size int64) (s segment, ok bool) {
	if len(name) != 24 || strings.Trim(name, "0123456789ABCDEF") != "" {
		return s, false
	}
	t, _ := strconv.ParseUint(name[:8], 16, 32)
	log, _ := strconv.ParseUint(name[8:16], 16, 32)
	n, _ := strconv.ParseUint(name[16:], 16, 32)
	per := uint64(1<<32) / uint64(size)
	if n >= per {
		return s, false
	}
	return segment{uint32(t), log*per + n}, true
}

// history tells the file in which a cluster keeps how a timeline came to be.
func history(name string) bool {
	n, ok := strings.CutSuffix(name, ".history")
	return ok && len(n) == 8 && strings.Trim(n, "0123456789ABCDEF") == ""
}

// partial is the segment under way.
const partial = ".partial"

// Window is what one copy of the cluster can be brought forward to.
type Window struct {
	Base  string    `json:"base"`
	From  time.Time `json:"from"`
	Until time.Time `json:"until"`         // not later than this; zero: nothing was shipped yet
	Files int       `json:"wal_files"`     // unbroken, from the copy on
	Gap   string    `json:"gap,omitempty"` // the first WAL file that is missing or damaged; Until is before it then

	Shipped time.Time `json:"shipped"`          // up to here WAL was shipped, whatever is still there
	Broken  string    `json:"broken,omitempty"` // the file of the copy that is missing or damaged: it restores to no instant
}

// window walks from the copy's first file to the newest shipped one. names are the files that are there.
func window(b *held, state *walState, names []string) Window {
	w := Window{Base: b.ID, From: b.Base.Ended}
	if state == nil {
		return w
	}
	w.Shipped = state.Until
	last, ok := parseSegment(state.Last, b.Base.Segment)
	first, ok2 := parseSegment(b.Base.First, b.Base.Segment)
	if !ok || !ok2 || last.number < first.number {
		return w
	}
	for n := first.number; n <= last.number; n++ {
		name := segment{b.Base.Timeline, n}.name(b.Base.Segment)
		if !slices.Contains(names, name) && (n < last.number || !slices.Contains(names, name+partial)) {
			w.Gap, w.Until = name, state.before(name)
			return w
		}
		w.Files++
	}
	w.Until = state.Until
	return w
}

// holds tells whether an instant lies in the window.
func (w Window) holds(at time.Time) bool {
	return w.Broken == "" && !at.Before(w.From) && at.Before(w.Until)
}

// stale are the copies of the cluster that must go: a wrapped key that ought not to be in one is gone within a
// week all the same, and older days come from the daily sets.
func (p Policy) stale(all []Generation, now time.Time) (gone []Generation) {
	for _, g := range all {
		// One that is dated far ahead is of a clock that jumped: by the clock it would outlive its week.
		if !g.Taken.Add(p.KeyLife-p.BaseMargin).After(now) || g.Taken.After(now.Add(p.KeyLife)) {
			gone = append(gone, g)
		}
	}
	return gone
}

// baseDue tells whether a copy of the cluster is wanted: there is none that WAL follows on without a gap, or
// the newest such is a day old. One that is dated ahead, by a clock that has been put back since, is none.
func (p Policy) baseDue(all []Window, taken map[string]time.Time, now time.Time) bool {
	for _, w := range all {
		if at := taken[w.Base]; w.Gap == "" && at.Add(p.BaseEvery).After(now) && !at.After(now.Add(p.BaseEvery)) {
			return false
		}
	}
	return true
}

// spentWAL are the files that no kept copy needs: those before the oldest one's first.
func spentWAL(names []string, kept []*held, size int64) (gone []string) {
	for _, name := range names {
		s, ok := parseSegment(strings.TrimSuffix(name, partial), size)
		needed := slices.ContainsFunc(kept, func(b *held) bool {
			first, _ := parseSegment(b.Base.First, b.Base.Segment)
			return s.timeline > b.Base.Timeline || s.timeline == b.Base.Timeline && s.number >= first.number
		})
		if ok && !needed {
			gone = append(gone, name)
		}
	}
	return gone
}
