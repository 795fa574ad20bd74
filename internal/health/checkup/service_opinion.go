package checkup

import (
	"context"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
	"rakudos/internal/people/access"
)

var (
	qOpinionAdd = db.Q("checkup.opinion_add", `insert into work_opinion (tenant_id, id, person_id, result_id, year, decided_by, decided_at, sealed)
		values ($1, $2, $3, $4, $5, $6, $7, $8)`)
	qOpinionsAll    = db.Q("checkup.opinions_all", `select `+opinionColumns+` from work_opinion where tenant_id = $1 order by decided_at, id`)
	qOpinionsPerson = db.Q("checkup.opinions_person", `select `+opinionColumns+` from work_opinion where tenant_id = $1 and person_id = $2 order by decided_at desc, id desc`)
	qResultOf       = db.Q("checkup.result_of", `select r.person_id, r.year, r.exam_day from checkup_result r
		join import_batch b on b.tenant_id = r.tenant_id and b.id = r.batch_id
		where r.tenant_id = $1 and r.id = $2 and b.state = 'applied'`)
)

// Decide records the physician's opinion on one result. An earlier one stays in the history.
func (s *Service) Decide(ctx context.Context, a actor.Actor, d Decision) error {
	return s.DecideAll(ctx, a, []Decision{d})
}

// DecideAll records several opinions, all or none.
func (s *Service) DecideAll(ctx context.Context, a actor.Actor, all []Decision) error {
	if err := s.require(ctx, a, access.CheckupDecide, "checkup.decide"); err != nil {
		return err
	}
	var people []ids.Person
	for i := range all {
		if err := all[i].check(); err != nil {
			return err
		}
		if err := s.inScope(ctx, a, access.CheckupDecide, all[i].Person); err != nil {
			return err
		}
		people = append(people, all[i].Person)
	}
	keys, err := s.vault.Persons(ctx, a.Tenant, people)
	if err != nil {
		return err
	}
	now := db.Micros(time.Now())
	return s.db.Tx(ctx, a.Tenant, func(tx *db.Tx) error {
		var results []ids.Result
		for i := range all {
			if err := s.decide(tx, a, keys[all[i].Person], &all[i], now); err != nil {
				return err
			}
			results = append(results, all[i].Result)
		}
		if _, err := tx.Exec(qBumpOpinions, a.Tenant); err != nil {
			return err
		}
		_, err := s.audit.Append(tx, audit.Event{Verb: "checkup.decide", Actor: a, Kind: "checkup.opinion", Subjects: people, Detail: map[string]any{"results": results}})
		return err
	})
}

func (s *Service) decide(tx *db.Tx, a actor.Actor, k *vault.Key, d *Decision, now int64) error {
	if k == nil {
		return missing("checkup.result_missing")
	}
	of, err := resultOf(tx, a.Tenant, d.Result)
	if err != nil {
		return err
	}
	if of.person != d.Person {
		return missing("checkup.result_missing")
	}
	if d.From.IsZero() {
		d.From = jst.Of(db.Time(now))
	}
	o := Opinion{ID: ids.New[OpinionID](), Decision: *d, Year: of.year, By: a.Account, At: db.Time(now)}
	sealed, err := sealJSON(k, locOpinion(&o), opinionText{d.Fitness, d.Opinion, d.Measures, d.From, d.Until})
	if err != nil {
		return err
	}
	_, err = tx.Exec(qOpinionAdd, a.Tenant, o.ID, d.Person, d.Result, of.year, a.Account, now, sealed)
	return err
}

// visible is a result that can be seen.
type visible struct {
	person ids.Person
	year   int
	day    jst.Date
}

func resultOf(tx *db.Tx, t ids.Tenant, id ids.Result) (visible, error) {
	v, err := db.One(tx, qResultOf, func(sc db.Scanner) (v visible, err error) {
		var day string
		if err = sc.Scan(&v.person, &v.year, &day); err != nil {
			return v, err
		}
		v.day, err = jst.ParseDate(day)
		return v, err
	}, t, id)
	if fault.Is(err, fault.Missing) {
		return v, missing("checkup.result_missing")
	}
	return v, err
}

// inScope refuses people whom the permission does not reach as if they did not exist.
func (s *Service) inScope(ctx context.Context, a actor.Actor, with access.Permission, p ids.Person) error {
	dir, err := s.people.Directory(ctx, a.Tenant)
	if err != nil {
		return err
	}
	who, ok := dir.Person(p)
	if !ok || !access.Reaches(a, with, access.Subject{Tenant: a.Tenant, Person: p, Site: who.Site, Dept: who.Dept}) {
		return missing("checkup.person_missing")
	}
	return nil
}
