package jst

import (
	"os"
	"strings"
	"testing"
)

// The golden file holds every holiday from 1955 to 2027 as announced by the Cabinet Office, where
// substitute holidays and days between holidays are both called 休日.
func TestHolidaysAsAnnounced(t *testing.T) {
	b, err := os.ReadFile("testdata/holidays.csv")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for line := range strings.Lines(string(b)) {
		d, name, _ := strings.Cut(strings.TrimSpace(line), ",")
		want[d] = name
	}
	if len(want) != 1067 {
		t.Fatalf("%d holidays in the golden file", len(want))
	}
	for d := (Date{1955, 1, 1}); d.Y <= 2027; d = d.AddDays(1) {
		name, ok := IsHoliday(d)
		if name == "振替休日" || name == "国民の休日" {
			name = "休日"
		}
		if name != want[d.String()] || ok != (name != "") {
			t.Errorf("%v: %q, announced %q", d, name, want[d.String()])
		}
	}
}

func TestHolidayKinds(t *testing.T) {
	for d, want := range map[Date]string{
		{2026, 5, 6}: "振替休日", {2026, 9, 22}: "国民の休日", {2019, 4, 30}: "国民の休日", {2021, 8, 9}: "振替休日",
		{1988, 5, 4}: "国民の休日", {1973, 4, 30}: "振替休日", {2020, 10, 12}: "", {2032, 9, 21}: "国民の休日",
		{1948, 9, 23}: "秋分の日", {1948, 5, 3}: "", {1947, 11, 3}: "",
	} {
		if got, _ := IsHoliday(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}
