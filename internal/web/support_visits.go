package web

import (
	"net/http"
	"time"

	"rakudos/internal/engine/audit"
	"rakudos/internal/people/access"
	"rakudos/internal/people/support"
)

// visitsView shows a tenant who of the association had access, when and why; with one of them, what was read.
type visitsView struct {
	Page
	Visits  []supportLine
	One     *supportLine
	Entries []auditLine
	MayStop bool
}

// Template names the file.
func (*visitsView) Template() string { return "visits" }

func (s *server) visitsPage(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	view := &visitsView{Page: Page{Title: "保健会のサポート入室", Here: "/visits"}, MayStop: access.Allows(v.Actor, access.SupportStop)}
	all, err := s.Support.Received(r.Context(), v.Actor)
	if err != nil {
		return err
	}
	for _, a := range all {
		view.Visits = append(view.Visits, newSupportLine(a, time.Now()))
	}
	return s.page(w, r, v, view)
}

// visitMost bounds the events looked through for what was read in one visit.
const visitMost = 1000

func (s *server) visitPage(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	a, err := s.Support.Used(r.Context(), v.Actor, r.PathValue("id"))
	if err != nil {
		return err
	}
	line := newSupportLine(a, time.Now())
	view := &visitsView{Page: Page{Title: "受付番号 " + a.Ticket, Here: "/visits", Crumbs: []Crumb{{"/visits", "保健会のサポート入室"}}}, One: &line, MayStop: access.Allows(v.Actor, access.SupportStop)}
	entries, err := s.Audit.Find(r.Context(), v.Actor, audit.Filter{From: a.AskedAt, To: a.EndsAt.Add(time.Hour), Limit: visitMost})
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Detail["access"] == a.ID || e.Actor.Ticket == a.Ticket && e.Actor.Account == a.Asker {
			view.Entries = append(view.Entries, newAuditLine(e, s.routes))
		}
	}
	return s.page(w, r, v, view)
}

// visitStop ends an access of the association at once.
func (s *server) visitStop(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	if err := s.Support.Stop(r.Context(), v.Actor, r.PathValue("id")); err != nil {
		return err
	}
	return goTo(w, r, "/visits?done=visit-end")
}

// visitsNow are the accesses to show on every page of whoever may end them. A page is shown without them
// rather than not at all; the mail and the log have told already.
func (s *server) visitsNow(r *http.Request, v *Visitor) []support.Access {
	if !access.Allows(v.Actor, access.SupportStop) {
		return nil
	}
	all, err := s.Support.Running(r.Context(), v.Actor)
	if err != nil {
		s.Log.Error("visits", "request", traceOf(r).id, "err", err)
	}
	return all
}
