// Package jst is the service's calendar and clock arithmetic: civil dates, eras, holidays, desk hours and
// deadlines, all in Japan Standard Time (clause 4-4b). It must never read the clock or the host's time zone.
package jst

import (
	"fmt"
	"time"
	_ "time/tzdata" // zone names resolve in a container without tzdata
)

// Zone is UTC+09:00. It is fixed on purpose: neither TZ, ZONEINFO nor a missing tzdata can change it, and
// Japan has had no other offset since 1951. The clock control compares it with the embedded Asia/Tokyo.
var Zone = time.FixedZone("JST", 9*60*60)

// Date is a day of the civil calendar. The zero Date means "no date".
type Date struct{ Y, M, D int }

// Of is the day in Japan at the instant t; the zero instant gives the zero Date.
func Of(t time.Time) Date {
	if t.IsZero() {
		return Date{}
	}
	y, m, d := t.In(Zone).Date()
	return Date{y, int(m), d}
}

// carry takes days and months that overflow into the next: 2026-02-30 becomes 2026-03-02.
func carry(y, m, d int) Date {
	yy, mm, dd := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC).Date()
	return Date{yy, int(mm), dd}
}

// Valid tells whether the day exists.
func (d Date) Valid() bool {
	return d.M >= 1 && d.M <= 12 && d.D >= 1 && d.D <= daysIn(d.Y, d.M)
}

func daysIn(y, m int) int {
	switch m {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if y%4 == 0 && (y%100 != 0 || y%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// IsZero tells whether there is no date.
func (d Date) IsZero() bool { return d == Date{} }

// Start is the instant at which the day begins in Japan; the zero Date gives the zero instant.
func (d Date) Start() time.Time { return d.At(0, 0) }

// At is the instant of a wall-clock time of that day in Japan.
func (d Date) At(hour, minute int) time.Time {
	if d.IsZero() {
		return time.Time{}
	}
	return time.Date(d.Y, time.Month(d.M), d.D, hour, minute, 0, 0, Zone)
}

// days counts from 1970-01-01.
func (d Date) days() int {
	return int(time.Date(d.Y, time.Month(d.M), d.D, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

// AddDays moves by n days.
func (d Date) AddDays(n int) Date { return carry(d.Y, d.M, d.D+n) }

// AddMonths moves by n months; a day the month lacks becomes its last day (1-31 + 1 month = 2-28).
func (d Date) AddMonths(n int) Date {
	first := carry(d.Y, d.M+n, 1)
	return Date{first.Y, first.M, min(d.D, daysIn(first.Y, first.M))}
}

// Compare is -1, 0 or 1 as d is before, on or after o.
func (d Date) Compare(o Date) int {
	for _, diff := range [...]int{d.Y - o.Y, d.M - o.M, d.D - o.D} {
		if diff < 0 {
			return -1
		}
		if diff > 0 {
			return 1
		}
	}
	return 0
}

// Before tells whether d is an earlier day than o.
func (d Date) Before(o Date) bool { return d.Compare(o) < 0 }

// After tells whether d is a later day than o.
func (d Date) After(o Date) bool { return d.Compare(o) > 0 }

// Sub is the number of days from o to d.
func (d Date) Sub(o Date) int { return d.days() - o.days() }

// Weekday of the day.
func (d Date) Weekday() time.Weekday {
	return time.Date(d.Y, time.Month(d.M), d.D, 0, 0, 0, 0, time.UTC).Weekday()
}

// MonthEnd is the last day of the month.
func (d Date) MonthEnd() Date { return MonthEnd(d) }

// String is the ISO form, "2026-04-01"; the zero Date is empty.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Y, d.M, d.D)
}

// MarshalText is String.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText accepts what ParseDate accepts, and the empty text as the zero Date.
func (d *Date) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*d = Date{}
		return nil
	}
	p, err := ParseDate(string(b))
	if err == nil {
		*d = p
	}
	return err
}

// AgeOn is the age in full years on a day. Someone born on 29 February turns a year older on 1 March of
// a common year. It is negative before birth.
func AgeOn(birth, day Date) int {
	age := day.Y - birth.Y
	if day.M < birth.M || day.M == birth.M && day.D < birth.D {
		age--
	}
	return age
}
