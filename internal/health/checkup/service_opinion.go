package checkup

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
	"rakudos/internal/people/access"
)

const opinionColumns = `id, person_id, result_id, year, decided_by, decided_at, sealed`

var (
	qOpinionAdd = db.Q("checkup.opinion_add", `insert into work_opinion (tenant_id, id, person_id, result_id, year, decided_by, decided_at, sealed)
		values ($1, $2, $3, $4, $5, $6, $7, $8)`)
	qOpinionsAll    = db.Q("checkup.opinions_all", `select `+opinionColumns+` from work_opinion where tenant_id = $1 order by decided_at, id`)
	qOpinionsPerson = db.Q("checkup.opinions_person", `select `+opinionColumns+` from work_opinion where tenant_id = $1 and person_id = $2 order by decided_at desc, id desc`)
	qResultOf       = db.Q("checkup.result_of", `select r.person_id, r.year, r.exam_day from checkup_result r
		join import_batch b on b.tenant_id = r.tenant_id and b.id = r.batch_id
		where r.tenant_id = $1 and r.id = $2 and b.state = 'applied'`)
)

// Decision is the physician's opinion on one result.
type Decision struct {
	Result   ids.Result
	Person   ids.Person
	Fitness  Fitness
	Opinion  string
	Measures string // what the employer is to do; the manager reads this
	From     jst.Date
	Until    jst.Date // zero: until changed
}

// OpinionID names one opinion.
type OpinionID string

// Opinion is a decision as it was taken.
type Opinion struct {
	ID OpinionID
	Decision
	Year int
	By   ids.Account
	At   time.Time
}

// InForce tells whether measures of the opinion hold on a day.
func (o *Opinion) InForce(day jst.Date) bool {
	return o.Measures != "" && !o.From.After(day) && (o.Until.IsZero() || !o.Until.Before(day))
}

// opinionText is the sealed part.
type opinionText struct {
	Fitness  Fitness  `json:"fitness"`
	Opinion  string   `json:"opinion,omitempty"`
	Measures string   `json:"measures,omitempty"`
	From     jst.Date `json:"from"`
	Until    jst.Date `json:"until"`
}

type sealedOpinion struct {
	Opinion
	sealed []byte
}

func scanOpinion(s db.Scanner) (sealedOpinion, error) {
	var o sealedOpinion
	var at int64
	err := s.Scan(&o.ID, &o.Person, &o.Result, &o.Year, &o.By, &at, &o.sealed)
	o.At = db.Time(at)
	return o, err
}

func locOpinion(id OpinionID) vault.Loc {
	return vault.Loc{Table: "work_opinion", ID: string(id), Column: "sealed"}
}

func (o *sealedOpinion) open(k *vault.Key) (*Opinion, error) {
	var t opinionText
	if err := openJSON(k, locOpinion(o.ID), o.sealed, &t); err != nil {
		return nil, err
	}
	out := o.Opinion
	out.Fitness, out.Opinion, out.Measures, out.From, out.Until = t.Fitness, t.Opinion, t.Measures, t.From, t.Until
	return &out, nil
}

// check refuses a decision that says nothing or contradicts itself.
func (d *Decision) check() error {
	d.Opinion, d.Measures = strings.TrimSpace(d.Opinion), strings.TrimSpace(d.Measures)
	switch {
	case !d.Fitness.Valid():
		return fault.New(fault.Invalid, "checkup.fitness_missing")
	case d.Fitness != Normal && d.Measures == "":
		return fault.New(fault.Invalid, "checkup.measures_missing")
	case !d.Until.IsZero() && d.Until.Before(d.From):
		return fault.New(fault.Invalid, "checkup.period_order")
	case utf8.RuneCountInString(d.Opinion) > 2*maxText || utf8.RuneCountInString(d.Measures) > 2*maxText:
		return fault.New(fault.Invalid, "checkup.opinion_too_long")
	}
	return nil
}

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
		if err := s.inScope(ctx, a, all[i].Person); err != nil {
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
	id := ids.New[OpinionID]()
	sealed, err := sealJSON(k, locOpinion(id), opinionText{d.Fitness, d.Opinion, d.Measures, d.From, d.Until})
	if err != nil {
		return err
	}
	_, err = tx.Exec(qOpinionAdd, a.Tenant, id, d.Person, d.Result, of.year, a.Account, now, sealed)
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

// inScope refuses people of other sites and departments as if they did not exist.
func (s *Service) inScope(ctx context.Context, a actor.Actor, p ids.Person) error {
	dir, err := s.people.Directory(ctx, a.Tenant)
	if err != nil {
		return err
	}
	who, ok := dir.Person(p)
	if !ok || !access.InScope(a, access.Subject{Tenant: a.Tenant, Person: p, Site: who.Site, Dept: who.Dept}) {
		return missing("checkup.person_missing")
	}
	return nil
}

// WorkItem is one line of the physician's work list.
type WorkItem struct {
	ListRow
	Previous Fitness // of the year before
}

// WorkList gives the physician what waits for an opinion, the nearest deadline first: results of C and
// worse without one. everyone adds the others and those decided already, at the end.
func (s *Service) WorkList(ctx context.Context, a actor.Actor, year int, everyone bool) ([]WorkItem, error) {
	if err := s.require(ctx, a, access.CheckupDecide, "checkup.worklist"); err != nil {
		return nil, err
	}
	now, err := s.year(ctx, a.Tenant, year)
	if err != nil {
		return nil, err
	}
	before, err := s.year(ctx, a.Tenant, year-1)
	if err != nil {
		return nil, err
	}
	previous := map[ids.Person]Fitness{}
	for i := range before.lines {
		if o := before.opinion(&before.lines[i]); o != nil {
			previous[o.Person] = o.Fitness
		}
	}
	eye, err := s.eye(ctx, a)
	if err != nil {
		return nil, err
	}
	var out []WorkItem
	var shown []ids.Person
	for i := range now.lines {
		l := &now.lines[i]
		if l.exam == nil || !eye.sees(access.Judgement, l) || !everyone && !now.waits(l) {
			continue
		}
		out = append(out, WorkItem{eye.row(now, l), previous[l.Person.ID]})
		shown = append(shown, l.Person.ID)
	}
	slices.SortStableFunc(out, func(x, y WorkItem) int {
		if xw, yw := x.Fitness == Undecided, y.Fitness == Undecided; xw != yw {
			return map[bool]int{true: -1, false: 1}[xw]
		}
		return x.Deadline.Compare(y.Deadline)
	})
	return out, s.record(ctx, a, "checkup.worklist", "checkup.judgement", shown, map[string]any{"year": year})
}

// Measure is what a manager may know: what to do, not why.
type Measure struct {
	Person             ids.Person
	Number, Name, Dept string
	Measures           string
	From, Until        jst.Date
}

// MeasuresInForce lists the measures that hold today for the people in the actor's scope.
func (s *Service) MeasuresInForce(ctx context.Context, a actor.Actor) ([]Measure, error) {
	if err := s.require(ctx, a, access.MeasuresRead, "checkup.measures"); err != nil {
		return nil, err
	}
	eye, err := s.eye(ctx, a)
	if err != nil {
		return nil, err
	}
	n, err := s.year(ctx, a.Tenant, jst.FiscalYear(eye.today))
	if err != nil {
		return nil, err
	}
	newest, err := s.newestOpinions(ctx, a.Tenant, func(p ids.Person) bool {
		l := n.of(p)
		return l != nil && eye.sees(access.Opinion, l)
	})
	if err != nil {
		return nil, err
	}
	var out []Measure
	var shown []ids.Person
	for i := range n.lines {
		l := &n.lines[i]
		o := newest[l.Person.ID]
		if o == nil || !o.InForce(eye.today) {
			continue
		}
		out = append(out, Measure{Person: l.Person.ID, Number: l.Number, Name: l.Name, Dept: l.dept, Measures: o.Measures, From: o.From, Until: o.Until})
		shown = append(shown, l.Person.ID)
	}
	return out, s.record(ctx, a, "checkup.measures", "checkup.measures", shown, nil)
}

// newestOpinions opens the newest opinion of each person wanted, whatever year it is of: measures hold
// until their end or a newer opinion.
func (s *Service) newestOpinions(ctx context.Context, t ids.Tenant, wanted func(ids.Person) bool) (map[ids.Person]*Opinion, error) {
	sealed := map[ids.Person]sealedOpinion{}
	err := s.db.View(ctx, t, func(tx *db.Tx) error {
		return db.Each(tx, qOpinionsAll, func(sc db.Scanner) error {
			o, err := scanOpinion(sc)
			if err == nil && wanted(o.Person) {
				sealed[o.Person] = o
			}
			return err
		}, t)
	})
	if err != nil {
		return nil, err
	}
	keys, err := s.vault.Persons(ctx, t, slices.Collect(maps.Keys(sealed)))
	if err != nil {
		return nil, err
	}
	out := make(map[ids.Person]*Opinion, len(sealed))
	for p, o := range sealed {
		if keys[p] == nil {
			continue
		}
		if out[p], err = o.open(keys[p]); err != nil {
			return nil, err
		}
	}
	return out, nil
}
