package web

import (
	"net/http"
	"strconv"

	"rakudos/internal/health/checkup"
	"rakudos/internal/people/access"
)

// homeStaff is the home of those who work with check-ups: HR, nurses and physicians see the same counts
// as far as their role sees them at all.
func (s *server) homeStaff(r *http.Request, v *Visitor, view *homeView) error {
	h, err := s.Checkup.Home(r.Context(), v.Actor)
	if err != nil {
		return err
	}
	year := strconv.Itoa(h.Year)
	waiting := "/checkups?judgement=C%2B&sort=day&year=" + year
	if access.Allows(v.Actor, access.CheckupDecide) {
		waiting = "/worklist?year=" + year
	}
	next := ""
	if !h.NextDeadline.IsZero() && h.OverdueOpinions == 0 {
		next = "（いちばん近い期限 " + day(h.NextDeadline) + "）"
	}
	view.Figures = append(view.Figures, figure{"/checkups?year=" + year, group(h.Examined) + " / " + group(h.Population), "人", year + "年度の健診を受けた人"})
	for _, x := range []struct {
		n                       int
		path, text, unit, class string
	}{
		{h.OverdueOpinions, waiting, "就業判定の期限を過ぎた人がいます", "人", "late"},
		{h.Undecided - h.OverdueOpinions, waiting, "就業判定を待つ人がいます" + next, "人", "soon"},
		{h.Referral, "/checkups?judgement=referral&year=" + year, "受診をすすめる人がいます", "人", ""},
		{h.NotExamined, "/checkups?judgement=none&year=" + year, "まだ健診を受けていない人がいます", "人", ""},
	} {
		if x.n > 0 {
			view.Todos = append(view.Todos, todo{x.path, x.text, group(x.n) + x.unit, x.class})
		}
	}
	for _, i := range h.Imports[:min(len(h.Imports), 5)] {
		view.Todos = append(view.Todos, todo{"/imports/" + string(i.ID), "取り込み: " + i.File, i.State.Japanese(), importUrgency[i.State]})
	}
	return nil
}

var importUrgency = map[checkup.State]string{checkup.Preview: "soon", checkup.Failed: "late"}
