package checkup

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

var (
	qPerson = db.Q("checkup.person", `select r.id, r.exam_day, r.year, r.batch_id, b.applied_seq, r.sealed
		from checkup_result r join import_batch b on b.tenant_id = r.tenant_id and b.id = r.batch_id
		where r.tenant_id = $1 and r.person_id = $2 and b.state = 'applied'`)
	qJudgements = db.Q("checkup.judgements", `select seq, criteria_id, judged_by, judged_at, sealed from checkup_judgement
		where tenant_id = $1 and result_id = $2 order by seq desc`)
)

// result is one visible result, opened.
type result struct {
	id        ids.Result
	day       jst.Date
	year      int
	batch     ids.Import
	applied   int64
	sealed    []byte
	body      string
	values    []ItemValue
	history   []judged // newest first
	lastSeq   int      // of the newest, whether it verifies or not
	judgement *Judgement
	criteria  *Criteria
}

type judged struct {
	seq      int
	criteria string
	by       ids.Account
	at       time.Time
	sealed   []byte
}

// results opens a person's visible results, the newest first; of a day only the newest batch counts.
func (s *Service) results(ctx context.Context, t ids.Tenant, p ids.Person) ([]*result, *vault.Key, error) {
	keys, err := s.vault.Persons(ctx, t, []ids.Person{p})
	if err != nil {
		return nil, nil, err
	}
	k := keys[p]
	if k == nil {
		return nil, nil, missing("checkup.person_missing")
	}
	var all []*result
	err = s.db.View(ctx, t, func(tx *db.Tx) (err error) {
		if all, err = db.All(tx, qPerson, scanResult, t, p); err != nil {
			return err
		}
		slices.SortFunc(all, func(x, y *result) int { return cmp.Or(y.day.Compare(x.day), cmp.Compare(y.applied, x.applied)) })
		for _, r := range all {
			if r.history, err = db.All(tx, qJudgements, scanJudged, t, r.id); err != nil {
				return err
			}
			if len(r.history) > 0 {
				r.lastSeq = r.history[0].seq
			}
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	seen := map[jst.Date]bool{}
	var open []*result
	for _, r := range all {
		if seen[r.day] {
			continue
		}
		switch err := s.openResult(ctx, t, r, k); {
		case refused(err):
			if err := s.found(ctx, t, resultTable, string(r.id)); err != nil {
				return nil, nil, err
			}
			continue
		case err != nil:
			return nil, nil, err
		}
		seen[r.day] = true
		open = append(open, r)
	}
	return open, k, nil
}

func scanResult(sc db.Scanner) (*result, error) {
	r := &result{}
	var day string
	if err := sc.Scan(&r.id, &day, &r.year, &r.batch, &r.applied, &r.sealed); err != nil {
		return nil, err
	}
	var err error
	r.day, err = jst.ParseDate(day)
	return r, err
}

func scanJudged(sc db.Scanner) (judged, error) {
	var j judged
	var at int64
	err := sc.Scan(&j.seq, &j.criteria, &j.by, &at, &j.sealed)
	j.at = db.Time(at)
	return j, err
}

func (s *Service) openResult(ctx context.Context, t ids.Tenant, r *result, k *vault.Key) error {
	plain, err := k.Open(locResult(r.place()), r.sealed)
	if err != nil {
		return err
	}
	if r.body, r.values, err = decodeValues(plain); err != nil {
		return err
	}
	for len(r.history) > 0 { // the newest that the service has written
		plain, err = k.Open(locJudgement(r.place(), r.history[0]), r.history[0].sealed)
		if !refused(err) {
			break
		}
		if err := s.found(ctx, t, judgementTable, fmt.Sprintf("%s/%d", r.id, r.history[0].seq)); err != nil {
			return err
		}
		r.history = r.history[1:]
	}
	if len(r.history) == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	j := r.history[0]
	if r.judgement, err = decodeJudgement(plain); err != nil {
		return err
	}
	r.judgement.Criteria = j.criteria
	r.criteria, err = s.criteriaOf(ctx, t, j.criteria)
	return err
}
