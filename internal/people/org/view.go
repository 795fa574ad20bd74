package org

import (
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
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

	receiving State = "receiving" // the file is still arriving; shown as reading
)

// ImportView is an import as screens, scripts and the command line see it. Counts are lines of the file.
type ImportView struct {
	ID        ids.Import  `json:"id"`
	Kind      string      `json:"kind"` // "roster"
	State     State       `json:"state"`
	File      string      `json:"file"`
	Rows      int         `json:"rows"`
	Accepted  int         `json:"accepted"`
	Rejected  []Rejected  `json:"rejected"`
	Unmatched []Unmatched `json:"unmatched"`
	Unchanged int         `json:"unchanged"`
	Applied   int         `json:"applied"`

	Added    int      `json:"added"`   // of the accepted: people not known before
	Changed  int      `json:"changed"` // of the accepted: people known before
	NewSites []string `json:"new_sites"`
	NewDepts []string `json:"new_departments"`

	Full        bool     `json:"full,omitempty"`         // the file names everybody
	AbsentCount int      `json:"absent_count,omitempty"` // people it did not name when it was read
	Absent      []Absent `json:"absent,omitempty"`       // of them, those without a last day now

	Done  int `json:"done"`  // progress: bytes while reading, lines while applying
	Total int `json:"total"` // of the same unit

	Failure     string            `json:"failure,omitempty"` // the code of the fault that ended it
	FailureArgs map[string]string `json:"-"`
	Created     time.Time         `json:"created"`

	absent []ids.Person
}

// Rejected is a line that was refused, with every reason.
type Rejected struct {
	Line   int         `json:"line"`
	Errors []CellError `json:"errors"`
}

// Words fills every reason; say turns a fault into words.
func (v *ImportView) Words(say func(*fault.Fault) string) {
	for i := range v.Rejected {
		for j := range v.Rejected[i].Errors {
			e := &v.Rejected[i].Errors[j]
			e.Reason = say(e.Fault())
		}
	}
	for i := range v.Unmatched {
		v.Unmatched[i].Reason = say(v.Unmatched[i].Fault())
	}
}

// FailureFault is what ended the import, or nil.
func (v *ImportView) FailureFault() error {
	if v.Failure == "" {
		return nil
	}
	return &fault.Fault{Kind: fault.Invalid, Code: v.Failure, Args: v.FailureArgs}
}

// head is what is known of an import from its beginning; sealed.
type head struct {
	File      string      `json:"file"`
	By        actor.Actor `json:"by"`
	Confirmer actor.Actor `json:"confirmer"`
	Full      bool        `json:"full,omitempty"`
}

// report is what reading found; sealed.
type report struct {
	Rejected  []savedLine       `json:"rejected,omitempty"`
	Unmatched []savedLine       `json:"unmatched,omitempty"`
	NewSites  []string          `json:"new_sites,omitempty"`
	NewDepts  []string          `json:"new_depts,omitempty"`
	Args      map[string]string `json:"args,omitempty"` // of the failure
	Absent    []ids.Person      `json:"absent,omitempty"`
	AbsentN   int               `json:"absent_n,omitempty"`
}

type savedLine struct {
	Line   int          `json:"l"`
	Errors []savedError `json:"e"`
}

type savedError struct {
	Column string            `json:"c,omitempty"`
	Code   string            `json:"k"`
	Args   map[string]string `json:"a,omitempty"`
}

// record is an import's row.
type record struct {
	id       ids.Import
	state    State
	attended bool
	created  time.Time
	base     int64
	round    int
	counts
	done, total, applied int
	failure              string
	leftovers            bool
	head, report         []byte
	full                 bool // set by read, from the head
}

// counts of one reading of the file.
type counts struct {
	rows, accepted, unchanged, added, changed int
}

func scanRecord(s db.Scanner) (r record, err error) {
	var attended, leftovers int
	var created int64
	err = s.Scan(&r.id, &r.state, &attended, &created, &r.base, &r.round, &r.done, &r.total, &r.rows, &r.accepted, &r.unchanged,
		&r.added, &r.changed, &r.applied, &r.failure, &leftovers, &r.head, &r.report)
	r.attended, r.leftovers, r.created = attended == 1, leftovers == 1, db.Time(created)
	return r, err
}

func (r *record) openHead(tk *vault.Key) (h head, err error) {
	return h, openJSON(tk, headAt(string(r.id)), r.head, &h)
}

// view opens a record; lists says whether the refused lines are wanted.
func (r *record) view(tk *vault.Key, lists bool) (ImportView, error) {
	v := ImportView{
		ID: r.id, Kind: "roster", State: r.state, Rows: r.rows, Accepted: r.accepted, Unchanged: r.unchanged, Applied: r.applied,
		Added: r.added, Changed: r.changed, Done: r.done, Total: r.total, Failure: r.failure, Created: r.created,
		Rejected: []Rejected{}, Unmatched: []Unmatched{}, NewSites: []string{}, NewDepts: []string{},
	}
	if v.State == receiving {
		v.State = Reading
	}
	h, err := r.openHead(tk)
	if err != nil {
		return v, err
	}
	v.File, v.Full = h.File, h.Full
	if !lists || len(r.report) == 0 {
		return v, nil
	}
	var rep report
	if err := openJSON(tk, reportAt(string(r.id)), r.report, &rep); err != nil {
		return v, err
	}
	for _, l := range rep.Rejected {
		out := Rejected{Line: l.Line}
		for _, e := range l.Errors {
			out.Errors = append(out.Errors, CellError{Column: e.Column, Reason: e.Code, Code: e.Code, Args: e.Args})
		}
		v.Rejected = append(v.Rejected, out)
	}
	for _, l := range rep.Unmatched {
		e := l.Errors[0]
		v.Unmatched = append(v.Unmatched, Unmatched{Line: l.Line, Reason: e.Code, Code: e.Code, Args: e.Args})
	}
	v.NewSites = append(v.NewSites, rep.NewSites...)
	v.NewDepts = append(v.NewDepts, rep.NewDepts...)
	v.FailureArgs = rep.Args
	v.absent, v.AbsentCount = rep.Absent, rep.AbsentN
	return v, nil
}
