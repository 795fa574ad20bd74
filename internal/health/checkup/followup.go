package checkup

import (
	"time"
	"unicode/utf8"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/glyph"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

// Outcome is what became of a recommendation to see a doctor.
type Outcome string

const (
	NothingFound Outcome = "nothing"  // examined: no disease
	Watched      Outcome = "watched"  // examined: to be watched
	Treatment    Outcome = "treated"  // under treatment
	Declined     Outcome = "declined" // the person does not go, and has been told why they should
	Reopened     Outcome = "open"     // noted by mistake: open again
)

// Outcomes in the order in which they are offered.
var Outcomes = []Outcome{NothingFound, Watched, Treatment, Declined, Reopened}

var outcomeNames = map[Outcome]string{
	NothingFound: "受診した（異常なし）", Watched: "受診した（経過観察）", Treatment: "受診した（治療を始めた・治療中）",
	Declined: "本人が受診しない（すすめた）", Reopened: "未確認に戻す",
}

// Japanese is the outcome in words.
func (o Outcome) Japanese() string { return outcomeNames[o] }

// FollowUpID names one note.
type FollowUpID string

// FollowUp is one note on a result; the newest of a result holds.
type FollowUp struct {
	ID      FollowUpID
	Result  ids.Result
	Person  ids.Person
	Year    int
	By      ids.Account
	At      time.Time
	Outcome Outcome
	Day     jst.Date // of the visit, or of the talk
	Note    string
}

// followUpText is the sealed part.
type followUpText struct {
	Outcome Outcome  `json:"outcome"`
	Day     jst.Date `json:"day"`
	Note    string   `json:"note,omitempty"`
}

// maxNote bounds a note, in code points.
const maxNote = 500

// check refuses a note that says nothing or a day that can't be. Examined is the day of the examination.
func (f *FollowUp) check(examined, today jst.Date) (err error) {
	if f.Note, err = glyph.Text(f.Note, "checkup.text_hidden", "覚え書き"); err != nil {
		return err
	}
	switch {
	case f.Outcome.Japanese() == "":
		return fault.New(fault.Invalid, "checkup.followup_outcome")
	case f.Outcome == Reopened && f.Note == "":
		return fault.New(fault.Invalid, "checkup.followup_reason")
	case f.Outcome != Reopened && f.Day.IsZero():
		return fault.New(fault.Invalid, "checkup.followup_day")
	case !f.Day.IsZero() && (f.Day.Before(examined) || f.Day.After(today)):
		return fault.New(fault.Invalid, "checkup.followup_day_range", "from", examined.String(), "to", today.String())
	case utf8.RuneCountInString(f.Note) > maxNote:
		return fault.New(fault.Invalid, "checkup.followup_long")
	}
	return nil
}

const followUpTable = "checkup_followup"

type sealedFollowUp struct {
	FollowUp
	sealed []byte
}

func scanFollowUp(s db.Scanner) (sealedFollowUp, error) {
	var f sealedFollowUp
	var at int64
	err := s.Scan(&f.ID, &f.Person, &f.Result, &f.Year, &f.By, &at, &f.sealed)
	f.At = db.Time(at)
	return f, err
}

func locFollowUp(f *FollowUp) vault.Loc {
	b := place{f.Result, "", f.Year, jst.Date{}}.append(append([]byte(f.ID), '|'), string(f.By), micros(f.At))
	return vault.Loc{Table: followUpTable, ID: string(b), Column: "sealed"}
}

func (f *sealedFollowUp) open(k *vault.Key) (*FollowUp, error) {
	var t followUpText
	if err := openJSON(k, locFollowUp(&f.FollowUp), f.sealed, &t); err != nil {
		return nil, err
	}
	out := f.FollowUp
	out.Outcome, out.Day, out.Note = t.Outcome, t.Day, t.Note
	return &out, nil
}

// Filters of Filter.Follow.
const (
	FollowOpen = "open" // recommended, and nothing noted yet
	FollowDone = "done"
)

// NeedsFollowUp tells whether somebody should hear whether the person has seen a doctor: 要精密検査・治療, or
// 受診勧奨 by the 特定健診 figures.
func NeedsFollowUp(l Letter, a Action) bool { return l == D || a == Referral }

// follow is how a person's newest result stands, "" when no visit was recommended.
func (n *snapshot) follow(l *line) string {
	if l.exam == nil || !NeedsFollowUp(l.Overall, l.Action) {
		return ""
	}
	if f := n.followUps[l.result]; f != nil && f.Outcome != Reopened {
		return FollowDone
	}
	return FollowOpen
}
