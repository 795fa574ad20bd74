package jst

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func at(t *testing.T, s string) time.Time {
	t.Helper()
	for _, layout := range []string{"2006-01-02 15:04", "2006-01-02 15:04:05"} {
		if v, err := time.ParseInLocation(layout, s, Zone); err == nil {
			return v
		}
	}
	t.Fatalf("bad time %q", s)
	return time.Time{}
}

// The vectors of clause 5-2: 3 hours, 1 business day, 5 business days from t0 under both calendars.
func TestBusinessDurations(t *testing.T) {
	for _, c := range []struct{ t0, b3, b7, b35, l3, l7, l35 string }{
		{"2026-11-20 15:30", "2026-11-24 11:30", "2026-11-24 15:30", "2026-11-30 15:30", "2026-11-23 11:30", "2026-11-23 15:30", "2026-11-27 15:30"},
		{"2026-11-20 16:00", "2026-11-24 12:00", "2026-11-24 16:00", "2026-11-30 16:00", "2026-11-23 12:00", "2026-11-23 16:00", "2026-11-27 16:00"},
		{"2026-11-21 10:00", "2026-11-24 12:00", "2026-11-24 16:00", "2026-11-30 16:00", "2026-11-23 12:00", "2026-11-23 16:00", "2026-11-27 16:00"},
		{"2026-11-23 10:00", "2026-11-24 12:00", "2026-11-24 16:00", "2026-11-30 16:00", "2026-11-23 13:00", "2026-11-24 10:00", "2026-11-30 10:00"},
		{"2026-11-24 08:59", "2026-11-24 12:00", "2026-11-24 16:00", "2026-11-30 16:00", "2026-11-24 12:00", "2026-11-24 16:00", "2026-11-30 16:00"},
		{"2026-09-18 15:00", "2026-09-24 11:00", "2026-09-24 15:00", "2026-09-30 15:00", "2026-09-21 11:00", "2026-09-21 15:00", "2026-09-25 15:00"},
		{"2026-09-22 12:00", "2026-09-24 12:00", "2026-09-24 16:00", "2026-09-30 16:00", "2026-09-22 15:00", "2026-09-23 12:00", "2026-09-29 12:00"},
		{"2026-05-01 14:00", "2026-05-07 10:00", "2026-05-07 14:00", "2026-05-13 14:00", "2026-05-04 10:00", "2026-05-04 14:00", "2026-05-08 14:00"},
	} {
		t0 := at(t, c.t0).UTC() // the zone of the value must not matter
		for _, v := range []struct {
			cal   Calendar
			hours int
			want  string
		}{
			{Business, 3, c.b3}, {Business, 7, c.b7}, {Business, 35, c.b35},
			{Literal, 3, c.l3}, {Literal, 7, c.l7}, {Literal, 35, c.l35},
		} {
			if got := Stamp(v.cal.Add(t0, time.Duration(v.hours)*time.Hour)); got != v.want {
				t.Errorf("%s + %d h (%s) = %s, want %s", c.t0, v.hours, v.cal.Name, got, v.want)
			}
		}
		if got := ResponseDue(Important, t0); Stamp(got.Literal) != c.l3 || Stamp(got.Business) != c.b3 || !got.By.Equal(earlier(got.Literal, got.Business)) {
			t.Errorf("%s: response %v", c.t0, got)
		}
		if got := ResolveDue(Important, t0); Stamp(got.Literal) != c.l7 || Stamp(got.Business) != c.b7 {
			t.Errorf("%s: resolve %v", c.t0, got)
		}
		week := earlier(at(t, c.b35), t0.AddDate(0, 0, 7))
		if got := ResolveDue(Minor, t0); !got.Business.Equal(week) {
			t.Errorf("%s: a week ends %s, want %s", c.t0, Stamp(got.Business), Stamp(week))
		}
	}
}

func TestUrgent(t *testing.T) {
	for t0, want := range map[string]string{
		"2026-11-24 15:59:59": "2026-11-24T16:09:59+09:00",
		"2026-11-24 15:55":    "2026-11-24T16:05:00+09:00",
		"2026-11-24 08:55":    "2026-11-24T09:10:00+09:00",
		"2026-11-24 16:00":    "2026-11-24T17:00:00+09:00",
		"2026-11-24 09:00":    "2026-11-24T09:10:00+09:00",
		"2026-11-24 08:10":    "2026-11-24T09:10:00+09:00",
		"2026-11-24 08:09":    "2026-11-24T09:09:00+09:00",
		"2026-11-21 10:00":    "2026-11-21T11:00:00+09:00",
		"2026-11-23 10:00":    "2026-11-23T10:10:00+09:00", // a holiday: the literal calendar is stricter
	} {
		if got := StampSec(ResponseDue(Urgent, at(t, t0)).By); got != want {
			t.Errorf("%s: %s, want %s", t0, got, want)
		}
		if got := ResolveDue(Urgent, at(t, t0)).By.Sub(at(t, t0)); got != 8*time.Hour {
			t.Errorf("%s: resolved within %v", t0, got)
		}
	}
}

func TestMinorResponse(t *testing.T) {
	for t0, want := range map[string]string{
		"2026-11-25 10:00": "2026-11-26 10:00",
		"2026-11-25 16:00": "2026-11-26 16:00", // 24 h would roll to the 27th: seven business hours are earlier
		"2026-11-20 15:30": "2026-11-23 09:00", // Saturday afternoon rolls to Monday's opening
		"2026-11-25 08:00": "2026-11-25 16:00",
	} {
		if got := Stamp(ResponseDue(Minor, at(t, t0)).By); got != want {
			t.Errorf("%s: %s, want %s", t0, got, want)
		}
	}
}

func TestReports(t *testing.T) {
	start := at(t, "2026-11-24 10:00")
	reports := []time.Time{at(t, "2026-11-24 11:00"), at(t, "2026-11-24 13:30")}
	missed, next := Reports(Urgent, start, reports, at(t, "2026-11-24 14:00"))
	if len(missed) != 2 || Stamp(missed[0]) != "2026-11-24 12:00" || Stamp(missed[1]) != "2026-11-24 13:00" || Stamp(next) != "2026-11-24 14:30" {
		t.Errorf("missed %v next %s", missed, Stamp(next))
	}
	if missed, next = Reports(Minor, start, nil, start); len(missed) != 0 || Stamp(next) != "2026-12-01 10:00" {
		t.Errorf("missed %v next %s", missed, Stamp(next))
	}
	if missed, _ = Reports(Urgent, start, nil, start.Add(8*time.Hour)); len(missed) != 7 {
		t.Errorf("%d of an urgent day's reports are missed", len(missed))
	}
}

func TestDeskProperties(t *testing.T) {
	holidayFree := Business.With(map[Date]string{{2026, 12, 29}: "年末年始"})
	if holidayFree.OpenOn(Date{2026, 12, 29}) || !Business.OpenOn(Date{2026, 12, 29}) {
		t.Error("a closed day")
	}
	rapid.Check(t, func(t *rapid.T) {
		t0 := time.Unix(rapid.Int64Range(1_700_000_000, 1_900_000_000).Draw(t, "t0"), 0)
		d := time.Duration(rapid.IntRange(1, 100*3600).Draw(t, "s")) * time.Second
		for _, c := range []Calendar{Literal, Business, holidayFree} {
			end := c.Add(t0, d)
			if !c.InHours(end.Add(-1)) || end.Sub(t0) < d {
				t.Fatalf("%v + %v ends %v, outside the hours", t0, d, end)
			}
			if split := c.Add(c.Add(t0, d/2), d-d/2); !split.Equal(end) {
				t.Fatalf("in two steps %v, at once %v", split, end)
			}
		}
		for _, p := range []Priority{Urgent, Important, Minor} {
			if due := ResponseDue(p, t0); due.By.After(due.Literal) || due.By.After(due.Business) || !due.By.After(t0) {
				t.Fatalf("%v", due)
			}
			if due := ResolveDue(p, t0); due.By.Before(ResponseDue(p, t0).By) {
				t.Fatalf("%s resolved before handled", p)
			}
		}
	})
}

func TestPatchWindows(t *testing.T) {
	for s, want := range map[string]bool{ // 2026-11-20 is a Friday
		"2026-11-20 01:00": false, "2026-11-20 22:59": false, "2026-11-20 23:00": true, "2026-11-21 01:00": true,
		"2026-11-21 02:59": true, "2026-11-21 03:00": false, "2026-11-22 23:30": true, "2026-11-23 02:59": true,
		"2026-11-23 03:00": false, "2026-11-23 23:30": false, "2026-11-23 01:00": true,
	} {
		if _, got := InPatchWindow(at(t, s).UTC()); got != want {
			t.Errorf("%s: %v", s, got)
		}
	}
	w := NextPatchWindow(at(t, "2026-11-23 03:00"))
	if w.Start.Sub(at(t, "2026-11-23 03:00")) != 4*24*time.Hour+20*time.Hour || w.ID() != "2026-11-27" || Stamp(w.LatestStart(time.Hour)) != "2026-11-28 02:00" {
		t.Errorf("next window %v", w)
	}
	rapid.Check(t, func(t *rapid.T) {
		at := time.Unix(rapid.Int64Range(1_700_000_000, 1_900_000_000).Draw(t, "t"), 0)
		_, got := InPatchWindow(at)
		u := at.UTC() // the windows are Friday, Saturday and Sunday 14:00-18:00 UTC
		want := (u.Weekday() == 5 || u.Weekday() == 6 || u.Weekday() == 0) && u.Hour() >= 14 && u.Hour() < 18
		if got != want {
			t.Fatalf("%v: %v", u, got)
		}
	})
}

func TestPeriods(t *testing.T) {
	for d, want := range map[Date][2]int{
		{2026, 3, 31}: {2025, 4}, {2026, 4, 1}: {2026, 1}, {2026, 6, 30}: {2026, 1}, {2026, 7, 1}: {2026, 2},
		{2026, 12, 31}: {2026, 3}, {2027, 1, 1}: {2026, 4},
	} {
		y, q := Quarter(d)
		first, last := QuarterDays(y, q)
		if y != want[0] || q != want[1] || FiscalYear(d) != y || d.Before(first) || d.After(last) {
			t.Errorf("%v: %d-Q%d, %v to %v", d, y, q, first, last)
		}
	}
	if first, last := QuarterDays(2026, 4); first != (Date{2027, 1, 1}) || last != FiscalEnd(2026) {
		t.Errorf("Q4: %v to %v", first, last)
	}
	for exam, want := range map[Date]Date{
		{2026, 10, 14}: {2027, 1, 14}, {2026, 11, 30}: {2027, 2, 28}, {2026, 1, 31}: {2026, 4, 30}, {2027, 11, 30}: {2028, 2, 29},
	} {
		if got := ThreeMonthDeadline(exam); got != want {
			t.Errorf("opinion on %v by %v, want %v", exam, got, want)
		}
	}
	for wished, want := range map[Date]Date{
		{2026, 11, 1}: {2026, 12, 30}, {2027, 1, 15}: {2027, 3, 2}, {2027, 2, 28}: {2027, 3, 30}, {2028, 2, 1}: {2028, 3, 30},
	} {
		first, last, err := Termination(wished, Date{2026, 11, 23})
		if err != nil || last != want || first != MonthEnd(wished).AddDays(1) {
			t.Errorf("%v: %v to %v, %v", wished, first, last, err)
		}
	}
	if _, _, err := Termination(Date{2026, 10, 31}, Date{2026, 11, 1}); err == nil {
		t.Error("a past month is accepted")
	}
	if _, _, err := Termination(Date{2026, 11, 1}, Date{2026, 11, 30}); err != nil {
		t.Error("the present month is refused on its last day")
	}
	for taken, want := range map[string]string{
		"2026-11-23 02:00": "2027-11-23 02:00", "2027-06-01 02:00": "2028-05-31 02:00", "2028-02-29 02:00": "2029-02-28 02:00",
	} {
		if got := Stamp(BackupExpiry(at(t, taken).UTC())); got != want {
			t.Errorf("backup of %s gone by %s, want %s", taken, got, want)
		}
	}
}
