package checkup

import (
	"context"
	"strconv"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

// What a row says in the open is part of the associated data of what it says under seal: a result moved to
// another day, year or batch, a judgement under another name, and an opinion about another result do not
// open. The person is bound by the key.

const (
	resultTable    = "checkup_result"
	judgementTable = "checkup_judgement"
	opinionTable   = "work_opinion"
)

// place is what a result says in the open.
type place struct {
	result ids.Result
	batch  ids.Import
	year   int
	day    jst.Date
}

func (r *result) place() place { return place{r.id, r.batch, r.year, r.day} }

func (x *stored) place(batch ids.Import) place { return place{x.id, batch, x.year, x.day} }

// nextSeq numbers a new judgement. It counts those that were refused, for their numbers are taken.
func (r *result) nextSeq() int { return r.lastSeq + 1 }

func locResult(p place) vault.Loc {
	return vault.Loc{Table: resultTable, ID: string(p.append(make([]byte, 0, 120), string(p.batch))), Column: "sealed"}
}

// append encodes the place; none of its fields can hold the mark between them.
func (p place) append(b []byte, more ...string) []byte {
	b = append(b, p.result...)
	b = strconv.AppendInt(append(b, '|'), int64(p.year), 10)
	b = strconv.AppendInt(append(b, '|'), int64(dayKey(p.day)), 10)
	for _, s := range more {
		b = append(append(b, '|'), s...)
	}
	return b
}

// locBrief leaves out what lists have no use for, so that they need not read it.
func locBrief(p place, seq int) vault.Loc {
	return vault.Loc{Table: judgementTable, ID: string(p.append(make([]byte, 0, 64), strconv.Itoa(seq))), Column: "brief"}
}

func locJudgement(p place, j judged) vault.Loc {
	b := p.append(make([]byte, 0, 160), strconv.Itoa(j.seq), j.criteria, string(j.by), micros(j.at))
	return vault.Loc{Table: judgementTable, ID: string(b), Column: "sealed"}
}

func locOpinion(o *Opinion) vault.Loc {
	b := place{o.Result, "", o.Year, jst.Date{}}.append(append([]byte(o.ID), '|'), string(o.By), micros(o.At))
	return vault.Loc{Table: opinionTable, ID: string(b), Column: "sealed"}
}

func micros(t time.Time) string { return strconv.FormatInt(db.Micros(t), 10) }

// refused tells whether a row was not written by the service as it stands now.
func refused(err error) bool {
	f := fault.Of(err)
	return err != nil && f != nil && f.Code == "vault.open"
}

// found records once that a row does not verify; the row counts as absent.
func (s *Service) found(ctx context.Context, t ids.Tenant, table, row string) error {
	if !s.first.Time(string(t) + "|" + table + "|" + row) {
		return nil
	}
	e := audit.Event{Verb: "integrity.row_refused", Actor: actor.System(t, "checkup"), Kind: "row", Result: "denied", Detail: map[string]any{"table": table, "row": clip(row)}}
	_, err := s.audit.Record(ctx, e)
	return err
}

// openOpinion opens an opinion; one that does not verify is nil.
func (s *Service) openOpinion(ctx context.Context, t ids.Tenant, o *sealedOpinion, k *vault.Key) (*Opinion, error) {
	open, err := o.open(k)
	if refused(err) {
		return nil, s.found(ctx, t, opinionTable, string(o.ID))
	}
	return open, err
}
