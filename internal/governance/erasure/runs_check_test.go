package erasure

import (
	"testing"

	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/testdb"
)

var (
	tRunGone    = db.Q("erasure_test.run_gone", `delete from erasure_run where tenant_id = $1 and run_id = $2`)
	tRunBack    = db.Q("erasure_test.run_back", `insert into erasure_run (`+runColumns+`) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`)
	tRunKind    = db.Q("erasure_test.run_kind", `update erasure_run set kind = 'tenant' where tenant_id = $1 and run_id = $2`)
	tRunStep    = db.Q("erasure_test.run_step", `update erasure_run set step = 'keys' where tenant_id = $1 and run_id = $2`)
	tRunHeld    = db.Q("erasure_test.run_held", `update erasure_run set held = 1 where tenant_id = $1 and run_id = $2`)
	tRunN       = db.Q("erasure_test.run_n", `update erasure_run set ledger_n = 0 where tenant_id = $1 and run_id = $2`)
	tRunStarted = db.Q("erasure_test.run_started", `update erasure_run set started_at = started_at - 1 where tenant_id = $1 and run_id = $2`)
	tRunOpen    = db.Q("erasure_test.run_open", `update erasure_run set finished_at = 0 where tenant_id = $1 and run_id = $2`)
	tRunOther   = db.Q("erasure_test.run_other", `update erasure_run set sealed = (select o.sealed from erasure_run o where o.tenant_id = $1 and o.run_id <> $2) where tenant_id = $1 and run_id = $2`)
	tRunMoved   = db.GlobalQ("erasure_test.run_moved", `update erasure_run set tenant_id = $1 where run_id = $2`)
	tRunFirst   = db.Q("erasure_test.run_first", `update erasure_run set step = 'decided', ledger_n = 0, ledger_hash = $3, sealed = $4, finished_at = 0 where tenant_id = $1 and run_id = $2`)
)

// TestCheckNoticesRunsThatSomebodyTouched: whoever deletes or alters a run in the database is noticed, in each column,
// by the check that the operator calls; with the row as it was it holds.
func TestCheckNoticesRunsThatSomebodyTouched(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e, 3)
		all := b.people(b.ours)
		var decided runRow // the run as it was before anything was done
		row := func(id string) (out runRow) {
			rows, err := b.gate.rows(t.Context(), b.ours, qRun, b.ours, id)
			b.must(err)
			if len(rows) != 1 {
				t.Fatalf("%d rows", len(rows))
			}
			return rows[0]
		}
		b.gate.crash = func(point string) error {
			if point == "before entered" {
				runs, err := b.gate.rows(t.Context(), db.Global, qRunsOpen)
				b.must(err)
				decided = runs[0]
			}
			return nil
		}
		check := func(why, want string) {
			t.Helper()
			if _, err := b.replay.Ledger.Check(t.Context(), e.DB, b.vault); code(err) != want {
				t.Errorf("%s: %v", why, err)
			}
		}
		_, err := b.gate.ErasePersons(t.Context(), machine, b.ours, all[:1], order)
		b.must(err)
		rec, err := b.gate.ErasePersons(t.Context(), machine, b.ours, []ids.Person{all[1]}, order)
		b.must(err)
		check("as it is", "")
		whole := row(rec.ID)
		for why, q := range map[string]db.Query{
			"kind": tRunKind, "step": tRunStep, "held": tRunHeld, "entry": tRunN, "start": tRunStarted, "end": tRunOpen, "another's seal": tRunOther,
		} {
			b.exec(b.ours, q, b.ours, rec.ID)
			check(why, "erasure.run_altered")
			b.exec(b.ours, tRunGone, b.ours, rec.ID)
			check(why+", gone", "erasure.run_missing")
			b.exec(b.ours, tRunBack, whole.tenant, whole.id, string(whole.kind), whole.step, whole.held, whole.ledgerN, whole.hash, whole.sealed, whole.started, whole.finished)
			check(why+", put back", "")
		}
		b.exec(db.Global, tRunMoved, b.neighbour, rec.ID)
		check("moved", "erasure.run_altered")
		b.exec(db.Global, tRunMoved, b.ours, rec.ID)
		b.exec(b.ours, tRunFirst, b.ours, rec.ID, []byte{}, decided.sealed)
		check("as it was at first", "erasure.run_altered")
	})
}

var tOpenGone = db.GlobalQ("erasure_test.open_gone", `delete from erasure_run where finished_at = 0`)

// TestCheckNoticesADecisionThatIsGone: a run that has not reached the ledger is known to the audit log alone.
func TestCheckNoticesADecisionThatIsGone(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e, 3)
		b.gate.crash = func(string) error { return errStop }
		if _, err := b.gate.ErasePersons(t.Context(), machine, b.ours, b.people(b.ours)[:1], order); err == nil {
			t.Fatal("not stopped")
		}
		if c, err := b.replay.Ledger.Check(t.Context(), e.DB, b.vault); err != nil || c.Waiting != 1 {
			t.Errorf("under way: %+v %v", c, err)
		}
		b.exec(db.Global, tOpenGone)
		if _, err := b.replay.Ledger.Check(t.Context(), e.DB, b.vault); code(err) != "erasure.run_missing" {
			t.Errorf("gone: %v", err)
		}
	})
}
