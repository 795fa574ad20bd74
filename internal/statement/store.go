package statement

import (
	"context"
	"crypto/hmac"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"rakudos/internal/base/control"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
)

// Observation is one run of a control's probe and of its mutant.
type Observation struct {
	ID         string
	Control    string
	ObservedAt time.Time
	Took       time.Duration
	Result     Result
	Measured   string
	Facts      map[string]any
	Failed     []string
	Reason     string // why the probe could not look, for the reader
	Mutant     MutantResult
	MutantAt   time.Time
	Build      string
	Ref        string // of the audit event

	limit control.Status // the most that this observation may be, when not all of it can be relied on
	why   string         // Japanese, for the reader
}

// Journal writes evidence into the audit log; filled from engine/audit.
type Journal interface {
	// Append adds the event "evidence.recorded" of a control, in the same transaction, for ids.System.
	Append(tx *db.Tx, control string, detail map[string]any) (ref string, err error)
	// Index gives the leaf of the transparency log that holds the event, once it is known.
	Index(ctx context.Context, ref string) (int64, bool)
}

// Binder makes a keyed digest under the service's own key, which lies outside of the records; filled from
// engine/vault.
type Binder interface {
	Bind(ctx context.Context, parts ...[]byte) ([]byte, error)
}

// store keeps the evidence. It only ever adds.
type store struct {
	db      *db.DB
	journal Journal
	binder  Binder
}

var insertEvidence = db.Q("evidence.insert", `
insert into evidence (tenant_id, control_id, id, observed_at, took, result, measured, facts, failed, reason, mutant_result, mutant_at, build, audit_ref, mac)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`)

var newestEvidence = db.Q("evidence.newest", `
select id, control_id, observed_at, took, result, measured, facts, failed, reason, mutant_result, mutant_at, build, audit_ref, mac
from evidence where tenant_id = $1 and control_id = $2
order by observed_at desc, id desc limit 1`)

// row is an observation as it stands in its table.
type row struct {
	Observation
	at, took, mutantAt int64
	facts, failed      string
	mac                []byte
}

// parts are all that a row says, for its MAC.
func (r *row) parts() [][]byte {
	out := [][]byte{}
	for _, s := range []string{
		r.ID, r.Control, strconv.FormatInt(r.at, 10), strconv.FormatInt(r.took, 10), string(r.Result), r.Measured, r.facts, r.failed,
		r.Reason, string(r.Mutant), strconv.FormatInt(r.mutantAt, 10), r.Build, r.Ref,
	} {
		out = append(out, []byte(s))
	}
	return out
}

// add records an observation together with its audit event.
func (s store) add(ctx context.Context, o Observation) error {
	facts, err := json.Marshal(orEmpty(o.Facts))
	if err != nil {
		return fmt.Errorf("statement: facts of %s: %w", o.Control, err)
	}
	failed, err := json.Marshal(append([]string{}, o.Failed...))
	if err != nil {
		return fmt.Errorf("statement: failed of %s: %w", o.Control, err)
	}
	r := row{Observation: o, at: db.Micros(o.ObservedAt), took: o.Took.Microseconds(), mutantAt: db.Micros(o.MutantAt), facts: string(facts), failed: string(failed)}
	detail := map[string]any{
		"control": o.Control, "evidence": o.ID, "result": string(o.Result), "measured": o.Measured,
		"mutant": string(o.Mutant), "build": o.Build, "failed": len(o.Failed),
	}
	return s.db.Tx(ctx, ids.System, func(tx *db.Tx) error {
		if r.Ref, err = s.journal.Append(tx, o.Control, detail); err != nil {
			return fmt.Errorf("statement: audit of %s: %w", o.Control, err)
		}
		if r.mac, err = s.binder.Bind(ctx, r.parts()...); err != nil {
			return fmt.Errorf("statement: evidence of %s: %w", o.Control, err)
		}
		_, err := tx.Exec(insertEvidence, ids.System, r.Control, r.ID, r.at, r.took, string(r.Result), r.Measured, r.facts, r.failed, r.Reason,
			string(r.Mutant), r.mutantAt, r.Build, r.Ref, r.mac)
		return err
	})
}

// newest reads the last observation of each of the controls; one without any is absent.
func (s store) newest(ctx context.Context, controls []string) (map[string]*Observation, error) {
	out := make(map[string]*Observation, len(controls))
	err := s.db.View(ctx, ids.System, func(tx *db.Tx) error {
		for _, id := range controls {
			r, err := db.One(tx, newestEvidence, scanRow, ids.System, id)
			if fault.Is(err, fault.Missing) {
				continue
			}
			if err != nil {
				return err
			}
			if out[id], err = s.believed(ctx, &r); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("statement: evidence: %w", err)
	}
	return out, nil
}

// believed is the observation of a row that is as it was written. One that is not says only that.
func (s store) believed(ctx context.Context, r *row) (*Observation, error) {
	want, err := s.binder.Bind(ctx, r.parts()...)
	if err != nil {
		return nil, fmt.Errorf("statement: evidence of %s: %w", r.Control, err)
	}
	if !hmac.Equal(r.mac, want) {
		return &Observation{ID: r.ID, Control: r.Control, Result: Failed, Mutant: None, Reason: "保存された証拠が、記録したときのままではありません。検査をやり直すまで未確認とします。"}, nil
	}
	o := r.Observation
	o.ObservedAt, o.MutantAt, o.Took = db.Time(r.at), db.Time(r.mutantAt), time.Duration(r.took)*time.Microsecond
	if err := json.Unmarshal([]byte(r.facts), &o.Facts); err != nil {
		return nil, fmt.Errorf("facts: %w", err)
	}
	if err := json.Unmarshal([]byte(r.failed), &o.Failed); err != nil {
		return nil, fmt.Errorf("failed: %w", err)
	}
	return &o, nil
}

func scanRow(s db.Scanner) (r row, err error) {
	var result, mutant string
	err = s.Scan(&r.ID, &r.Control, &r.at, &r.took, &result, &r.Measured, &r.facts, &r.failed, &r.Reason, &mutant, &r.mutantAt, &r.Build, &r.Ref, &r.mac)
	r.Result, r.Mutant = Result(result), MutantResult(mutant)
	return r, err
}

func orEmpty(m map[string]any) map[string]any {
	if m == nil {
		return map[string]any{}
	}
	return m
}
