package web

import (
	"net/http"
	"strconv"
	"time"

	"rakudos/internal/base/jst"
	"rakudos/internal/health/checkup"
)

// worklistView is what waits for the physician, the nearest deadline first.
type worklistView struct {
	Page
	Items            []checkup.WorkItem
	Years            []choice
	Year             int
	All              bool
	Due              []choice // overdue, upcoming, or everybody
	Late, Soon, Open int
	Pager            Pager
}

// Template names the file.
func (*worklistView) Template() string { return "worklist" }

// soonDays is when a deadline counts as near.
const soonDays = 14

func (s *server) worklistPage(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	year, err := strconv.Atoi(r.URL.Query().Get("year"))
	if err != nil {
		year = jst.FiscalYear(jst.Of(time.Now()))
	}
	all := r.URL.Query().Get("all") == "1"
	items, err := s.Checkup.WorkList(r.Context(), v.Actor, year, all)
	if err != nil {
		return err
	}
	view := newWorklistView(r, year, all, items)
	return s.page(w, r, v, view)
}

// newWorklistView counts everybody and shows whom the address asks for.
func newWorklistView(r *http.Request, year int, all bool, items []checkup.WorkItem) *worklistView {
	view := &worklistView{Page: Page{Title: "就業判定の待ち", Here: "/worklist"}, Year: year, All: all}
	for y := year + 1; y >= year-3; y-- {
		view.Years = append(view.Years, choice{strconv.Itoa(y), strconv.Itoa(y) + "年度", y == year})
	}
	due := r.URL.Query().Get("due")
	for _, c := range []choice{{Value: checkup.Overdue, Name: "期限を過ぎた人"}, {Value: checkup.Upcoming, Name: "期限の前の人"}} {
		c.Chosen = c.Value == due
		view.Due = append(view.Due, c)
	}
	var shown []checkup.WorkItem
	for _, i := range items {
		open := i.Fitness == checkup.Undecided && !i.Deadline.IsZero()
		if due != checkup.Overdue && due != checkup.Upcoming || open && (i.DaysLeft < 0) == (due == checkup.Overdue) {
			shown = append(shown, i)
		}
		if i.Fitness != "" {
			continue
		}
		view.Open++
		switch {
		case i.Deadline.IsZero():
			view.Open--
		case i.DaysLeft < 0:
			view.Late++
		case i.DaysLeft <= soonDays:
			view.Soon++
		}
	}
	view.Pager = pagerOf(r, len(shown), 50)
	view.Items = shown[view.Pager.from():view.Pager.to()]
	return view
}

type measuresView struct {
	Page
	Measures []checkup.Measure
}

// Template names the file.
func (*measuresView) Template() string { return "measures" }

// measuresPage is what a manager has to see to: the measure, never the reason.
func (s *server) measuresPage(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	m, err := s.Checkup.MeasuresInForce(r.Context(), v.Actor)
	if err != nil {
		return err
	}
	return s.page(w, r, v, &measuresView{Page{Title: "就業上の措置", Here: "/measures"}, m})
}
