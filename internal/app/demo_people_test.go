package app

import (
	"encoding/csv"
	"strings"
	"testing"

	"rakudos/internal/base/jst"
)

func table(t *testing.T, text string) [][]string {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll() // refuses lines of another length
	if err != nil {
		t.Fatal(err)
	}
	return rows[1:]
}

// TestDemoPeople: sample files number their people 100001 and on; a demo person must never be one of them.
func TestDemoPeople(t *testing.T) {
	seen := map[string]bool{}
	for _, d := range demoTenants {
		rows := table(t, demoRoster(d))
		sites, depts := map[string]bool{}, map[string]bool{}
		for _, r := range rows {
			number, birth := r[0], r[4]
			if seen[number] || !strings.HasPrefix(number, d.prefix) {
				t.Errorf("%s: number %s", d.code, number)
			}
			if b, err := jst.ParseDate(birth); err != nil || b.Y < 1962 || b.Y > 2001 {
				t.Errorf("%s: born %s, %v", number, birth, err)
			}
			seen[number], sites[r[5]], depts[r[7]] = true, true, true
		}
		if len(rows) != d.people || len(sites) != len(d.sites) || len(depts) != len(d.depts) {
			t.Errorf("%s: %d people, %d sites, %d departments; want %d, %d, %d", d.code, len(rows), len(sites), len(depts), d.people, len(d.sites), len(d.depts))
		}
		if first, second := demoRoster(d), demoRoster(d); first != second {
			t.Errorf("%s: another roster each time", d.code)
		}
	}
}

func TestDemoCheckups(t *testing.T) {
	d, today := demoTenants[0], jst.Date{Y: 2026, M: 7, D: 15}
	people := map[string]bool{}
	for _, p := range demoPeople(d) {
		people[p.number] = true
	}
	for _, c := range []struct {
		year        int
		share       float64
		least, most int
	}{{2025, 1, 200, 200}, {2025, 0.6, 90, 150}, {2026, 1, 40, 140}, {2027, 1, 0, 0}} {
		rows := table(t, demoCheckups(d, c.year, c.share, today))
		if len(rows) < c.least || len(rows) > c.most {
			t.Errorf("%d, share %.1f: %d lines, want %d to %d", c.year, c.share, len(rows), c.least, c.most)
		}
		for _, r := range rows {
			day, err := jst.ParseDate(r[5])
			if err != nil || day.After(today) || jst.FiscalYear(day) != c.year || !people[r[0]] {
				t.Errorf("%s was examined on %s, %v", r[0], r[5], err)
			}
		}
	}
}
