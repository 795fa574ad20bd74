package backup

import (
	"slices"
	"strings"
	"time"

	"rakudos/internal/base/jst"
)

// Ladder is the decision about a list of generations of one kind at an instant.
type Ladder struct {
	Keep []Generation // oldest first; Why is filled in
	Drop []Generation // oldest first
	Held []Generation // too old, but held because time may have jumped; also in Keep
}

// plan decides which data sets stay. Of each day the newest counts; the newest days are kept, of the
// newest weeks and months the first day. Days, weeks and months are counted, not measured from today, so
// a clock that jumps forward thins nothing out; what a jump could make too old is held for a while.
func (p Policy) plan(all []Generation, now time.Time) Ladder {
	all = slices.Clone(all)
	slices.SortFunc(all, compare)
	why := map[string][]string{}
	days := newestOfDay(all)
	mark := func(rung string, n int, period func(jst.Date) jst.Date) {
		var last jst.Date
		for i := len(days) - 1; i >= 0; i-- {
			at := period(days[i].Day)
			if at != last {
				if n == 0 {
					return
				}
				n, last = n-1, at
			}
			if i == 0 || period(days[i-1].Day) != at { // the first day of its period
				why[days[i].ID] = append(why[days[i].ID], rung)
			}
		}
	}
	mark("daily", p.Daily, func(d jst.Date) jst.Date { return d })
	mark("weekly", p.Weekly, monday)
	mark("monthly", p.Monthly, func(d jst.Date) jst.Date { return jst.Date{Y: d.Y, M: d.M, D: 1} })
	for _, g := range days { // also when the clock was put back behind many others
		if g.Day == jst.Of(now) && len(why[g.ID]) == 0 {
			why[g.ID] = []string{"daily"}
		}
	}
	var l Ladder
	hold := p.unsettled(days, now)
	for _, g := range all {
		g.Expires, g.Why = p.expiry(g.Taken), why[g.ID]
		old := !g.Expires.After(now.Add(p.Margin))
		switch {
		case len(g.Why) == 0, old && !hold:
			l.Drop = append(l.Drop, g)
			continue
		case old:
			l.Held = append(l.Held, g)
		}
		l.Keep = append(l.Keep, g)
	}
	return l
}

// unsettled tells whether the newest backups, fewer than Settle of them, follow on a gap.
func (p Policy) unsettled(days []Generation, now time.Time) bool {
	later := now
	for n, g := range slices.Backward(days) {
		if len(days)-1-n >= p.Settle {
			return false
		}
		if later.Sub(g.Taken) > p.Gap {
			return true
		}
		later = g.Taken
	}
	return false
}

// planKeys keeps the newest copy of the key store of each day, none beyond its life. The newest stays in
// any case: it was taken a moment ago.
func (p Policy) planKeys(all []Generation, now time.Time) Ladder {
	all = slices.Clone(all)
	slices.SortFunc(all, compare)
	days := newestOfDay(all)
	var l Ladder
	for i, g := range all {
		g.Expires = g.Taken.Add(p.KeyLife)
		newest := slices.ContainsFunc(days, func(d Generation) bool { return d.ID == g.ID })
		if i == len(all)-1 || newest && g.Expires.After(now.Add(p.Margin)) {
			l.Keep = append(l.Keep, g)
		} else {
			l.Drop = append(l.Drop, g)
		}
	}
	return l
}

// newestOfDay leaves one generation a day, of a list that is sorted; so is the result, by day.
func newestOfDay(sorted []Generation) []Generation {
	by := map[jst.Date]Generation{}
	for _, g := range sorted {
		by[g.Day] = g
	}
	out := make([]Generation, 0, len(by))
	for _, g := range by {
		out = append(out, g)
	}
	slices.SortFunc(out, func(a, b Generation) int { return a.Day.Compare(b.Day) })
	return out
}

func compare(a, b Generation) int {
	if c := a.Taken.Compare(b.Taken); c != 0 {
		return c
	}
	return strings.Compare(a.ID, b.ID)
}

func monday(d jst.Date) jst.Date { return d.AddDays(-(int(d.Weekday()) + 6) % 7) }

// due tells whether a backup has to be made for a slot: that of an earlier day is made good by any backup
// of today; today's own slot wants one that was begun after it.
func (p Policy) due(slot jst.Date, all []Generation, now time.Time) bool {
	today := jst.Of(now)
	if slot.After(today) { // the clock was put back since the slot was planned
		return false
	}
	for _, g := range all {
		if g.Day == today && (slot.Before(today) || !g.Taken.Before(slot.At(p.Hour, p.Minute))) {
			return false
		}
	}
	return true
}

// missed lists the whole days, from the first one on which a backup was due until yesterday, that have
// none; at most the last year is looked at.
func (p Policy) missed(since time.Time, all []Generation, now time.Time) []jst.Date {
	have := map[jst.Date]bool{}
	for _, g := range all {
		have[g.Day] = true
	}
	first := jst.Of(since)
	if since.After(first.At(p.Hour, p.Minute)) {
		first = first.AddDays(1)
	}
	today := jst.Of(now)
	if limit := today.AddDays(-jst.BackupDays); first.Before(limit) {
		first = limit
	}
	var out []jst.Date
	for d := first; d.Before(today); d = d.AddDays(1) {
		if !have[d] {
			out = append(out, d)
		}
	}
	return out
}
