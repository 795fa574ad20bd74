package erasure

import (
	"strconv"

	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
)

const runColumns = `tenant_id, run_id, kind, step, held, ledger_n, ledger_hash, sealed, started_at, finished_at`

var (
	qRunAdd = db.Q("erasure.run_add", `insert into erasure_run (tenant_id, run_id, kind, step, held, ledger_hash, sealed, started_at)
		values ($1, $2, $3, 'decided', $4, $5, $6, $7)`)
	qRunStep = db.Q("erasure.run_step", `update erasure_run set step = $3, held = $4, ledger_n = $5, ledger_hash = $6, sealed = $7, finished_at = $8
		where tenant_id = $1 and run_id = $2`)
	qRun      = db.Q("erasure.run", `select `+runColumns+` from erasure_run where tenant_id = $1 and run_id = $2`)
	qRuns     = db.Q("erasure.runs", `select `+runColumns+` from erasure_run where tenant_id = $1 order by started_at desc, run_id desc limit $2`)
	qRunsOpen = db.GlobalQ("erasure.runs_open", `select `+runColumns+` from erasure_run where finished_at = 0 order by started_at, run_id`)
	qRunsAll  = db.GlobalQ("erasure.runs_all", `select `+runColumns+` from erasure_run order by started_at desc, run_id desc limit $1`)
	qRunIDs   = db.GlobalQ("erasure.run_ids", `select run_id from erasure_run`)
	qRunKnown = db.Q("erasure.run_known", `insert into erasure_run (tenant_id, run_id, kind, step, ledger_n, ledger_hash, sealed, started_at, finished_at)
		values ($1, $2, $3, 'done', $4, $5, $6, $7, $7) on conflict (tenant_id, run_id) do nothing`)
	qOpenOf = db.Q("erasure.open_of", `select count(*) from erasure_run where tenant_id = $1 and finished_at = 0 and held = 0`)

	qCountUp = db.Q("erasure.count_up", `insert into erasure_count (tenant_id, run_id, store, n) values ($1, $2, $3, $4)
		on conflict (tenant_id, run_id, store) do update set n = erasure_count.n + excluded.n`)
	qCounts = db.Q("erasure.counts", `select store, n from erasure_count where tenant_id = $1 and run_id = $2`)

	qTurn = db.Q("erasure.turn", `insert into erasure_turn (tenant_id, n) values ($1, 1)
		on conflict (tenant_id) do update set n = erasure_turn.n + 1`)
	qHoldsActive = db.Q("erasure.holds_active", `select scope, person_id, class from erasure_hold where tenant_id = $1 and released_at = 0`)

	qTenantKnown = db.Q("erasure.tenant_known", `select closed_at from tenant where tenant_id = $1`)
	qTenantClose = db.Q("erasure.tenant_close", `update tenant set closed_at = $2 where tenant_id = $1 and closed_at = 0`)
	qTenantEmpty = db.Q("erasure.tenant_empty", `update tenant set name = $2 where tenant_id = $1 and name <> $2`)
	qTenantNamed = db.Q("erasure.tenant_named", `select count(*) from tenant where tenant_id = $1 and name <> $2`)

	qRetire = db.Q("erasure.retire", `insert into identity_retired (tenant_id, login_index)
		select tenant_id, login_index from identity_accounts where tenant_id = $1 and person_id in `+places+`
		on conflict (tenant_id, login_index) do nothing`)
	qEveryone = db.Q("erasure.everyone", `select person_id from person where tenant_id = $1 order by person_id`)
	qMoveOrg  = db.Q("erasure.move_org", `update org_revision set revision = revision + 1 where tenant_id = $1`)
	qMoveList = db.Q("erasure.move_list", `update checkup_revision set results = results + 1, opinions = opinions + 1 where tenant_id = $1`)
)

// runRow is a run as it is stored.
type runRow struct {
	tenant   ids.Tenant
	id       string
	kind     Kind
	step     string
	held     int
	ledgerN  int64
	hash     []byte
	sealed   []byte
	started  int64
	finished int64
}

func scanRun(s db.Scanner) (r runRow, err error) {
	return r, s.Scan(&r.tenant, &r.id, &r.kind, &r.step, &r.held, &r.ledgerN, &r.hash, &r.sealed, &r.started, &r.finished)
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// inChunks hands out the arguments of statements over people: the tenant and exactly chunkPeople of them.
func inChunks(t ids.Tenant, people []ids.Person, fn func(args []any, n int) error) error {
	for len(people) > 0 {
		n := min(chunkPeople, len(people))
		args := append(make([]any, 0, 1+chunkPeople), t)
		for i := range chunkPeople {
			args = append(args, people[min(i, n-1)])
		}
		if err := fn(args, n); err != nil {
			return err
		}
		people = people[n:]
	}
	return nil
}
