package web

import (
	"net/http"
	"strconv"
)

// homeStaff is the home of those who work with check-ups: HR, nurses and physicians see the same counts
// as far as their role sees them at all.
func (s *server) homeStaff(r *http.Request, v *Visitor, view *homeView) error {
	h, err := s.Checkup.Home(r.Context(), v.Actor)
	if err != nil {
		return err
	}
	year := strconv.Itoa(h.Year)
	for _, x := range []struct {
		n                       int
		path, text, unit, class string
	}{
		{h.OverdueOpinions, "/worklist?year=" + year, "就業判定の期限を過ぎた人がいます", "人", "late"},
		{h.Undecided, "/worklist?year=" + year, "就業判定を待つ人がいます", "人", "soon"},
		{h.Previews, "/imports", "確認を待つ取り込みがあります", "件", "soon"},
		{h.Referral, "/checkups?judgement=referral&year=" + year, "受診をすすめる人がいます", "人", ""},
		{h.NotExamined, "/checkups?judgement=none&year=" + year, "まだ健診を受けていない人がいます", "人", ""},
	} {
		if x.n > 0 {
			view.Todos = append(view.Todos, todo{x.path, x.text, group(x.n) + x.unit, x.class})
		}
	}
	return nil
}
