package web

import (
	"net/http"
	"strconv"
	"time"

	"rakudos/internal/health/checkup"
	"rakudos/internal/people/access"
	"rakudos/internal/people/org"
)

// homeStaff is the home of those who work with check-ups: HR, nurses and physicians see the same counts
// as far as their role sees them at all.
func (s *server) homeStaff(r *http.Request, v *Visitor, view *homeView) error {
	h, err := s.Checkup.Home(r.Context(), v.Actor)
	if err != nil {
		return err
	}
	year := strconv.Itoa(h.Year)
	waiting := "/checkups?sort=day&year=" + year + "&fitness="
	if access.Allows(v.Actor, access.CheckupDecide) {
		waiting = "/worklist?year=" + year + "&due="
	}
	oldest, next := "", ""
	switch {
	case h.NextDeadline.IsZero():
	case h.OverdueOpinions > 0:
		oldest = "（いちばん古い期限 " + day(h.NextDeadline) + "）"
	default:
		next = "（いちばん近い期限 " + day(h.NextDeadline) + "）"
	}
	view.Figures = append(view.Figures, figure{"/checkups?year=" + year, group(h.Examined) + " / " + group(h.Population), "人", year + "年度の健診を受けた人"})
	for _, x := range []struct {
		n                       int
		path, text, unit, class string
	}{
		{h.OverdueOpinions, waiting + checkup.Overdue, "就業判定の期限を過ぎた人がいます" + oldest, "人", "late"},
		{h.Undecided - h.OverdueOpinions, waiting + checkup.Upcoming, "就業判定を待つ人がいます" + next, "人", "soon"},
		{h.FollowOpen, "/checkups?follow=open&sort=-judgement&year=" + year, "受診の確認がまだの人（判定D・受診勧奨）がいます", "人", "soon"},
		{h.Severe, "/checkups?judgement=D&year=" + year, "精密検査・治療が必要な人（判定D）がいます", "人", ""},
		{h.Referral, "/checkups?judgement=referral&year=" + year, "受診をすすめる人（特定健診の受診勧奨）がいます", "人", ""},
		{h.NotExamined, "/checkups?judgement=none&year=" + year, "まだ健診を受けていない人がいます", "人", ""},
	} {
		if x.n > 0 {
			view.Todos = append(view.Todos, todo{x.path, x.text, group(x.n) + x.unit, x.class})
		}
	}
	for _, i := range recent(h.Imports, time.Now()) {
		view.Todos = append(view.Todos, todo{"/imports/" + string(i.ID), "取り込み: " + i.File, i.State.Japanese(), importUrgency[i.State]})
	}
	return s.homeRosters(r, v, view)
}

// homeRosters are the lists of people that are being read, or wait for somebody.
func (s *server) homeRosters(r *http.Request, v *Visitor, view *homeView) error {
	if !access.Allows(v.Actor, access.PeopleImport) {
		return nil
	}
	all, err := s.Org.Imports(r.Context(), v.Actor, homeRosters)
	if err != nil {
		return err
	}
	view.Todos = append(view.Todos, rosterTodos(all, time.Now())...)
	return nil
}

// homeRosters is how many of the newest lists are looked at.
const homeRosters = 20

func rosterTodos(all []org.ImportView, now time.Time) (out []todo) {
	for _, i := range all {
		doc := rosterDoc(i)
		state := checkup.State(doc.State)
		switch {
		case state == checkup.Applied || state == checkup.Withdrawn || len(out) == homeImports:
			continue
		case state == checkup.Failed && now.Sub(i.Created) >= failedDays*24*time.Hour:
			continue
		}
		out = append(out, todo{"/imports/" + string(doc.ID), "名簿の取り込み: " + doc.File, state.Japanese(), importUrgency[state]})
	}
	return out
}

const (
	homeImports = 5
	failedDays  = 3 // a failed file is news so long; then it stands in the list of imports only
)

// recent leaves out old failures, which nobody needs to do anything about.
func recent(all []*checkup.Import, now time.Time) []*checkup.Import {
	var out []*checkup.Import
	for _, i := range all {
		if i.State != checkup.Failed || now.Sub(i.StartedAt) < failedDays*24*time.Hour {
			out = append(out, i)
		}
	}
	return out[:min(len(out), homeImports)]
}

var importUrgency = map[checkup.State]string{checkup.Preview: "soon", checkup.Failed: "soon"}
