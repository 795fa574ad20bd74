package jst

import (
	"strconv"
	"time"
)

// Stamp shows an instant to people: "2026-04-01 09:30" in Japan. The zero instant is empty.
func Stamp(t time.Time) string { return format(t, "2006-01-02 15:04") }

// StampSec shows an instant to programs: "2026-04-01T09:30:00+09:00". The zero instant is empty.
func StampSec(t time.Time) string { return format(t, "2006-01-02T15:04:05-07:00") }

// Clock is the wall-clock time in Japan, "09:30".
func Clock(t time.Time) string { return format(t, "15:04") }

func format(t time.Time, layout string) string {
	if t.IsZero() {
		return ""
	}
	return t.In(Zone).Format(layout)
}

// Japanese writes "2026年4月1日".
func Japanese(d Date) string {
	if d.IsZero() {
		return ""
	}
	return strconv.Itoa(d.Y) + "年" + strconv.Itoa(d.M) + "月" + strconv.Itoa(d.D) + "日"
}

// Wareki writes "令和8年4月1日"; the first year of an era is 元年. Days before 1873, when Japan took the
// Gregorian calendar, have no era here and are written as by Japanese.
func Wareki(d Date) string {
	for i := len(eras) - 1; i >= 0; i-- {
		e := eras[i]
		if d.Before(e.from) || d.IsZero() {
			continue
		}
		year := strconv.Itoa(d.Y - e.base)
		if d.Y-e.base == 1 {
			year = "元"
		}
		return e.name + year + "年" + strconv.Itoa(d.M) + "月" + strconv.Itoa(d.D) + "日"
	}
	return Japanese(d)
}

// WeekdayName is the one-character Japanese name, "水".
func WeekdayName(w time.Weekday) string {
	return [...]string{"日", "月", "火", "水", "木", "金", "土"}[w]
}
