package statement

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

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
}

// Journal writes evidence into the audit log; filled from engine/audit.
type Journal interface {
	// Append adds the event "evidence.recorded" of a control, in the same transaction, for ids.System.
	Append(tx *db.Tx, control string, detail map[string]any) (ref string, err error)
	// Index gives the leaf of the transparency log that holds the event, once it is known.
	Index(ctx context.Context, ref string) (int64, bool)
}

// store keeps the evidence. It only ever adds.
type store struct {
	db      *db.DB
	journal Journal
}

var insertEvidence = db.Q("evidence.insert", `
insert into evidence (tenant_id, control_id, id, observed_at, took, result, measured, facts, failed, reason, mutant_result, mutant_at, build, audit_ref)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`)

var newestEvidence = db.Q("evidence.newest", `
select id, control_id, observed_at, took, result, measured, facts, failed, reason, mutant_result, mutant_at, build, audit_ref
from evidence where tenant_id = $1 and control_id = $2
order by observed_at desc, id desc limit 1`)

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
	detail := map[string]any{
		"control": o.Control, "evidence": o.ID, "result": string(o.Result), "measured": o.Measured,
		"mutant": string(o.Mutant), "build": o.Build, "failed": len(o.Failed),
	}
	return s.db.Tx(ctx, ids.System, func(tx *db.Tx) error {
		ref, err := s.journal.Append(tx, o.Control, detail)
		if err != nil {
			return fmt.Errorf("statement: audit of %s: %w", o.Control, err)
		}
		_, err = tx.Exec(insertEvidence, ids.System, o.Control, o.ID, db.Micros(o.ObservedAt), o.Took.Microseconds(),
			string(o.Result), o.Measured, string(facts), string(failed), o.Reason,
			string(o.Mutant), db.Micros(o.MutantAt), o.Build, ref)
		return err
	})
}

// newest reads the last observation of each of the controls; one without any is absent.
func (s store) newest(ctx context.Context, controls []string) (map[string]*Observation, error) {
	out := make(map[string]*Observation, len(controls))
	err := s.db.View(ctx, ids.System, func(tx *db.Tx) error {
		for _, id := range controls {
			o, err := db.One(tx, newestEvidence, scanObservation, ids.System, id)
			if fault.Is(err, fault.Missing) {
				continue
			}
			if err != nil {
				return err
			}
			out[id] = &o
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("statement: evidence: %w", err)
	}
	return out, nil
}

func scanObservation(r db.Scanner) (Observation, error) {
	var (
		o              Observation
		at, took, mAt  int64
		facts, failed  string
		result, mutant string
	)
	err := r.Scan(&o.ID, &o.Control, &at, &took, &result, &o.Measured, &facts, &failed, &o.Reason, &mutant, &mAt, &o.Build, &o.Ref)
	if err != nil {
		return o, err
	}
	o.ObservedAt, o.MutantAt, o.Took = db.Time(at), db.Time(mAt), time.Duration(took)*time.Microsecond
	o.Result, o.Mutant = Result(result), MutantResult(mutant)
	if err := json.Unmarshal([]byte(facts), &o.Facts); err != nil {
		return o, fmt.Errorf("facts: %w", err)
	}
	if err := json.Unmarshal([]byte(failed), &o.Failed); err != nil {
		return o, fmt.Errorf("failed: %w", err)
	}
	return o, nil
}

func orEmpty(m map[string]any) map[string]any {
	if m == nil {
		return map[string]any{}
	}
	return m
}
