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

const opinionColumns = `id, person_id, result_id, year, decided_by, decided_at, sealed`

// Decision is the physician's opinion on one result.
type Decision struct {
	Result   ids.Result
	Person   ids.Person
	Fitness  Fitness
	Opinion  string
	Measures string // what the employer is to do; the manager reads this
	From     jst.Date
	Until    jst.Date // zero: until changed
}

// OpinionID names one opinion.
type OpinionID string

// Opinion is a decision as it was taken.
type Opinion struct {
	ID OpinionID
	Decision
	Year int
	By   ids.Account
	At   time.Time
}

// InForce tells whether measures of the opinion hold on a day.
func (o *Opinion) InForce(day jst.Date) bool {
	return o.Measures != "" && !o.From.After(day) && (o.Until.IsZero() || !o.Until.Before(day))
}

// opinionText is the sealed part.
type opinionText struct {
	Fitness  Fitness  `json:"fitness"`
	Opinion  string   `json:"opinion,omitempty"`
	Measures string   `json:"measures,omitempty"`
	From     jst.Date `json:"from"`
	Until    jst.Date `json:"until"`
}

type sealedOpinion struct {
	Opinion
	sealed []byte
}

func scanOpinion(s db.Scanner) (sealedOpinion, error) {
	var o sealedOpinion
	var at int64
	err := s.Scan(&o.ID, &o.Person, &o.Result, &o.Year, &o.By, &at, &o.sealed)
	o.At = db.Time(at)
	return o, err
}

func (o *sealedOpinion) open(k *vault.Key) (*Opinion, error) {
	var t opinionText
	if err := openJSON(k, locOpinion(&o.Opinion), o.sealed, &t); err != nil {
		return nil, err
	}
	out := o.Opinion
	out.Fitness, out.Opinion, out.Measures, out.From, out.Until = t.Fitness, t.Opinion, t.Measures, t.From, t.Until
	return &out, nil
}

// check refuses a decision that says nothing or contradicts itself.
func (d *Decision) check() (err error) {
	if d.Opinion, err = glyph.Text(d.Opinion, "checkup.text_hidden", "意見"); err != nil {
		return err
	}
	if d.Measures, err = glyph.Text(d.Measures, "checkup.text_hidden", "就業上の措置"); err != nil {
		return err
	}
	switch {
	case !d.Fitness.Valid():
		return fault.New(fault.Invalid, "checkup.fitness_missing")
	case d.Fitness != Normal && d.Measures == "":
		return fault.New(fault.Invalid, "checkup.measures_missing")
	case !d.Until.IsZero() && d.Until.Before(d.From):
		return fault.New(fault.Invalid, "checkup.period_order")
	case utf8.RuneCountInString(d.Opinion) > 2*maxText || utf8.RuneCountInString(d.Measures) > 2*maxText:
		return fault.New(fault.Invalid, "checkup.opinion_too_long")
	}
	return nil
}
