package keys

import (
	"context"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
)

const workColumns = `id, kind, tenant_id, person_id, from_version, state, step, done, total, error, started_at, changed_at`

var (
	qWorkAdd = db.Q("keys.work_add", `insert into key_work (tenant_id, id, kind, person_id, from_version, state, step, done, total, error, started_at, changed_at)
		values ($1, $2, $3, $4, $5, $6, $7, 0, 0, '', $8, $8)`)
	qWork     = db.Q("keys.work", `select `+workColumns+` from key_work where tenant_id = $1 and id = $2`)
	qWorkSame = db.Q("keys.work_same", `select count(*) from key_work where tenant_id = $1 and kind = $2 and person_id = $3 and state = 'running'`)
	qWorkStep = db.Q("keys.work_step", `update key_work set state = $3, step = $4, done = $5, total = $6, error = $7, changed_at = $8
		where tenant_id = $1 and id = $2`)
	qWorkOpen   = db.GlobalQ("keys.work_open", `select `+workColumns+` from key_work where state = 'running' order by started_at, id`)
	qWorkRecent = db.GlobalQ("keys.work_recent", `select `+workColumns+` from key_work order by started_at desc, id limit $1`)

	qRetiredCount = db.GlobalQ("keys.retired_count", `select count(*) from key_retired`)
	qRootMade     = db.GlobalQ("keys.root_made", `select created_at from key_root where id = 1`)
)

func scanWork(r db.Scanner) (*Work, error) {
	var w Work
	var started, changed int64
	err := r.Scan(&w.ID, &w.Kind, &w.Tenant, &w.Person, &w.From, &w.State, &w.Step, &w.Done, &w.Total, &w.Error, &started, &changed)
	w.Started, w.Changed = db.Time(started), db.Time(changed)
	return &w, err
}

func (s *Service) work(ctx context.Context, t ids.Tenant, id string) (w *Work, err error) {
	return w, s.o.Keys.View(ctx, t, func(tx *db.Tx) (err error) {
		w, err = db.One(tx, qWork, scanWork, t, id)
		return err
	})
}

func (s *Service) open(ctx context.Context) (out []*Work, err error) {
	return out, s.o.Keys.View(ctx, db.Global, func(tx *db.Tx) (err error) {
		out, err = db.All(tx, qWorkOpen, scanWork)
		return err
	})
}

// add begins work; there is one of a kind for one key at a time.
func (s *Service) add(ctx context.Context, w *Work) error {
	return s.o.Keys.Tx(ctx, w.Tenant, func(tx *db.Tx) error {
		n, err := db.Value[int64](tx, qWorkSame, w.Tenant, w.Kind, w.Person)
		if err == nil && n > 0 {
			err = fault.New(fault.Conflict, "keys.running")
		}
		if err == nil {
			_, err = tx.Exec(qWorkAdd, w.Tenant, w.ID, w.Kind, w.Person, w.From, w.State, w.Step, db.Micros(w.Started))
		}
		return err
	})
}

func (s *Service) keep(ctx context.Context, w *Work) error {
	w.Changed = time.Now()
	return s.o.Keys.Tx(ctx, w.Tenant, func(tx *db.Tx) error {
		_, err := tx.Exec(qWorkStep, w.Tenant, w.ID, w.State, w.Step, w.Done, w.Total, w.Error, db.Micros(w.Changed))
		return err
	})
}
