package job

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"rakudos/internal/base/jst"
)

func TestDailySlotsAreDaysInJapan(t *testing.T) {
	d := Daily(2, 30)
	for _, c := range []struct{ after, at, name string }{
		{"2026-11-23T00:00:00+09:00", "2026-11-23T02:30:00+09:00", "2026-11-23"},
		{"2026-11-23T02:29:59.999999+09:00", "2026-11-23T02:30:00+09:00", "2026-11-23"},
		{"2026-11-23T02:30:00+09:00", "2026-11-24T02:30:00+09:00", "2026-11-24"},
		{"2026-12-31T17:30:00Z", "2027-01-02T02:30:00+09:00", "2027-01-02"},
	} {
		after, _ := time.Parse(time.RFC3339, c.after)
		want, _ := time.Parse(time.RFC3339, c.at)
		if at, name := d.Next(after); !at.Equal(want) || name != c.name {
			t.Errorf("after %s: %s %s", c.after, at, name)
		}
	}
}

func TestSlotsNeverSkipNorRepeat(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		var s Slotter = Daily(rapid.IntRange(0, 23).Draw(r, "h"), rapid.IntRange(0, 59).Draw(r, "m"))
		if rapid.Bool().Draw(r, "every") {
			s = Every(time.Duration(rapid.IntRange(1, 5000).Draw(r, "s")) * time.Second)
		}
		now := time.UnixMicro(rapid.Int64Range(1.7e15, 1.9e15).Draw(r, "now"))
		from := beforeCurrent(s, now)
		at, name := s.Next(from)
		if at.After(now) || !at.After(from) {
			t.Fatalf("the slot in force at %v begins at %v", now, at)
		}
		following, other := s.Next(at)
		if !following.After(now) || name == other {
			t.Fatalf("%v (%s) is not the last slot before %v: %v (%s) follows", at, name, now, following, other)
		}
	})
}

func TestBegunCatchesUp(t *testing.T) {
	now := jst.Date{Y: 2026, M: 11, D: 23}.At(12, 0)
	from := jst.Date{Y: 2026, M: 11, D: 19}.At(2, 30)
	all, next := (&schedule{slots: Daily(2, 30)}).begun(from, now)
	if len(all) != 4 || all[0].name != "2026-11-20" || all[3].name != "2026-11-23" || !next.Equal(jst.Date{Y: 2026, M: 11, D: 24}.At(2, 30)) {
		t.Fatalf("%v %v", all, next)
	}
	newest, _ := (&schedule{slots: Daily(2, 30), newestOnly: true}).begun(from, now)
	if len(newest) != 1 || newest[0].name != "2026-11-23" {
		t.Fatalf("%v", newest)
	}
	chunk, next := (&schedule{slots: Every(time.Minute)}).begun(from, now)
	if len(chunk) != planChunk || next.After(now) {
		t.Fatalf("%d slots, then %v", len(chunk), next)
	}
}

func TestExponential(t *testing.T) {
	for attempt, want := range map[int]time.Duration{1: 2 * time.Second, 2: 8 * time.Second, 3: 32 * time.Second, 7: time.Hour, 1000: time.Hour} {
		if got := Exponential(attempt); got != want {
			t.Errorf("attempt %d: %v", attempt, got)
		}
	}
}
