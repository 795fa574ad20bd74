package jst

import (
	"maps"
	"time"
)

// The service desk's hours, 9:00 to 16:00 (clause 5-2d). The closing hour itself is outside.
const (
	DeskOpens  = 9
	DeskCloses = 16
	deskDay    = (DeskCloses - DeskOpens) * time.Hour // 7 business hours
)

// Calendar says on which days the desk is open. Saturdays and Sundays never are.
type Calendar struct {
	Name     string
	Holidays bool            // national holidays are closed
	Closed   map[Date]string // further closed days with their reason (年末年始 and the like)
}

// The two calendars of decisions.md: Literal follows the clause's Monday to Friday to the letter,
// Business also closes on holidays.
var (
	Literal  = Calendar{Name: "月～金(祝日を含む)"}
	Business = Calendar{Name: "月～金(祝日を除く)", Holidays: true}
)

// With returns the calendar with more closed days.
func (c Calendar) With(closed map[Date]string) Calendar {
	all := maps.Clone(c.Closed)
	if all == nil {
		all = map[Date]string{}
	}
	maps.Copy(all, closed)
	c.Closed = all
	return c
}

// OpenOn tells whether the desk is open on a day.
func (c Calendar) OpenOn(d Date) bool {
	if w := d.Weekday(); w == time.Saturday || w == time.Sunday {
		return false
	}
	if _, shut := c.Closed[d]; shut {
		return false
	}
	if !c.Holidays {
		return true
	}
	_, shut := IsHoliday(d)
	return !shut
}

// InHours tells whether the desk is open at an instant.
func (c Calendar) InHours(t time.Time) bool {
	d := Of(t)
	return c.OpenOn(d) && !t.Before(d.At(DeskOpens, 0)) && t.Before(d.At(DeskCloses, 0))
}

// NextOpening is t itself inside the hours, otherwise the next time the desk opens.
func (c Calendar) NextOpening(t time.Time) time.Time {
	if c.InHours(t) {
		return t
	}
	d := Of(t)
	if !t.Before(d.At(DeskCloses, 0)) {
		d = d.AddDays(1)
	}
	for !c.OpenOn(d) {
		d = d.AddDays(1)
	}
	return d.At(DeskOpens, 0)
}

// Add moves an instant by business time. What is used up exactly at closing time ends at closing time, not
// at the next opening.
func (c Calendar) Add(t time.Time, d time.Duration) time.Time {
	for t = c.NextOpening(t); ; t = c.NextOpening(t) {
		closes := Of(t).At(DeskCloses, 0)
		left := closes.Sub(t)
		if d <= left {
			return t.Add(d)
		}
		d -= left
		t = closes
	}
}
