package jst

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rakudos/internal/base/fault"
)

func TestParseDate(t *testing.T) {
	for in, want := range map[string]Date{
		"2026/4/1":            {2026, 4, 1},
		"2026/04/01":          {2026, 4, 1},
		"2026-04-01":          {2026, 4, 1},
		"2026.4.1":            {2026, 4, 1},
		"20260401":            {2026, 4, 1},
		"20240229":            {2024, 2, 29},
		" 2026/4/1 ":          {2026, 4, 1},
		"2026年4月1日":           {2026, 4, 1},
		"２０２６年４月１日":           {2026, 4, 1},
		"２０２６／４／１":            {2026, 4, 1},
		"２０２６－０４－０１":          {2026, 4, 1},
		"2026/4/1 0:00":       {2026, 4, 1},
		"2026-04-01 00:00:00": {2026, 4, 1},
		"2026-04-01T00:00:00": {2026, 4, 1},
		"R8.4.1":              {2026, 4, 1},
		"r8/04/01":            {2026, 4, 1},
		"R08-04-01":           {2026, 4, 1},
		"R080401":             {2026, 4, 1},
		"Ｒ８．４．１":              {2026, 4, 1},
		"令和8年4月1日":            {2026, 4, 1},
		"令和 8年 4月 1日":         {2026, 4, 1},
		"令8.4.1":              {2026, 4, 1},
		"令和元年5月1日":            {2019, 5, 1},
		"令和元.5.1":             {2019, 5, 1},
		"㋿元年5月1日":             {2019, 5, 1},
		"㍻31年4月30日":           {2019, 4, 30},
		"H31.4.30":            {2019, 4, 30},
		"平成元年1月8日":            {1989, 1, 8},
		"S64.1.7":             {1989, 1, 7},
		"昭和５５年１２月３１日":         {1980, 12, 31},
		"S1.12.25":            {1926, 12, 25},
		"T15.12.25":           {1926, 12, 25},
		"大正元年7月30日":           {1912, 7, 30},
		"M45.7.30":            {1912, 7, 30},
	} {
		if got, err := ParseDate(in); err != nil || got != want {
			t.Errorf("ParseDate(%q) = %v, %v; want %v", in, got, err, want)
		}
	}
	for in, code := range map[string]string{
		"": "date.format", "x": "date.format", "2026/4": "date.format", "26/4/1": "date.format", "2026/4/1/2": "date.format",
		"2026/4/": "date.format", "2026//1": "date.format", "2026/4/001": "date.format", "+2026/4/1": "date.format",
		"2026/4/1 12:30": "date.format", "R8": "date.format", "R8.4": "date.format", "未実施": "date.format", "R2026.4.1": "date.format",
		"2026年4月": "date.format", "46113": "date.format", "2026/-4/1": "date.format", "R-8.4.1": "date.format",
		"2026/13/40": "date.day", "2026/0/1": "date.day", "20260230": "date.day", "2026-02-29": "date.day", "2100/2/29": "date.day",
		"R1.4.30": "date.day", "H31.5.1": "date.day", "S64.1.8": "date.day", "S65.1.1": "date.day", "R0.1.1": "date.day",
		"00010101": "date.day", "令和8年2月30日": "date.day", "00000000": "date.day",
	} {
		got, err := ParseDate(in)
		var f *fault.Fault
		if !errors.As(err, &f) || f.Code != code || f.Kind != fault.Invalid {
			t.Errorf("ParseDate(%q) = %v, %v; want %s", in, got, err, code)
		}
	}
}

func anyDate(from, to int) *rapid.Generator[Date] {
	return rapid.Custom(func(t *rapid.T) Date {
		y := rapid.IntRange(from, to).Draw(t, "y")
		return carry(y, 1, 1+rapid.IntRange(0, 364).Draw(t, "d"))
	})
}

func TestParseReadsWhatIsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := anyDate(1873, 2299).Draw(t, "date")
		for _, s := range []string{d.String(), Japanese(d), Wareki(d)} {
			if d.Y > 2117 && s == Wareki(d) { // 令和100年 and on has three digits
				continue
			}
			if got, err := ParseDate(s); err != nil || got != d {
				t.Fatalf("%q read as %v, %v", s, got, err)
			}
		}
	})
}

func TestDateArithmetic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := anyDate(1850, 2200).Draw(t, "date")
		n := rapid.IntRange(-40000, 40000).Draw(t, "n")
		e := d.AddDays(n)
		if e.Sub(d) != n || e.AddDays(-n) != d || !e.Valid() || (n > 0) != e.After(d) || (n < 0) != e.Before(d) {
			t.Fatalf("%v + %d = %v", d, n, e)
		}
		if Of(d.Start()) != d || Of(d.AddDays(1).Start().Add(-1)) != d {
			t.Fatalf("%v does not hold its own instants", d)
		}
		m := d.AddMonths(n % 600)
		if !m.Valid() || (m.Y*12+m.M)-(d.Y*12+d.M) != n%600 || m.D > d.D {
			t.Fatalf("%v + %d months = %v", d, n%600, m)
		}
	})
	if got := (Date{2026, 1, 31}).AddMonths(1); got != (Date{2026, 2, 28}) {
		t.Errorf("1-31 + 1 month = %v", got)
	}
	if got := (Date{2026, 3, 31}).AddMonths(-13); got != (Date{2025, 2, 28}) {
		t.Errorf("3-31 - 13 months = %v", got)
	}
	if !(Date{}).IsZero() || (Date{}).String() != "" || !(Date{}).Start().IsZero() || !Of(time.Time{}).IsZero() {
		t.Error("the zero date is not empty")
	}
}

func TestAge(t *testing.T) {
	for _, c := range []struct {
		birth, day Date
		want       int
	}{
		{Date{1980, 4, 1}, Date{2026, 3, 31}, 45},
		{Date{1980, 4, 1}, Date{2026, 4, 1}, 46},
		{Date{2000, 2, 29}, Date{2026, 2, 28}, 25},
		{Date{2000, 2, 29}, Date{2026, 3, 1}, 26},
		{Date{2000, 2, 29}, Date{2028, 2, 29}, 28},
		{Date{2026, 4, 2}, Date{2026, 4, 1}, -1},
	} {
		if got := AgeOn(c.birth, c.day); got != c.want {
			t.Errorf("AgeOn(%v, %v) = %d, want %d", c.birth, c.day, got, c.want)
		}
	}
}

func TestStamps(t *testing.T) {
	at := time.Date(2026, 12, 31, 15, 0, 0, 0, time.UTC)
	if Stamp(at) != "2027-01-01 00:00" || StampSec(at) != "2027-01-01T00:00:00+09:00" || Clock(at) != "00:00" {
		t.Errorf("%s %s %s", Stamp(at), StampSec(at), Clock(at))
	}
	if Stamp(time.Time{}) != "" || StampSec(time.Time{}) != "" {
		t.Error("the zero instant is shown")
	}
	for d, want := range map[Date]string{
		{2019, 4, 30}: "平成31年4月30日", {2019, 5, 1}: "令和元年5月1日", {2026, 4, 1}: "令和8年4月1日",
		{1989, 1, 7}: "昭和64年1月7日", {1989, 1, 8}: "平成元年1月8日", {1926, 12, 25}: "昭和元年12月25日", {1872, 1, 1}: "1872年1月1日", {}: "",
	} {
		if got := Wareki(d); got != want {
			t.Errorf("Wareki(%v) = %s, want %s", d, got, want)
		}
	}
	if Japanese(Date{2026, 4, 1}) != "2026年4月1日" || WeekdayName((Date{2026, 11, 23}).Weekday()) != "月" {
		t.Error("Japanese date")
	}
}

func TestZoneIsTokyoWhateverTheHost(t *testing.T) {
	t.Setenv("TZ", "America/New_York")
	tokyo, err := time.LoadLocation("Asia/Tokyo")
	if err != nil {
		t.Fatal(err)
	}
	for y := 1952; y < 2100; y++ {
		at := time.Date(y, 7, 1, 15, 0, 0, 0, time.UTC)
		_, want := at.In(tokyo).Zone()
		if _, got := at.In(Zone).Zone(); got != want || got != 9*3600 {
			t.Fatalf("%d: offset %d, Asia/Tokyo has %d", y, got, want)
		}
	}
}

func TestText(t *testing.T) {
	type doc struct{ A, B Date }
	b, err := json.Marshal(doc{A: Date{2026, 4, 1}})
	if err != nil || string(b) != `{"A":"2026-04-01","B":""}` {
		t.Fatalf("%s %v", b, err)
	}
	var back doc
	if err := json.Unmarshal(b, &back); err != nil || back != (doc{A: Date{2026, 4, 1}}) {
		t.Fatalf("%v %v", back, err)
	}
	if json.Unmarshal([]byte(`{"A":"2026-13-01"}`), &back) == nil {
		t.Error("month 13 is accepted")
	}
}

func BenchmarkParseDate(b *testing.B) {
	for b.Loop() {
		if _, err := ParseDate("2026/04/01"); err != nil {
			b.Fatal(err)
		}
	}
}

func FuzzParseDate(f *testing.F) {
	for _, s := range []string{"2026/4/1", "R8.4.1", "令和元年5月1日", "㍻31年4月30日", "元年", "日", "M", "/", "--"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if d, err := ParseDate(s); err == nil && !d.Valid() {
			t.Errorf("%q read as %v", s, d)
		}
	})
}
