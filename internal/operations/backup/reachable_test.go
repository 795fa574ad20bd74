package backup

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var noon = time.Date(2026, 11, 28, 3, 0, 0, 0, time.UTC)

func minutes(n int) time.Time { return noon.Add(time.Duration(n) * time.Minute) }

func spanOf(from, until int) Span { return Span{minutes(from), minutes(until)} }

// TestReachableAndLost: what one copy lacks another may have; what none has is lost.
func TestReachableAndLost(t *testing.T) {
	win := func(from, until, shipped int) Window {
		return Window{From: minutes(from), Until: minutes(until), Shipped: minutes(shipped)}
	}
	broken := win(10, 30, 30)
	broken.Broken = "cluster.00001"
	never := Window{From: minutes(0), Gap: "state-00000001"}
	for name, c := range map[string]struct {
		all        []Window
		have, lost []Span
	}{
		"nothing":                 {nil, nil, nil},
		"whole":                   {[]Window{win(0, 30, 30), win(10, 30, 30)}, []Span{spanOf(0, 30)}, nil},
		"a gap, and a later copy": {[]Window{win(0, 5, 30), win(10, 30, 30)}, []Span{spanOf(0, 5), spanOf(10, 30)}, []Span{spanOf(5, 10)}},
		"a gap, and none later":   {[]Window{win(0, 5, 30)}, []Span{spanOf(0, 5)}, []Span{spanOf(5, 30)}},
		"the newer copy broken":   {[]Window{win(0, 30, 30), broken}, []Span{spanOf(0, 30)}, nil},
		"the only copy broken":    {[]Window{broken}, nil, []Span{spanOf(10, 30)}},
		"how far is not known":    {[]Window{never}, nil, nil},
	} {
		if got := reachable(c.all); !slices.Equal(got, c.have) {
			t.Errorf("%s: reachable %v", name, got)
		}
		if got := lost(c.all); !slices.Equal(got, c.lost) {
			t.Errorf("%s: lost %v", name, got)
		}
	}
	if w := reachWords([]Window{win(0, 5, 30), win(10, 30, 30)}); !strings.Contains(w, "12:05:00+09:00 の手前まで、2026-11-28T12:10:00+09:00 から") {
		t.Error(w)
	}
	if w := reachWords(nil); w != "戻せる時刻はありません。" {
		t.Error(w)
	}
	rapid.Check(t, func(t *rapid.T) { // every instant is one or the other, and the windows say which
		var all []Window
		for range rapid.IntRange(1, 5).Draw(t, "copies") {
			from := rapid.IntRange(0, 50).Draw(t, "from")
			w := win(from, rapid.IntRange(from, 60).Draw(t, "until"), 60)
			if rapid.Bool().Draw(t, "broken") {
				w.Broken = "x"
			}
			all = append(all, w)
		}
		first := slices.MinFunc(all, func(a, b Window) int { return a.From.Compare(b.From) }).From
		within := func(in []Span, at time.Time) bool {
			return slices.ContainsFunc(in, func(s Span) bool { return !at.Before(s.From) && at.Before(s.Until) })
		}
		for n := range 60 {
			at := minutes(n).Add(time.Second)
			held := slices.ContainsFunc(all, func(w Window) bool { return w.holds(at) })
			if held != within(reachable(all), at) || (!at.Before(first) && !held) != within(lost(all), at) {
				t.Fatalf("minute %d: held %v, reachable %v, lost %v", n, held, reachable(all), lost(all))
			}
		}
	})
}

// TestMarks: of each file the newest stays, old ones go, there are never too many, and what they say of a gap is
// never too much.
func TestMarks(t *testing.T) {
	var all []mark
	for n := range 5000 {
		all = marked(all, mark{fmt.Sprintf("%024d", n/2), minutes(n)}, minutes(n-4000))
	}
	if len(all) > mostMarks || all[0].Until.Before(minutes(4999-4000)) || all[len(all)-1] != (mark{fmt.Sprintf("%024d", 2499), minutes(4999)}) {
		t.Errorf("%d marks from %v to %v", len(all), all[0], all[len(all)-1])
	}
	if !slices.IsSortedFunc(all, func(a, b mark) int { return a.Until.Compare(b.Until) }) {
		t.Error("not in order")
	}
	st := &walState{Marks: all}
	for _, file := range []int{800, 1500, 2400, 2499} {
		if got := st.before(fmt.Sprintf("%024d", file)); !got.Before(minutes(2*file)) || got.IsZero() {
			t.Errorf("without file %d: %v", file, got)
		}
	}
	if got := st.before(fmt.Sprintf("%024d", 1)); !got.IsZero() {
		t.Errorf("before the first mark: %v", got)
	}
}
