package erasure

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

var qRunsEach = db.GlobalQ("erasure.runs_each", `select `+runColumns+` from erasure_run order by run_id`)

// runsHold holds the records' list of runs against what stands outside of it: each row against its own seal and the
// ledger, and every run that the ledger or the audit log tells of against the rows. A start makes missing rows anew
// from the ledger; a check says that they were missing.
func runsHold(ctx context.Context, main *db.DB, v *vault.Vault, all []Entry) error {
	system, err := v.Tenant(ctx, ids.System)
	if err != nil {
		return err
	}
	finished := map[string]bool{} // by run, of the rows that are there
	err = main.View(ctx, db.Global, func(tx *db.Tx) error {
		return db.Each(tx, qRunsEach, func(s db.Scanner) error {
			row, err := scanRun(s)
			if err != nil {
				return err
			}
			text, err := system.Open(runAt(row.id), row.sealed)
			var r Record
			if err != nil || json.Unmarshal(text, &r) != nil || !row.says(r) || !row.entered(all) {
				return fault.New(fault.Conflict, "erasure.run_altered", "run", row.id)
			}
			finished[row.id] = row.finished != 0
			return nil
		})
	})
	if err != nil {
		return err
	}
	for _, e := range all {
		if _, ok := finished[e.run()]; !ok {
			return fault.New(fault.Conflict, "erasure.run_missing", "run", e.run())
		}
	}
	for _, verb := range []string{"erasure." + stepDecided, "erasure." + stepDone} {
		err := audit.Each(ctx, main, v, ids.System, verb, func(e audit.Entry) error {
			id, _ := e.Detail["run"].(string)
			ended, ok := finished[id]
			if !ok {
				return fault.New(fault.Conflict, "erasure.run_missing", "run", id)
			}
			if state, _ := e.Detail["state"].(string); state == string(Done) && !ended { // an older row, put back
				return fault.New(fault.Conflict, "erasure.run_altered", "run", id)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// says tells whether the open columns are those of the sealed record.
func (row runRow) says(r Record) bool {
	hash, err := hex.DecodeString(r.LedgerHash)
	end := int64(0)
	if r.State == Done {
		end = db.Micros(r.Finished)
	}
	return err == nil && r.ID == row.id && r.Tenant == row.tenant && r.Kind == row.kind && r.Step == row.step && (len(r.Held) > 0) == (row.held != 0) &&
		r.LedgerN == row.ledgerN && bytes.Equal(hash, row.hash) && db.Micros(r.Started) == row.started && end == row.finished
}

// entered tells whether the entry that the row names is its own; before the ledger is written there is none.
func (row runRow) entered(all []Entry) bool {
	if row.ledgerN == 0 {
		return row.step == stepDecided
	}
	if row.ledgerN < 0 || row.ledgerN > int64(len(all)) {
		return false
	}
	e := all[row.ledgerN-1]
	return e.run() == row.id && e.Tenant == row.tenant
}
