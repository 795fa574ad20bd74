package checkup

import (
	"encoding/json"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
)

// Words fills every reason. Call it before showing or marshalling an import.
func (i *Import) Words(f func(*fault.Fault) string) {
	for n := range i.Rejected {
		for k := range i.Rejected[n].Errors {
			e := &i.Rejected[n].Errors[k]
			e.Reason = f(e.Fault())
		}
	}
	for n := range i.Unmatched {
		i.Unmatched[n].Reason = f(i.Unmatched[n].Fault())
	}
	if i.Failure != nil {
		i.failureText = f(i.Failure)
	}
	if i.Note != nil {
		i.noteText = f(i.Note)
	}
}

// MarshalJSON writes the names that others script against.
func (i *Import) MarshalJSON() ([]byte, error) {
	type cell struct {
		Column string `json:"column"`
		Reason string `json:"reason"`
	}
	type line struct {
		Line   int    `json:"line"`
		Errors []cell `json:"errors"`
	}
	type unmatched struct {
		Line   int    `json:"line"`
		Reason string `json:"reason"`
	}
	type text struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}
	out := struct {
		ID        ids.Import  `json:"id,omitempty"`
		Kind      string      `json:"kind"`
		State     State       `json:"state"`
		Rows      int         `json:"rows"`
		Accepted  int         `json:"accepted"`
		Rejected  []line      `json:"rejected"`
		Unmatched []unmatched `json:"unmatched"`
		Unchanged int         `json:"unchanged"`
		Applied   int         `json:"applied"`
		Done      int         `json:"done,omitempty"`
		Ignored   []string    `json:"ignored,omitempty"`

		RejectedMore  int `json:"rejected_more,omitempty"`
		UnmatchedMore int `json:"unmatched_more,omitempty"`
		ReasonsMore   int `json:"reasons_more,omitempty"`

		Emptied bool `json:"contents_removed,omitempty"`

		Failure *text `json:"failure,omitempty"`
		Note    *text `json:"note,omitempty"`
	}{
		ID: i.ID, Kind: "checkup", State: i.State, Rows: i.Rows, Accepted: i.Accepted, Unchanged: i.Unchanged, Applied: i.Applied,
		Done: i.Done, Ignored: i.Ignored, Rejected: make([]line, 0, len(i.Rejected)), Unmatched: make([]unmatched, 0, len(i.Unmatched)),
		RejectedMore: i.RejectedMore, UnmatchedMore: i.UnmatchedMore, ReasonsMore: i.ReasonsMore, Emptied: i.Emptied,
	}
	for _, r := range i.Rejected {
		l := line{Line: r.Line}
		for _, e := range r.Errors {
			l.Errors = append(l.Errors, cell{e.Column, e.Reason})
		}
		out.Rejected = append(out.Rejected, l)
	}
	for _, u := range i.Unmatched {
		out.Unmatched = append(out.Unmatched, unmatched{u.Line, u.Reason})
	}
	if i.Failure != nil {
		out.Failure = &text{i.Failure.Code, i.failureText}
	}
	if i.Note != nil {
		out.Note = &text{i.Note.Code, i.noteText}
	}
	return json.Marshal(out)
}
