package backup

import (
	"time"

	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/db"
)

var (
	qSince     = db.Q("backup.since", `select since from backup_since where tenant_id = $1`)
	qSinceMove = db.Q("backup.since_move", `update backup_since set since = $2 where tenant_id = $1`)
	qSinceAdd  = db.Q("backup.since_add", `insert into backup_since (tenant_id, since) values ($1, $2) on conflict (tenant_id) do nothing`)

	qSetAdd = db.Q("backup.set_add", `insert into backup_set (tenant_id, set_id, kind, day, taken_at, bytes, manifest, dropped_at)
		values ($1, $2, $3, $4, $5, $6, $7, 0)`)
	qSets    = db.Q("backup.sets", `select set_id, kind, day, taken_at, bytes, manifest from backup_set where tenant_id = $1 and dropped_at = 0 order by taken_at, set_id`)
	qSetDrop = db.Q("backup.set_drop", `update backup_set set dropped_at = $3 where tenant_id = $1 and set_id = $2 and dropped_at = 0`)
	qSetsGo  = db.Q("backup.sets_go", `update backup_set set dropped_at = $2 where tenant_id = $1 and dropped_at = 0`)

	qMissedAdd = db.Q("backup.missed_add", `insert into backup_missed (tenant_id, day, noticed_at) values ($1, $2, $3) on conflict (tenant_id, day) do nothing`)

	qDrillAdd = db.Q("backup.drill_add", `insert into backup_drill (tenant_id, drill_id, set_id, at, ok, receipt) values ($1, $2, $3, $4, $5, $6)`)

	qSentinelAdd = db.Q("backup.sentinel_add", `insert into backup_sentinel (tenant_id, set_id, sealed) values ($1, $2, $3)`)
	qSentinelOld = db.Q("backup.sentinel_old", `delete from backup_sentinel where tenant_id = $1 and set_id <> $2`)
	qSentinel    = db.Q("backup.sentinel", `select sealed from backup_sentinel where tenant_id = $1 and set_id = $2`)
)

func scanSet(r db.Scanner) (g Generation, err error) {
	var day string
	var at int64
	if err = r.Scan(&g.ID, &g.Kind, &day, &at, &g.Bytes, &g.Manifest); err != nil {
		return g, err
	}
	g.Taken = db.Time(at)
	g.Day, err = jst.ParseDate(day)
	return g, err
}

func addSet(tx *db.Tx, g Generation) error {
	_, err := tx.Exec(qSetAdd, ids.System, g.ID, string(g.Kind), g.Day.String(), db.Micros(g.Taken), g.Bytes, g.Manifest)
	return err
}

func dropSets(tx *db.Tx, gone []Generation, now time.Time) error {
	for _, g := range gone {
		if _, err := tx.Exec(qSetDrop, ids.System, g.ID, db.Micros(now)); err != nil {
			return err
		}
	}
	return nil
}

func addDrill(tx *db.Tx, r *Receipt, text []byte) error {
	ok := 0
	if r.OK {
		ok = 1
	}
	_, err := tx.Exec(qDrillAdd, ids.System, r.ID, r.Set, db.Micros(r.At), ok, string(text))
	return err
}
