package web

import (
	"net/http"

	"rakudos/internal/base/control"
	"rakudos/internal/statement"
)

type trustView struct {
	Page
	St      statement.Statement
	Filter  control.Status
	Clause  string // the only one that is shown, to be printed or sent
	Choices []trustChoice
	Shown   []statement.Chapter
}

// trustChoice is one status to filter by, with its count of clauses.
type trustChoice struct {
	Status control.Status
	Count  int
	Here   bool
}

// Template names the file.
func (*trustView) Template() string { return "trust" }

// trustPage is public: every clause with its words, its state and its evidence. A filter hides cards of other states,
// or all but one clause; the counts stay whole.
func (s *server) trustPage(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	st, err := s.Statement.Statement(r.Context())
	if err != nil {
		return err
	}
	want := control.Status(r.URL.Query().Get("status"))
	if _, ok := statusMarks[want]; !ok {
		want = ""
	}
	view := &trustView{Page: Page{Title: "セキュリティ対策と確認状況", Here: "/trust"}, St: st, Filter: want, Clause: r.URL.Query().Get("clause")}
	view.Shown = shownClauses(st.Chapters, want, view.Clause)
	for _, c := range []struct {
		s control.Status
		n int
	}{{control.Pass, st.Counts.Pass}, {control.Fail, st.Counts.Fail}, {control.Unknown, st.Counts.Unknown}, {control.Stale, st.Counts.Stale}, {control.Exception, st.Counts.Exception}} {
		view.Choices = append(view.Choices, trustChoice{c.s, c.n, c.s == want})
	}
	return s.page(w, r, v, view)
}

// shownClauses keeps the clauses of a state and of a number, both if both are asked for.
func shownClauses(all []statement.Chapter, want control.Status, clause string) (out []statement.Chapter) {
	for _, ch := range all {
		kept := ch
		kept.Clauses = nil
		for _, c := range ch.Clauses {
			if (want == "" || c.Status == want) && (clause == "" || c.ID == clause) {
				kept.Clauses = append(kept.Clauses, c)
			}
		}
		if len(kept.Clauses) > 0 {
			out = append(out, kept)
		}
	}
	return out
}

// trustJSON is the same statement for machines.
func (s *server) trustJSON(w http.ResponseWriter, r *http.Request, _ *Visitor) error {
	st, err := s.Statement.Statement(r.Context())
	if err != nil {
		return err
	}
	return sendJSON(w, http.StatusOK, st)
}
