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
	view := &worklistView{Page: Page{Title: "就業判定の待ち", Here: "/worklist"}, Year: year, All: all, Pager: pagerOf(r, len(items), 50)}
	for y := year + 1; y >= year-3; y-- {
		view.Years = append(view.Years, choice{strconv.Itoa(y), strconv.Itoa(y) + "年度", y == year})
	}
	for _, i := range items {
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
	view.Items = items[view.Pager.from():view.Pager.to()]
	return s.page(w, r, v, view)
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
