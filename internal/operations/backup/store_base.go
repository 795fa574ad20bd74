package backup

import (
	"context"
	"time"

	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
)

var (
	qBaseAdd = db.Q("backup.base_add", `insert into backup_base (tenant_id, set_id, day, taken_at, bytes, manifest, dropped_at)
		values ($1, $2, $3, $4, $5, $6, 0)`)
	qBases    = db.Q("backup.bases", `select set_id, 'base', day, taken_at, bytes, manifest from backup_base where tenant_id = $1 and dropped_at = 0 order by taken_at, set_id`)
	qBaseDrop = db.Q("backup.base_drop", `update backup_base set dropped_at = $3 where tenant_id = $1 and set_id = $2 and dropped_at = 0`)
	qBasesGo  = db.Q("backup.bases_go", `update backup_base set dropped_at = $2 where tenant_id = $1 and dropped_at = 0`)

	qBeat = db.Q("backup.beat", `insert into backup_wal (tenant_id, system, beat_at, until_at, last_file) values ($1, $2, $3, $4, $5)
		on conflict (tenant_id) do update set system = $2, beat_at = $3, until_at = $4, last_file = $5`)
	qLastBeat = db.Q("backup.beat_last", `select system, beat_at, until_at, last_file from backup_wal where tenant_id = $1`)
	qBeatGo   = db.Q("backup.beat_go", `delete from backup_wal where tenant_id = $1`)
)

// beat is the newest commit that marks the WAL.
type beat struct {
	system, last string
	at, until    time.Time
}

func scanBeat(r db.Scanner) (b beat, err error) {
	var at, until int64
	err = r.Scan(&b.system, &at, &until, &b.last)
	b.at, b.until = db.Time(at), db.Time(until)
	return b, err
}

func addBase(tx *db.Tx, g Generation) error {
	_, err := tx.Exec(qBaseAdd, ids.System, g.ID, g.Day.String(), db.Micros(g.Taken), g.Bytes, g.Manifest)
	return err
}

// registeredBases are the copies of the cluster that the database remembers as kept.
func (s *Service) registeredBases(ctx context.Context) (out []Generation, err error) {
	err = s.o.Main.View(ctx, ids.System, func(tx *db.Tx) (err error) {
		out, err = db.All(tx, qBases, scanSet, ids.System)
		return err
	})
	return out, err
}

// lastBeat is fault.Missing before the first.
func (s *Service) lastBeat(ctx context.Context) (b beat, err error) {
	err = s.o.Main.View(ctx, ids.System, func(tx *db.Tx) (err error) {
		b, err = db.One(tx, qLastBeat, scanBeat, ids.System)
		return err
	})
	return b, err
}
