package checkup

import (
	"context"
	"slices"
	"strconv"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/job"
	"rakudos/internal/engine/vault"
	"rakudos/internal/people/access"
)

var qYearPeople = db.Q("checkup.year_people", `select distinct r.person_id from checkup_result r
	join import_batch b on b.tenant_id = r.tenant_id and b.id = r.batch_id
	where r.tenant_id = $1 and r.year = $2 and b.state = 'applied' order by r.person_id`)

// firstYear is the first of the law itself; no result is older.
const firstYear = 1972

// Rejudge has every visible result of a year judged by the version in force. What was judged before stays.
func (s *Service) Rejudge(ctx context.Context, a actor.Actor, year int) error {
	if err := s.require(ctx, a, access.CriteriaApprove, "checkup.rejudge"); err != nil {
		return err
	}
	if year < firstYear || year > jst.FiscalYear(jst.Of(time.Now())) {
		return fault.New(fault.Invalid, "checkup.year")
	}
	return s.db.Tx(ctx, a.Tenant, func(tx *db.Tx) error {
		if _, err := s.audit.Append(tx, audit.Event{Verb: "checkup.rejudge", Actor: a, Kind: "checkup.judgement", Detail: map[string]any{"year": year}}); err != nil {
			return err
		}
		_, err := s.jobs.Enqueue(tx, a.Tenant, jobRejudge, []byte(strconv.Itoa(year)), job.EnqueueOptions{})
		return err
	})
}

// rejudgeJob may run again after a crash: results that the version in force has judged are passed over.
func (s *Service) rejudgeJob(ctx context.Context, j job.Job) error {
	year, err := strconv.Atoi(string(j.Payload))
	if err != nil {
		return job.Permanent(err)
	}
	c, err := s.activeCriteria(ctx, j.Tenant)
	if err != nil {
		return err
	}
	dir, err := s.people.Directory(ctx, j.Tenant)
	if err != nil {
		return err
	}
	var people []ids.Person
	err = s.db.View(ctx, j.Tenant, func(tx *db.Tx) (err error) {
		people, err = db.Column[ids.Person](tx, qYearPeople, j.Tenant, year)
		return err
	})
	if err != nil {
		return err
	}
	for some := range slices.Chunk(people, 200) {
		var rows []rejudged
		for _, p := range some {
			who, known := dir.Person(p)
			all, k, err := s.results(ctx, j.Tenant, p)
			if fault.Is(err, fault.Missing) || !known {
				continue // erased meanwhile
			}
			if err != nil {
				return err
			}
			for _, r := range all {
				if r.year != year || r.judgement == nil || r.judgement.Criteria == c.ID {
					continue
				}
				again := c.JudgeAll(r.values, subject(who, r.day))
				again.keepTreated(r.judgement)
				rows = append(rows, rejudged{r.place(), r.nextSeq(), k, &again})
			}
		}
		if err := s.addJudgements(ctx, j.Tenant, c.ID, "", rows); err != nil {
			return err
		}
	}
	return nil
}

type rejudged struct {
	at  place
	seq int
	key *vault.Key
	j   *Judgement
}

func (s *Service) addJudgements(ctx context.Context, t ids.Tenant, criteria string, by ids.Account, rows []rejudged, events ...audit.Event) error {
	if len(rows) == 0 {
		return nil
	}
	now := db.Micros(time.Now())
	return s.db.Tx(ctx, t, func(tx *db.Tx) error {
		for _, r := range rows {
			brief := r.key.Seal(locBrief(r.at, r.seq), r.j.appendBrief(nil))
			whole := r.key.Seal(locJudgement(r.at, judged{seq: r.seq, criteria: criteria, by: by, at: db.Time(now)}), r.j.appendWhole(nil))
			if _, err := tx.Exec(qJudgementAdd, t, r.at.result, r.seq, criteria, by, now, brief, whole); err != nil {
				return err
			}
		}
		for _, e := range events {
			if _, err := s.audit.Append(tx, e); err != nil {
				return err
			}
		}
		_, err := tx.Exec(qBump, t)
		return err
	})
}

// SetTreated is the physician's word that an item is under treatment (E), or no longer.
func (s *Service) SetTreated(ctx context.Context, a actor.Actor, id ids.Result, p ids.Person, item string, on bool) error {
	if err := s.require(ctx, a, access.CheckupDecide, "checkup.treated"); err != nil {
		return err
	}
	it, ok := ItemOf(item)
	if !ok {
		return fault.New(fault.Invalid, "checkup.item_unknown", "item", clip(item))
	}
	if err := s.inScope(ctx, a, access.CheckupDecide, p); err != nil {
		return err
	}
	all, k, err := s.results(ctx, a.Tenant, p)
	if err != nil {
		return err
	}
	n := slices.IndexFunc(all, func(r *result) bool { return r.id == id })
	if n < 0 || all[n].judgement == nil {
		return missing("checkup.result_missing")
	}
	r := all[n]
	again := r.criteria.JudgeAll(r.values, Subject{Sex: r.judgement.Sex, Age: r.judgement.Age})
	for _, i := range r.judgement.Items {
		if i.Has(Treated) && i.Item != it {
			again.setTreated(i.Item, true)
		}
	}
	if on && !again.setTreated(it, true) {
		return fault.New(fault.Invalid, "checkup.item_not_judged", "item", it.Name)
	}
	return s.addJudgements(ctx, a.Tenant, r.criteria.ID, a.Account, []rejudged{{r.place(), r.nextSeq(), k, &again}}, audit.Event{
		Verb: "checkup.treated", Actor: a, Kind: "checkup.judgement", Subjects: []ids.Person{p}, Detail: map[string]any{"result": id},
	})
}
