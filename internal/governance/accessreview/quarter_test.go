package accessreview

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"rakudos/internal/base/jst"
)

func TestCalendar(t *testing.T) {
	for _, c := range []struct{ day, quarter, opens, first, closes string }{
		{"2026-11-28", "2026-Q3", "2026-10-01T00:00:00+09:00", "2026-12-17T09:00:00+09:00", "2026-12-31T23:59:00+09:00"},
		{"2026-04-01", "2026-Q1", "2026-04-01T00:00:00+09:00", "2026-06-16T09:00:00+09:00", "2026-06-30T23:59:00+09:00"},
		{"2027-03-31", "2026-Q4", "2027-01-01T00:00:00+09:00", "2027-03-17T09:00:00+09:00", "2027-03-31T23:59:00+09:00"},
		{"2028-02-29", "2027-Q4", "2028-01-01T00:00:00+09:00", "2028-03-17T09:00:00+09:00", "2028-03-31T23:59:00+09:00"},
	} {
		d, err := jst.ParseDate(c.day)
		if err != nil {
			t.Fatal(err)
		}
		got := CalendarOf(d)
		if got.Quarter != c.quarter || got.Opens != c.opens || got.Reminders[0] != c.first || got.Closes != c.closes || len(got.Reminders) != 3 {
			t.Errorf("%s: %+v", c.day, got)
		}
	}
}

// TestTheQuarterTurnsInJapan: 15:00 UTC of the last day is the next quarter's first moment.
func TestTheQuarterTurnsInJapan(t *testing.T) {
	for at, want := range map[string]string{
		"2027-03-31T14:59:59.999999Z": "2026-Q4", "2027-03-31T15:00:00Z": "2027-Q1",
		"2026-12-31T14:59:59Z": "2026-Q3", "2026-12-31T15:00:00Z": "2026-Q4",
	} {
		i, _ := time.Parse(time.RFC3339Nano, at)
		if got := QuarterOf(i).Key(); got != want {
			t.Errorf("%s lies in %s, want %s", at, got, want)
		}
	}
}

func TestWhoJoinsLateIsReviewedNext(t *testing.T) {
	for day, want := range map[string]string{"2026-12-17": "2026-Q3", "2026-12-18": "2026-Q4", "2026-10-01": "2026-Q3", "2026-12-31": "2026-Q4"} {
		d, _ := jst.ParseDate(day)
		if got := FirstFor(d.At(23, 0)).Key(); got != want {
			t.Errorf("who joins on %s is reviewed first in %s, want %s", day, got, want)
		}
	}
}

func TestQuartersFollowEachOther(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := time.UnixMicro(rapid.Int64Range(9e14, 3e15).Draw(t, "at"))
		q := QuarterOf(at)
		if at.Before(q.Opens()) || !at.Before(q.Ends()) || !q.Closes().Before(q.Ends()) {
			t.Fatalf("%v does not lie in %v", at, q)
		}
		if p, ok := ParseQuarter(q.Key()); !ok || p != q {
			t.Fatalf("%s is read as %v", q.Key(), p)
		}
		if n := q.Next(); !n.Opens().Equal(q.Ends()) || !q.Before(n) {
			t.Fatalf("%v follows %v", n, q)
		}
		next, name := Slots{}.Next(at)
		if !next.Equal(q.Ends()) || name != q.Next().Key() || slotOf(jobQuarter+":"+name) != q.Next() {
			t.Fatalf("slot %s at %v", name, next)
		}
		last := q.Opens()
		for _, r := range append(q.Reminders(), q.Closes()) {
			if !r.After(last) {
				t.Fatalf("%v is not after %v", r, last)
			}
			last = r
		}
		first := FirstFor(at)
		if first.Before(q) || first != q && first != q.Next() || first == q && q.Closes().Sub(at) < (LeastDays-1)*24*time.Hour {
			t.Fatalf("who joins at %v begins in %v", at, first)
		}
		tick, _ := ticks{}.Next(at)
		if !tick.After(at) || tick.Sub(at) > 15*time.Minute || at.Before(q.Closes()) && tick.After(q.Closes()) {
			t.Fatalf("after %v comes %v", at, tick)
		}
	})
	for _, bad := range []string{"", "2026", "2026-Q5", "2026-Q0", "2026-Q3x", "2026-Q03", "probe-1"} {
		if q, ok := ParseQuarter(bad); ok {
			t.Errorf("%q is read as %v", bad, q)
		}
	}
}
