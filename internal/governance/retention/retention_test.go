package retention

import (
	"testing"

	"pgregory.net/rapid"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/jst"
)

func day(t *testing.T, s string) jst.Date {
	t.Helper()
	d, err := jst.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestTerminate(t *testing.T) {
	for _, c := range []struct{ month, end, first, last, gone string }{ // decisions 6-2
		{"2026-11", "2026-11-30", "2026-12-01", "2026-12-30", "2027-12-30"},
		{"2027-01", "2027-01-31", "2027-02-01", "2027-03-02", "2028-03-01"},
		{"2027-02", "2027-02-28", "2027-03-01", "2027-03-30", "2028-03-29"},
		{"2028-01", "2028-01-31", "2028-02-01", "2028-03-01", "2029-03-01"},
		{"2028-02", "2028-02-29", "2028-03-01", "2028-03-30", "2029-03-30"},
	} {
		m, ok := ParseMonth(c.month)
		if !ok {
			t.Fatalf("%s is not read", c.month)
		}
		s, err := Terminate(m, day(t, "2026-11-23"))
		if err != nil {
			t.Fatalf("%s: %v", c.month, err)
		}
		got := [5]string{s.Month, s.MonthEnd.String(), s.EraseNotBefore.String(), s.EraseBy.String(), s.BackupsGoneBy.String()}
		if want := [5]string{c.month, c.end, c.first, c.last, c.gone}; got != want {
			t.Errorf("got %v, want %v", got, want)
		}
	}
	past, _ := ParseMonth("2026-10")
	if _, err := Terminate(past, day(t, "2026-11-23")); fault.Of(err) == nil || fault.Of(err).Code != "date.month_past" {
		t.Errorf("a month in the past gave %v", err)
	}
	for _, bad := range []string{"2026-13", "2026", "2026-11-01", "", "R8-11"} {
		if _, ok := ParseMonth(bad); ok {
			t.Errorf("%q was read as a month", bad)
		}
	}
}

func TestKeepUntil(t *testing.T) {
	for _, c := range []struct{ class, base, until string }{
		{"一般健診", "2020-04-01", "2025-04-01"},
		{"特定化学物質特別管理", "2020-04-01", "2050-04-01"},
		{"石綿", "2024-02-29", "2064-02-29"},
		{"じん肺", "2024-02-29", "2031-02-28"},
		{"労働時間", "2026-12-31", "2029-12-31"},
		{" ストレスチェック ", "2026-01-01", "2031-01-01"},
	} {
		cl, err := ByName(c.class)
		if err != nil {
			t.Fatal(err)
		}
		if got := cl.KeepUntil(day(t, c.base)).String(); got != c.until {
			t.Errorf("%s from %s: until %s, want %s", c.class, c.base, got, c.until)
		}
	}
	if _, err := ByName("家計簿"); !fault.Is(err, fault.Missing) {
		t.Errorf("an unknown class gave %v", err)
	}
}

func TestNoNameIsTakenTwice(t *testing.T) {
	seen := map[string]string{}
	for _, c := range Classes {
		for _, n := range append([]string{c.Name}, c.Also...) {
			if other, ok := seen[fold(n)]; ok {
				t.Errorf("%s means both %s and %s", n, other, c.Name)
			}
			seen[fold(n)] = c.Name
		}
		if c.Years < 3 || c.Base == "" || c.Source == "" {
			t.Errorf("%s lacks a period, a base or a source", c.Name)
		}
	}
}

func TestTheScheduleNeverErasesTooEarlyOrTooLate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := jst.Date{Y: rapid.IntRange(2026, 2090).Draw(t, "y"), M: rapid.IntRange(1, 12).Draw(t, "m"), D: 1}
		s, err := Terminate(m, m)
		if err != nil {
			t.Fatal(err)
		}
		if !s.EraseNotBefore.After(s.MonthEnd) || s.EraseBy.Sub(s.MonthEnd) != jst.ErasureDays || s.BackupsGoneBy.Sub(s.EraseBy) > jst.BackupDays {
			t.Fatalf("%+v", s)
		}
	})
}
