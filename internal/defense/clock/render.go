package clock

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"rakudos/internal/base/jst"
)

// renderer is how instants become what people read and days that are counted.
type renderer struct {
	stamp, stampSec func(time.Time) string
	day             func(time.Time) jst.Date
}

// japan is what the service uses.
var japan = renderer{stamp: jst.Stamp, stampSec: jst.StampSec, day: jst.Of}

// greenwich is the sandbox: the same in UTC.
var greenwich = renderer{
	stamp:    func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") },
	stampSec: func(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05-07:00") },
	day: func(t time.Time) jst.Date {
		y, m, d := t.UTC().Date()
		return jst.Date{Y: y, M: int(m), D: d}
	},
}

// page is a page as this renderer would write it.
func (r renderer) page(context.Context) ([]byte, http.Header, error) {
	now := time.Now()
	h := http.Header{"Date": {now.UTC().Format(http.TimeFormat)}}
	return fmt.Appendf(nil, `<footer><time id="jst-clock" datetime="%s">%s</time></footer>`, r.stampSec(now), r.stamp(now)), h, nil
}

// vector is an instant beside a boundary, with what it is in Japan.
type vector struct {
	at            string // UTC
	stamp, sec    string
	fiscal        int
	year, quarter int
	monthEnd      bool
}

var vectors = []vector{
	{"2026-12-31T14:59:59Z", "2026-12-31 23:59", "2026-12-31T23:59:59+09:00", 2026, 2026, 3, true},
	{"2026-12-31T15:00:00Z", "2027-01-01 00:00", "2027-01-01T00:00:00+09:00", 2026, 2026, 4, false},
	{"2027-03-31T14:59:59Z", "2027-03-31 23:59", "2027-03-31T23:59:59+09:00", 2026, 2026, 4, true},
	{"2027-03-31T15:00:00Z", "2027-04-01 00:00", "2027-04-01T00:00:00+09:00", 2027, 2027, 1, false},
	{"2026-06-30T14:59:59Z", "2026-06-30 23:59", "2026-06-30T23:59:59+09:00", 2026, 2026, 1, true},
	{"2026-06-30T15:00:00Z", "2026-07-01 00:00", "2026-07-01T00:00:00+09:00", 2026, 2026, 2, false},
	{"2026-09-30T15:00:00Z", "2026-10-01 00:00", "2026-10-01T00:00:00+09:00", 2026, 2026, 3, false},
	{"2026-11-29T15:00:00Z", "2026-11-30 00:00", "2026-11-30T00:00:00+09:00", 2026, 2026, 3, true},
	{"2026-11-30T15:00:00Z", "2026-12-01 00:00", "2026-12-01T00:00:00+09:00", 2026, 2026, 3, false},
	{"2028-02-28T15:00:00Z", "2028-02-29 00:00", "2028-02-29T00:00:00+09:00", 2027, 2027, 4, true},
	{"2028-02-29T15:00:00Z", "2028-03-01 00:00", "2028-03-01T00:00:00+09:00", 2027, 2027, 4, false},
	{"2026-11-23T14:59:59Z", "2026-11-23 23:59", "2026-11-23T23:59:59+09:00", 2026, 2026, 3, false},
}

// boundaries renders every vector, as if the instant came from hosts in several zones, and names those that come out
// otherwise.
func boundaries(r renderer) (wrong []string) {
	for _, v := range vectors {
		at, err := time.Parse(time.RFC3339, v.at)
		ok := err == nil
		for _, host := range []*time.Location{time.UTC, time.Local, time.FixedZone("host", -5*3600)} {
			t := at.In(host)
			d := r.day(t)
			year, quarter := jst.Quarter(d)
			ok = ok && r.stamp(t) == v.stamp && r.stampSec(t) == v.sec && jst.FiscalYear(d) == v.fiscal &&
				year == v.year && quarter == v.quarter && (d == jst.MonthEnd(d)) == v.monthEnd
		}
		if !ok {
			wrong = append(wrong, "境目 "+v.at)
		}
	}
	return wrong
}

// zone compares the offset that the renderer writes with Asia/Tokyo of the time zone database, month by month.
func zone(r renderer) (looked int, odd []string, err error) {
	tokyo, err := time.LoadLocation("Asia/Tokyo")
	if err != nil {
		return 0, nil, fmt.Errorf("clock: time zone database: %w", err)
	}
	for t := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC); t.Year() < 2040; t = t.AddDate(0, 1, 0) {
		looked++
		if got, want := r.stampSec(t), t.In(tokyo).Format("2006-01-02T15:04:05")+"+09:00"; got != want {
			odd = append(odd, "時差 "+t.Format("2006-01"))
		}
	}
	return looked, odd, nil
}
