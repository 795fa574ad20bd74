package web

import (
	"net/http/httptest"
	"testing"

	"rakudos/internal/base/jst"
	"rakudos/internal/health/checkup"
)

// TestWorklistByDeadline: the figures are of everybody, the lines of whom the address asks for.
func TestWorklistByDeadline(t *testing.T) {
	at := jst.Date{Y: 2026, M: 9, D: 3}
	item := func(number string, days int, f checkup.Fitness) checkup.WorkItem {
		return checkup.WorkItem{ListRow: checkup.ListRow{Number: number, Deadline: at, DaysLeft: days, Fitness: f}}
	}
	free := item("5", 0, "")
	free.Deadline = jst.Date{}
	all := []checkup.WorkItem{item("1", -3, ""), item("2", 0, ""), item("3", 30, ""), item("4", -1, checkup.Normal), free}
	for due, want := range map[string]string{"": "12345", "x": "12345", checkup.Overdue: "1", checkup.Upcoming: "23"} {
		v := newWorklistView(httptest.NewRequest("GET", "/worklist?due="+due, nil), 2026, true, all)
		got := ""
		for _, i := range v.Items {
			got += i.Number
		}
		if got != want || v.Open != 3 || v.Late != 1 || v.Soon != 1 {
			t.Errorf("%q: %s, want %s; %d open, %d late, %d soon", due, got, want, v.Open, v.Late, v.Soon)
		}
	}
}
