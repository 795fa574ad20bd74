package checkup

import (
	"encoding/json"
	"maps"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
)

// State of an import.
type State string

const (
	Reading   State = "reading"
	Preview   State = "preview"
	Applying  State = "applying"
	Applied   State = "applied"
	Failed    State = "failed"
	Withdrawn State = "withdrawn"
)

// Japanese is the state in words.
func (s State) Japanese() string {
	return map[State]string{Reading: "読み取り中", Preview: "確認待ち", Applying: "取り込み中", Applied: "取り込み済み", Failed: "取り込めませんでした", Withdrawn: "取り下げ済み"}[s]
}

// Running tells whether the state will change by itself.
func (s State) Running() bool { return s == Reading || s == Applying }

// Rejected is a line that is wrong, with every reason.
type Rejected struct {
	Line   int
	Errors []CellError
}

// Unmatched is a line whose person is not known for sure.
type Unmatched struct {
	Line   int
	Code   string
	Args   map[string]string `json:",omitempty"`
	Reason string            `json:",omitempty"` // words, filled for display
}

// Fault is the reason as the message catalogue knows it.
func (u Unmatched) Fault() *fault.Fault {
	return &fault.Fault{Kind: fault.Invalid, Code: u.Code, Args: u.Args}
}

// Import is one upload and what became of it. Counts are lines.
type Import struct {
	ID        ids.Import
	State     State
	File      string
	Body      string // 健診機関
	Rows      int
	Accepted  int // would be, or were, newly stored
	Unchanged int // are there already
	Applied   int
	Done      int // lines looked at so far, while the state is running
	Rejected  []Rejected
	Unmatched []Unmatched
	Ignored   []string // headers that went nowhere
	Failure   *fault.Fault
	Note      *fault.Fault
	Reason    string // of a withdrawal
	StartedBy ids.Account
	AppliedBy ids.Account
	StartedAt time.Time
	AppliedAt time.Time
	EndedAt   time.Time

	failureText, noteText string
}

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
		Failure   *text       `json:"failure,omitempty"`
		Note      *text       `json:"note,omitempty"`
	}{
		ID: i.ID, Kind: "checkup", State: i.State, Rows: i.Rows, Accepted: i.Accepted, Unchanged: i.Unchanged, Applied: i.Applied,
		Done: i.Done, Ignored: i.Ignored, Rejected: make([]line, 0, len(i.Rejected)), Unmatched: make([]unmatched, 0, len(i.Unmatched)),
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

// hidden stands for the content of a cell that the reader may not see.
const hidden = "（非表示）"

// masked takes the content of cells out of the reasons.
func masked(all []Rejected) []Rejected {
	for i := range all {
		for k := range all[i].Errors {
			e := &all[i].Errors[k]
			if e.Args == nil {
				continue
			}
			e.Args = maps.Clone(e.Args)
			for _, name := range [...]string{"value", "systolic"} {
				if _, ok := e.Args[name]; ok {
					e.Args[name] = hidden
				}
			}
		}
	}
	return all
}

func (b *batch) view(done int, values bool) *Import {
	i := &Import{
		ID: b.id, State: b.state, File: b.about.File, Body: b.about.Body, Rows: b.rows, Accepted: b.accepted, Unchanged: b.unchanged,
		Applied: b.applied, Done: max(done, b.done), Rejected: b.detail.Rejected, Unmatched: b.detail.Unmatched, Ignored: b.detail.Ignored,
		Failure: b.detail.Failure.fault(), Note: b.detail.Note.fault(), Reason: b.detail.Reason,
		StartedBy: b.startedBy, AppliedBy: b.appliedBy, StartedAt: b.startedAt, AppliedAt: b.appliedAt, EndedAt: b.endedAt,
	}
	if !b.state.Running() {
		i.Done = 0
	}
	if !values {
		i.Rejected = masked(i.Rejected)
	}
	return i
}
