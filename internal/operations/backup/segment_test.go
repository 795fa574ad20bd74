package backup

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

const mb16 = 16 << 20

// TestSegmentNames: PostgreSQL's own examples, and every name is read as it was written.
func TestSegmentNames(t *testing.T) {
	for name, want := range map[string]struct {
		s    segment
		size int64
	}{
		"000000010000000000000001": {segmentAt(1, 0x1500000, mb16), mb16},
		"0000000100000000000000FF": {segmentAt(1, 0xFF000000, mb16), mb16},
		"000000020000000100000000": {segmentAt(2, 1<<32, mb16), mb16},
		"000000010000000000000FFF": {segmentAt(1, 0xFFF00000, 1<<20), 1 << 20},
	} {
		if got := want.s.name(want.size); got != name {
			t.Errorf("%s instead of %s", got, name)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		size := int64(1) << rapid.IntRange(20, 30).Draw(t, "size")
		s := segmentAt(rapid.Uint32().Draw(t, "timeline"), rapid.Uint64().Draw(t, "lsn"), size)
		if got, ok := parseSegment(s.name(size), size); !ok || got != s {
			t.Fatalf("%+v, %v", got, ok)
		}
	})
	for _, bad := range []string{"", "00000001000000000000000", "00000001000000000000000g", "0000000100000000000001FF", "000000010000000000000001.partial"} {
		if _, ok := parseSegment(bad, mb16); ok {
			t.Errorf("%q counts as a segment", bad)
		}
	}
	if !history("00000002.history") || history("2.history") || history("0000000Z.history") {
		t.Error("history files are not known by their names")
	}
}

func baseOf(id, first string, ended time.Time) *held {
	return &held{Manifest: Manifest{ID: id, Kind: Base, Taken: ended, Base: &BaseFacts{Timeline: 1, Segment: mb16, First: first, Ended: ended}}}
}

// TestWindow: WAL has to be there without a gap from the copy on; only the newest file may be partial.
func TestWindow(t *testing.T) {
	t0 := time.Date(2026, 11, 28, 13, 0, 0, 0, time.UTC)
	n := func(i uint64) string { return segment{1, i}.name(mb16) }
	b := baseOf("b", n(5), t0)
	state := &walState{Last: n(7), Until: t0.Add(time.Hour)}
	for _, c := range []struct {
		what  string
		state *walState
		names []string
		gap   string
		files int
	}{
		{"whole", state, []string{n(4), n(5), n(6), n(7) + partial}, "", 3},
		{"finished", state, []string{n(5), n(6), n(7)}, "", 3},
		{"middle", state, []string{n(5), n(7) + partial}, n(6), 1},
		{"first", state, []string{n(6), n(7) + partial}, n(5), 0},
		{"newest", state, []string{n(5), n(6)}, n(7), 2},
		{"a partial one does not stand for a whole", state, []string{n(5), n(6) + partial, n(7) + partial}, n(6), 1},
		{"nothing shipped", nil, []string{n(5)}, "", 0},
	} {
		w := window(b, c.state, c.names)
		if w.Gap != c.gap || w.Files != c.files || w.Until.IsZero() != (c.gap != "" || c.state == nil) {
			t.Errorf("%s: %+v", c.what, w)
		}
	}
	w := window(b, state, []string{n(5), n(6), n(7)})
	for at, want := range map[time.Time]bool{t0.Add(-1): false, t0: true, t0.Add(time.Hour - 1): true, t0.Add(time.Hour): false} {
		if w.holds(at) != want {
			t.Errorf("%s: %v", at, !want)
		}
	}
}

// TestBasesGoWithinAWeek: no copy of the cluster is a week old, the newest included, and WAL goes with the copies
// that need it. A copy is wanted every day, and at once when WAL has a gap.
func TestBasesGoWithinAWeek(t *testing.T) {
	p := DefaultPolicy()
	now := time.Date(2026, 11, 28, 13, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		var all []Generation
		for i, h := range rapid.SliceOf(rapid.IntRange(-400, 400)).Draw(t, "hours") {
			all = append(all, Generation{ID: string(rune('a' + i)), Taken: now.Add(-time.Duration(h) * time.Hour)})
		}
		gone := p.stale(all, now)
		for _, g := range all {
			age := now.Sub(g.Taken)
			old := age >= p.KeyLife-p.BaseMargin || age < -p.KeyLife // or of a clock that jumped
			if old != slices.ContainsFunc(gone, func(x Generation) bool { return x.ID == g.ID }) {
				t.Fatalf("%s, taken %s: old %v", g.ID, g.Taken, old)
			}
		}
	})
	n := func(i uint64) string { return segment{1, i}.name(mb16) }
	names := []string{n(3), n(4), n(5) + partial, n(5), n(6), "00000002.history", "state-00000001"}
	if got := spentWAL(names, []*held{baseOf("b", n(5), now), baseOf("c", n(6), now)}, mb16); !slices.Equal(got, []string{n(3), n(4)}) {
		t.Errorf("%v", got)
	}
	at := func(h int) map[string]time.Time {
		return map[string]time.Time{"b": now.Add(-time.Duration(h) * time.Hour)}
	}
	if !p.baseDue(nil, nil, now) || p.baseDue([]Window{{Base: "b"}}, at(23), now) || !p.baseDue([]Window{{Base: "b"}}, at(24), now) || !p.baseDue([]Window{{Base: "b", Gap: n(7)}}, at(1), now) ||
		!p.baseDue([]Window{{Base: "b"}}, at(-30*24), now) || p.baseDue([]Window{{Base: "b"}}, at(-1), now) {
		t.Error("a copy is wanted at the wrong time")
	}
}
