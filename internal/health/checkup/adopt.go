package checkup

import (
	"context"
	"fmt"

	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

var (
	qOldResults = db.Q("checkup.old_results", `select id, person_id, batch_id, year, exam_day, sealed from checkup_result
		where tenant_id = $1 and id > $2 order by id limit 1000`)
	qOldJudgements = db.Q("checkup.old_judgements", `select r.id, r.person_id, r.batch_id, r.year, r.exam_day, j.seq, j.criteria_id, j.judged_by, j.judged_at, j.brief, j.sealed
		from checkup_judgement j join checkup_result r on r.tenant_id = j.tenant_id and r.id = j.result_id
		where j.tenant_id = $1 and (j.result_id, j.seq) > ($2, $3) order by j.result_id, j.seq limit 1000`)
	qOldResult    = db.Q("checkup.old_result", `update checkup_result set sealed = $3 where tenant_id = $1 and id = $2`)
	qOldJudgement = db.Q("checkup.old_judgement", `update checkup_judgement set brief = $4, sealed = $5 where tenant_id = $1 and result_id = $2 and seq = $3`)
	qOldOpinion   = db.Q("checkup.old_opinion", `update work_opinion set sealed = $3 where tenant_id = $1 and id = $2`)
)

type oldRow struct {
	place
	person        ids.Person
	judged        judged
	brief, sealed []byte
}

// Adopt seals a tenant's results, judgements and opinions anew, with what their rows say in the open bound
// to them, where an older version of the program has sealed them without. Rows that do not open in the old
// way are left as they are, so it may run again after a crash. Whoever calls it makes sure that it never
// happens a second time.
func (s *Service) Adopt(ctx context.Context, t ids.Tenant) (rows int, err error) {
	keys := map[ids.Person]*vault.Key{}
	if err := s.vault.AllPersons(ctx, t, func(p ids.Person, k *vault.Key) error { keys[p] = k; return nil }); err != nil {
		return 0, err
	}
	for _, step := range []func(context.Context, ids.Tenant, map[ids.Person]*vault.Key) (int, error){s.adoptResults, s.adoptJudgements, s.adoptOpinions} {
		n, err := step(ctx, t, keys)
		if err != nil {
			return rows, err
		}
		rows += n
	}
	return rows, nil
}

func oldLoc(table, id, column string) vault.Loc {
	return vault.Loc{Table: table, ID: id, Column: column}
}

func reseal(k *vault.Key, from, to vault.Loc, sealed []byte) ([]byte, bool) {
	if k == nil {
		return nil, false
	}
	plain, err := k.Open(from, sealed)
	if err != nil {
		return nil, false
	}
	return k.Seal(to, plain), true
}

func (s *Service) adoptResults(ctx context.Context, t ids.Tenant, keys map[ids.Person]*vault.Key) (rows int, err error) {
	for last := ids.Result(""); ; {
		var page []oldRow
		err := s.db.Tx(ctx, t, func(tx *db.Tx) (err error) {
			n := 0
			page, err = db.All(tx, qOldResults, func(sc db.Scanner) (r oldRow, err error) {
				var day string
				if err = sc.Scan(&r.result, &r.person, &r.batch, &r.year, &day, &r.sealed); err == nil {
					r.day, err = jst.ParseDate(day)
				}
				return r, err
			}, t, last)
			if err != nil {
				return err
			}
			for _, r := range page {
				sealed, ok := reseal(keys[r.person], oldLoc(resultTable, string(r.result), "sealed"), locResult(r.place), r.sealed)
				if !ok {
					continue
				}
				n++
				if _, err := tx.Exec(qOldResult, t, r.result, sealed); err != nil {
					return err
				}
			}
			tx.OnCommit(func() { rows += n })
			return nil
		})
		if err != nil || len(page) == 0 {
			return rows, err
		}
		last = page[len(page)-1].result
	}
}

func (s *Service) adoptJudgements(ctx context.Context, t ids.Tenant, keys map[ids.Person]*vault.Key) (rows int, err error) {
	last, seq := ids.Result(""), 0
	for {
		var page []oldRow
		err := s.db.Tx(ctx, t, func(tx *db.Tx) (err error) {
			n := 0
			page, err = db.All(tx, qOldJudgements, func(sc db.Scanner) (r oldRow, err error) {
				var day string
				var at int64
				j := &r.judged
				if err = sc.Scan(&r.result, &r.person, &r.batch, &r.year, &day, &j.seq, &j.criteria, &j.by, &at, &r.brief, &r.sealed); err == nil {
					j.at = db.Time(at)
					r.day, err = jst.ParseDate(day)
				}
				return r, err
			}, t, last, seq)
			if err != nil {
				return err
			}
			for _, r := range page {
				id := fmt.Sprintf("%s/%d", r.result, r.judged.seq)
				brief, ok := reseal(keys[r.person], oldLoc(judgementTable, id, "brief"), locBrief(r.place, r.judged.seq), r.brief)
				if !ok {
					continue
				}
				whole, ok := reseal(keys[r.person], oldLoc(judgementTable, id, "sealed"), locJudgement(r.place, r.judged), r.sealed)
				if !ok {
					continue
				}
				n++
				if _, err := tx.Exec(qOldJudgement, t, r.result, r.judged.seq, brief, whole); err != nil {
					return err
				}
			}
			tx.OnCommit(func() { rows += n })
			return nil
		})
		if err != nil || len(page) == 0 {
			return rows, err
		}
		last, seq = page[len(page)-1].result, page[len(page)-1].judged.seq
	}
}

func (s *Service) adoptOpinions(ctx context.Context, t ids.Tenant, keys map[ids.Person]*vault.Key) (rows int, err error) {
	err = s.db.Tx(ctx, t, func(tx *db.Tx) error {
		n := 0
		all, err := db.All(tx, qOpinionsAll, scanOpinion, t)
		if err != nil {
			return err
		}
		for _, o := range all {
			sealed, ok := reseal(keys[o.Person], oldLoc(opinionTable, string(o.ID), "sealed"), locOpinion(&o.Opinion), o.sealed)
			if !ok {
				continue
			}
			n++
			if _, err := tx.Exec(qOldOpinion, t, o.ID, sealed); err != nil {
				return err
			}
		}
		tx.OnCommit(func() { rows += n })
		return nil
	})
	return rows, err
}
