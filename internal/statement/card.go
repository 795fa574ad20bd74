package statement

import (
	"time"

	"rakudos/internal/base/control"
	"rakudos/internal/base/jst"
)

// Statement is the whole document as of one instant. Its JSON is what /trust.json answers; further
// fields may come, those of the agreed form stay.
type Statement struct {
	Service     string         `json:"service"`
	Version     string         `json:"version"` // of the program
	GeneratedAt Moment         `json:"generated_at"`
	Title       string         `json:"title"`
	Status      control.Status `json:"status"`
	StatusText  string         `json:"status_text"`
	Counts      Counts         `json:"counts"`
	Edition     Edition        `json:"edition"` // the newest
	Chapters    []Chapter      `json:"-"`       // the same clauses, for pages
	Clauses     []Clause       `json:"clauses"`
	Extensions  []Card         `json:"extensions"`
	History     []Edition      `json:"history"` // oldest first
	Contact     Contact        `json:"contact"`
}

// Counts of clauses by status.
type Counts struct {
	Total     int `json:"total"`
	Pass      int `json:"pass"`
	Fail      int `json:"fail"`
	Unknown   int `json:"unknown"`
	Stale     int `json:"stale"`
	Exception int `json:"exception"`
}

// Contact is where to ask about the document.
type Contact struct {
	Association string `json:"association"`
	Mail        string `json:"mail"`
	Form        string `json:"form"`
}

// Clause is one clause with what its controls say and show.
type Clause struct {
	ID             string         `json:"clause"`
	Chapter        string         `json:"chapter"` // "3"
	Title          string         `json:"title"`
	Says           string         `json:"says"`
	Interpretation string         `json:"interpretation"`
	Status         control.Status `json:"status"`
	StatusText     string         `json:"status_text"`
	Controls       []Card         `json:"controls"`
}

// Card is one control with its newest evidence.
type Card struct {
	ID         string         `json:"id"`
	Says       string         `json:"says"`
	Grade      string         `json:"grade"` // "R", "R+H"
	GradeText  string         `json:"grade_text"`
	Layer      string         `json:"layer"`
	Owner      string         `json:"owner"`
	OwnerText  string         `json:"owner_text"`
	Status     control.Status `json:"status"`
	StatusText string         `json:"status_text"`
	Reason     string         `json:"reason"` // why not PASS; empty when it is
	ObservedAt Moment         `json:"observed_at"`
	FreshUntil Moment         `json:"fresh_until"`
	Measured   string         `json:"measured"`
	Facts      map[string]any `json:"facts,omitempty"`
	Failed     []string       `json:"failed,omitempty"`
	NotProven  string         `json:"not_proven"`
	LogIndex   *int64         `json:"log_index"` // leaf of the transparency log, once shipped
	Mutant     *Mutant        `json:"mutant"`    // nil when it never ran
	Build      string         `json:"build,omitempty"`
}

// Mutant is the newest run of a control's probe against a deliberately broken sandbox.
type Mutant struct {
	Result MutantResult `json:"result"`
	Text   string       `json:"text"`
	At     Moment       `json:"at"`
}

// Moment is an instant as the statement shows it: Japan time with its offset, or null when unknown.
type Moment struct{ time.Time }

// MarshalJSON gives "2026-11-23T22:40:15+09:00" or null.
func (m Moment) MarshalJSON() ([]byte, error) {
	if m.IsZero() {
		return []byte("null"), nil
	}
	return []byte(`"` + jst.StampSec(m.Time) + `"`), nil
}

// UnmarshalJSON reads what MarshalJSON writes.
func (m *Moment) UnmarshalJSON(b []byte) error {
	m.Time = time.Time{}
	if string(b) == "null" {
		return nil
	}
	t, err := time.Parse(`"`+time.RFC3339+`"`, string(b))
	m.Time = t
	return err
}

// Text gives "2026-11-23 22:40:15", Japan time; empty when unknown.
func (m Moment) Text() string {
	if m.IsZero() {
		return ""
	}
	return m.In(jst.Zone).Format("2006-01-02 15:04:05")
}

// card shows one control at an instant.
func card(c control.Control, o *Observation, now time.Time) Card {
	out := Card{ID: c.ID, Says: c.Says, Layer: layer(c.ID), Owner: c.Owner, OwnerText: owners[c.Owner], NotProven: c.NotProven}
	out.Grade, out.GradeText = grades(c.Grades)
	out.Status, out.Reason = Judge(c, o, now)
	out.StatusText = statusWords[out.Status]
	if o == nil || c.Probe == nil {
		return out
	}
	out.Measured, out.Facts, out.Failed, out.Build = o.Measured, o.Facts, o.Failed, o.Build
	if !o.ObservedAt.IsZero() {
		out.ObservedAt, out.FreshUntil = Moment{o.ObservedAt}, Moment{o.ObservedAt.Add(c.Fresh)}
	}
	if o.Mutant != None {
		out.Mutant = &Mutant{Result: o.Mutant, Text: mutantWords[o.Mutant], At: Moment{o.MutantAt}}
	}
	return out
}
