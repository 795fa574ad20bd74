package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
)

// importConfirm starts the taking-over of what the preview showed.
func (s *server) importConfirm(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	doc, err := s.importProgress(r, v)
	if err != nil {
		return err
	}
	if begun(doc) && !wantsJSON(r) {
		return goTo(w, r, "/imports/"+string(doc.ID))
	}
	if doc.Roster {
		err = s.Org.Confirm(r.Context(), v.Actor, doc.ID)
	} else {
		err = s.Checkup.Confirm(r.Context(), v.Actor, doc.ID)
	}
	if fault.Is(err, fault.Conflict) && !wantsJSON(r) {
		if now, again := s.importProgress(r, v); again == nil && begun(now) {
			err = nil
		}
	}
	if err != nil {
		return err
	}
	return goTo(w, r, "/imports/"+string(doc.ID))
}

// begun tells that a confirmation came before: of a double click the second, or of two tabs the later one.
func begun(d *importDoc) bool { return d.State == "applying" || d.State == "applied" }

// importWithdraw takes a whole import back; a reason is kept for ever.
func (s *server) importWithdraw(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	doc, err := s.importProgress(r, v)
	if err != nil {
		return err
	}
	reason := strings.TrimSpace(r.PostFormValue("reason"))
	if reason == "" && doc.State == "applied" {
		whole, done, err := s.findImport(r, v)
		if err != nil {
			return err
		}
		view := newImportView(whole, r)
		done()
		view.Errors = []FieldError{{"reason", message(fault.New(fault.Invalid, "web.reason_missing"))}}
		return s.pageStatus(w, r, v, http.StatusUnprocessableEntity, view)
	}
	if doc.Roster {
		err = s.Org.Withdraw(r.Context(), v.Actor, doc.ID)
	} else {
		err = s.Checkup.Withdraw(r.Context(), v.Actor, doc.ID, reason)
	}
	if err != nil {
		return err
	}
	return goTo(w, r, "/imports/"+string(doc.ID)+"?done=withdrawn")
}

// importLeavers marks the people chosen among those whom a full list does not name.
func (s *server) importLeavers(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	if err := r.ParseForm(); err != nil {
		return formFault(err)
	}
	doc, done, err := s.findImport(r, v)
	if err != nil {
		return err
	}
	view := newImportView(doc, r)
	done()
	view.Day, view.Chose = strings.TrimSpace(r.PostFormValue("day")), map[ids.Person]bool{}
	var people []ids.Person
	for _, p := range r.PostForm["person"] {
		people = append(people, ids.Person(p))
		view.Chose[ids.Person(p)] = true
	}
	day, err := jst.ParseDate(view.Day)
	if view.Day != "" && err != nil {
		view.Errors = []FieldError{{"day", "退職の日は 2026/3/31 や R8.3.31 のように書いてください。"}}
		return s.pageStatus(w, r, v, http.StatusUnprocessableEntity, view)
	}
	err = s.Org.MarkLeavers(r.Context(), v.Actor, doc.ID, people, day)
	if fault.Is(err, fault.Invalid) && !wantsJSON(r) {
		view.Errors = []FieldError{{map[bool]string{true: "absent", false: "day"}[fault.Of(err).Code == "org.leavers_none"], message(err)}}
		return s.pageStatus(w, r, v, http.StatusUnprocessableEntity, view)
	}
	if err != nil {
		return err
	}
	return goTo(w, r, "/imports/"+string(doc.ID)+"?done=leavers")
}

const (
	eventEvery = 500 * time.Millisecond
	eventLast  = 30 * time.Minute // then the page reloads by itself
)

// importEvents streams how far an import is. It never extends the session, and it ends with it.
func (s *server) importEvents(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	doc, err := s.importProgress(r, v)
	if err != nil {
		return err
	}
	done, err := s.streams.enter(v.Session)
	if err != nil {
		return err
	}
	defer done()
	c := http.NewResponseController(w)
	w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	w.Header().Set("X-Accel-Buffering", "no")
	tick := time.NewTicker(eventEvery)
	defer tick.Stop()
	for end, n := time.Now().Add(eventLast), 0; ; n++ {
		if !doc.Running() || time.Now().After(end) {
			_, _ = fmt.Fprint(w, "event: done\ndata: {}\n\n")
			return nil
		}
		b, _ := json.Marshal(map[string]any{"done": doc.Done, "total": doc.Total, "unit": doc.Unit()})
		if _, err := fmt.Fprintf(w, "event: progress\ndata: %s\n\n", b); err != nil || c.Flush() != nil {
			return nil
		}
		select {
		case <-r.Context().Done():
			return nil
		case <-tick.C:
		}
		if n%20 == 19 {
			if again, err := s.visitor(r, false); err != nil || again == nil {
				return nil
			}
		}
		if doc, err = s.importProgress(r, v); err != nil {
			return nil
		}
	}
}
