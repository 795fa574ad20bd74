package backup

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rakudos/internal/base/jst"
)

var serial atomic.Int64

func made(at time.Time) Generation {
	id := fmt.Sprintf("%s-%09d", at.UTC().Format("20060102T150405"), serial.Add(1))
	return Generation{ID: id, Kind: Data, Day: jst.Of(at), Taken: at}
}

// live plays the daily work: at each instant a backup is made and the ladder is applied.
func live(p Policy, all []Generation, at time.Time) ([]Generation, Ladder) {
	l := p.plan(append(all, made(at)), at)
	return l.Keep, l
}

func TestFourHundredDaysOfTheLadder(t *testing.T) {
	p := DefaultPolicy()
	var all []Generation
	start := jst.Date{Y: 2026, M: 11, D: 23}
	for n := range 400 {
		day := start.AddDays(n)
		now := day.At(p.Hour, p.Minute)
		all, _ = live(p, all, now)
		seen := map[jst.Date]bool{}
		for _, g := range all {
			if seen[g.Day] {
				t.Fatalf("day %d: two backups of %s", n, g.Day)
			}
			seen[g.Day] = true
			if !jst.BackupExpiry(g.Taken).After(now.Add(p.Margin)) { // nor will be before the next run
				t.Fatalf("day %d: %s is older than a year", n, g.Day)
			}
		}
		for back := range min(n+1, p.Daily) {
			if !seen[day.AddDays(-back)] {
				t.Fatalf("day %d: the backup of %d days ago is gone", n, back)
			}
		}
		if len(all) > p.Daily+p.Weekly+p.Monthly {
			t.Fatalf("day %d: %d generations", n, len(all))
		}
	}
	count := map[string]int{}
	for _, g := range all {
		for _, w := range g.Why {
			count[w]++
			if w == "weekly" && g.Day.Weekday() != time.Monday && g.Day != start {
				t.Errorf("%s stands for its week", g.Day)
			}
			if w == "monthly" && g.Day.D != 1 {
				t.Errorf("%s stands for its month", g.Day)
			}
		}
	}
	if count["daily"] != 35 || count["weekly"] != 13 || count["monthly"] != 12 {
		t.Fatalf("ladder %v", count)
	}
	if oldest := all[0]; start.AddDays(399).Sub(oldest.Day) < 300 {
		t.Errorf("the oldest is only of %s", oldest.Day)
	}
}

func TestTheLadderUnderAnyHistory(t *testing.T) {
	p := DefaultPolicy()
	rapid.Check(t, func(t *rapid.T) {
		now := jst.Date{Y: 2027, M: 2, D: 20}.At(22, 0)
		var all []Generation
		for range rapid.IntRange(1, 120).Draw(t, "runs") {
			// mostly a day later, sometimes hours, sometimes a long outage or a clock put back
			step := rapid.SampledFrom([]int{24, 24, 24, 24, 1, 5, 72, 200, 3000, -30, -500}).Draw(t, "hours")
			now = now.Add(time.Duration(step) * time.Hour)
			before := all
			var l Ladder
			all, l = live(p, all, now)
			if len(all) == 0 || !slices.ContainsFunc(all, func(g Generation) bool { return g.Day == jst.Of(now) }) {
				t.Fatalf("today's backup was dropped at once")
			}
			if len(l.Keep)+len(l.Drop) != len(before)+1 {
				t.Fatalf("a generation was lost or doubled")
			}
			seen := map[jst.Date]bool{}
			for _, g := range all {
				if seen[g.Day] {
					t.Fatalf("two of %s", g.Day)
				}
				seen[g.Day] = true
				if !jst.BackupExpiry(g.Taken).After(now) && !slices.ContainsFunc(l.Held, func(h Generation) bool { return h.ID == g.ID }) {
					t.Fatalf("%s is too old and not held", g.Day)
				}
			}
			if again := p.plan(all, now); len(again.Drop) != 0 {
				t.Fatalf("the ladder is not stable: %v", again.Drop)
			}
		}
	})
}

func TestAClockThatJumpsForwardDropsNothingAtOnce(t *testing.T) {
	p := DefaultPolicy()
	var all []Generation
	now := jst.Date{Y: 2026, M: 4, D: 1}.At(22, 0)
	for range 200 {
		now = now.AddDate(0, 0, 1)
		all, _ = live(p, all, now)
	}
	before := len(all)
	now = now.AddDate(2, 0, 0)
	all, l := live(p, all, now)
	if len(l.Held) == 0 || len(all) < before-1 {
		t.Fatalf("%d of %d left, %d held", len(all), before, len(l.Held))
	}
	// The clock is set right: nothing was lost.
	now = now.AddDate(-2, 0, 1)
	all, l = live(p, all, now)
	if len(l.Held) != 0 || len(all) < before-2 {
		t.Fatalf("%d of %d left after the clock was set right", len(all), before)
	}
	// It was no jump: after the backups have gone on for some days, what is too old goes.
	now = now.AddDate(2, 0, 0)
	dropped := 0
	for range p.Settle {
		all, l = live(p, all, now)
		now, dropped = now.AddDate(0, 0, 1), dropped+len(l.Drop)
	}
	if len(l.Held) != 0 || dropped == 0 {
		t.Fatalf("held for ever: %d", len(l.Held))
	}
	for _, g := range all {
		if !jst.BackupExpiry(g.Taken).After(now.AddDate(0, 0, -1)) {
			t.Fatalf("%s is still there", g.Day)
		}
	}
}

func TestThreeDaysWithoutATargetDropNothingAndAreMissed(t *testing.T) {
	p := DefaultPolicy()
	since := jst.Date{Y: 2026, M: 11, D: 1}.At(9, 0)
	var all []Generation
	for d := 1; d <= 20; d++ {
		if d >= 10 && d < 13 {
			continue
		}
		all, _ = live(p, all, jst.Date{Y: 2026, M: 11, D: d}.At(22, 0))
	}
	now := jst.Date{Y: 2026, M: 11, D: 20}.At(23, 0)
	want := "[2026-11-10 2026-11-11 2026-11-12]"
	if got := fmt.Sprint(p.missed(since, all, now)); got != want {
		t.Fatalf("missed %s", got)
	}
	if len(all) != 17 {
		t.Fatalf("%d generations", len(all))
	}
	if got := p.missed(jst.Date{Y: 2026, M: 11, D: 20}.At(22, 30), nil, now.AddDate(0, 0, 1)); len(got) != 0 {
		t.Fatalf("a day whose hour had passed at the first start is not missed: %v", got)
	}
}

func TestDue(t *testing.T) {
	p := DefaultPolicy()
	day := jst.Date{Y: 2026, M: 11, D: 23}
	morning, evening := day.At(9, 0), day.At(22, 0)
	for name, c := range map[string]struct {
		slot jst.Date
		all  []Generation
		now  time.Time
		want bool
	}{
		"today's slot":                           {day, nil, evening, true},
		"today's slot after a morning's backup":  {day, []Generation{made(morning)}, evening, true},
		"today's slot, done":                     {day, []Generation{made(evening)}, evening.Add(time.Minute), false},
		"yesterday's slot, caught up":            {day.AddDays(-1), nil, morning, true},
		"another missed slot, already caught up": {day.AddDays(-2), []Generation{made(morning)}, morning.Add(time.Minute), false},
		"begun before midnight, slot late":       {day, []Generation{made(evening)}, day.AddDays(1).At(0, 10), true},
		"a slot of the future":                   {day.AddDays(1), nil, evening, false},
	} {
		if got := p.due(c.slot, c.all, c.now); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestKeysAreGoneAfterAWeek(t *testing.T) {
	p := DefaultPolicy()
	var all []Generation
	now := jst.Date{Y: 2026, M: 11, D: 1}.At(22, 0)
	for n := range 40 {
		for range 1 + n%2 {
			all = p.planKeys(append(all, made(now)), now).Keep
			now = now.Add(time.Minute)
		}
		if len(all) > 7+1 {
			t.Fatalf("%d copies", len(all))
		}
		for _, g := range all {
			if now.Add(24*time.Hour).Sub(g.Taken) > p.KeyLife { // nor will be before the next run
				t.Fatalf("%s is older than a week", g.Day)
			}
		}
		now = now.AddDate(0, 0, 1)
	}
	now = now.AddDate(0, 0, 30)
	if l := p.planKeys(append(all, made(now)), now); len(l.Keep) != 1 || !l.Keep[0].Taken.Equal(now) {
		t.Fatalf("after an outage: %v", l.Keep)
	}
}
