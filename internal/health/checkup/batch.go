package checkup

import (
	"cmp"
	"maps"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/people/access"
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
	return map[State]string{Reading: "読み取り中", Preview: "確認待ち", Applying: "取り込み中", Applied: "取り込み済み", Failed: "取り込めませんでした", Withdrawn: "取り消し済み"}[s]
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
	// Lines beyond those that are kept, and further reasons of lines that are.
	RejectedMore, UnmatchedMore, ReasonsMore int

	Emptied   bool     // the contents of refused cells are gone
	Header    bool     // the columns are known, so that they can be mapped anew
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

// hidden stands for the content of a cell that the reader may not see.
const hidden = "内容は非表示"

// removed stands for the content of a cell that is kept no more.
const removed = "内容は消去済み"

// cellArgs are the arguments of a reason that hold the content of cells.
var cellArgs = [...]string{"value", "systolic"}

// masked puts something else in the place of the content of cells.
func masked(all []Rejected, with string) []Rejected {
	for i := range all {
		for k := range all[i].Errors {
			e := &all[i].Errors[k]
			if e.Args == nil {
				continue
			}
			e.Args = maps.Clone(e.Args)
			for _, name := range cellArgs {
				if _, ok := e.Args[name]; ok {
					e.Args[name] = with
				}
			}
		}
	}
	return all
}

// reachOf is how far somebody reaches who imports.
func reachOf(a actor.Actor) *actor.Reach {
	r := access.ReachOf(a, access.CheckupImport)
	return &r
}

// reach is whom a batch may be about: one from before this was written down, everybody.
func (b *batch) reach() actor.Reach {
	if b.about.Reach == nil {
		return actor.Reach{All: true}
	}
	return *b.about.Reach
}

func (b *batch) view(done int, values bool) *Import {
	i := &Import{
		ID: b.id, State: b.state, File: b.about.File, Body: b.about.Body, Rows: b.rows, Accepted: b.accepted, Unchanged: b.unchanged,
		Applied: b.applied, Done: max(done, b.done), Rejected: b.detail.Rejected, Unmatched: b.detail.Unmatched, Ignored: b.detail.Ignored,
		Failure: b.detail.Failure.fault(), Note: b.detail.Note.fault(), Reason: cmp.Or(b.about.Reason, b.detail.Reason),
		Emptied: b.detail.Emptied, Header: len(b.about.Header) > 0, RejectedMore: b.detail.RejectedMore, UnmatchedMore: b.detail.UnmatchedMore, ReasonsMore: b.detail.ReasonsMore,
		StartedBy: b.startedBy, AppliedBy: b.appliedBy, StartedAt: b.startedAt, AppliedAt: b.appliedAt, EndedAt: b.endedAt,
	}
	if !b.state.Running() {
		i.Done = 0
	}
	if i.Emptied {
		i.Rejected = masked(i.Rejected, removed)
	} else if !values {
		i.Rejected = masked(i.Rejected, hidden)
	}
	return i
}
