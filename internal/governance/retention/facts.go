package retention

import (
	"crypto/hmac"
	"strconv"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/db"
)

const cardUnit = "checkup_result"

var (
	qLeft = db.Q("retention.left", `select person_id, left_on, updated_at from person where tenant_id = $1 and left_on > 0`)
	// Of who has left every card counts, of the others only what can have expired.
	qCards = db.Q("retention.cards", `select r.id, r.person_id, r.exam_day,
		(select coalesce(max(o.decided_at), 0) from work_opinion o where o.tenant_id = r.tenant_id and o.result_id = r.id),
		(select coalesce(max(f.noted_at), 0) from checkup_followup f where f.tenant_id = r.tenant_id and f.result_id = r.id),
		b.started_at, b.applied_at
		from checkup_result r join import_batch b on b.tenant_id = r.tenant_id and b.id = r.batch_id
		left join person p on p.tenant_id = r.tenant_id and p.person_id = r.person_id
		where r.tenant_id = $1 and (r.exam_day <= $2 or p.left_on > 0)`)
	qRules   = db.Q("retention.rules", `select class, years, set_by, set_at, mac from retention_rule where tenant_id = $1`)
	qHolds   = db.Q("retention.holds", `select scope, person_id, class, released_at from erasure_hold where tenant_id = $1`)
	qByYear  = db.Q("retention.by_year", `select substr(exam_day, 1, 4), count(*), min(exam_day) from checkup_result where tenant_id = $1 group by substr(exam_day, 1, 4) order by substr(exam_day, 1, 4)`)
	qPeople  = db.Q("retention.people", `select count(*), coalesce(sum(case when left_on > 0 then 1 else 0 end), 0), coalesce(min(case when left_on > 0 then left_on end), 0) from person where tenant_id = $1`)
	qTenants = db.GlobalQ("retention.tenants", `select tenant_id from tenant where closed_at = 0 and kind <> 'probe' order by tenant_id`)
)

// facts is what is known of a tenant's records on one day.
type facts struct {
	due     map[string]Due
	periods Periods
	held    Held
}

// read finds what is due in a tenant, in one transaction.
func (s *Service) read(tx *db.Tx, t ids.Tenant, today jst.Date, told map[string]promise) (f facts, err error) {
	var changed time.Time
	if f.periods, changed, err = s.periods(tx, t, told); err != nil {
		return f, err
	}
	if f.held, err = holds(tx, t); err != nil {
		return f, err
	}
	if changed.After(f.held.Released) {
		f.held.Released = changed
	}
	people := map[ids.Person]*Someone{}
	err = db.Each(tx, qLeft, func(s db.Scanner) error {
		p, day, at := &Someone{}, 0, int64(0)
		if err := s.Scan(&p.ID, &day, &at); err != nil {
			return err
		}
		left := jst.Date{Y: day / 10000, M: day / 100 % 100, D: day % 100}
		if today.After(left) { // one who leaves in the future is still there
			p.Left, p.Since = left, db.Time(at)
			people[p.ID] = p
		}
		return nil
	}, t)
	if err != nil {
		return f, err
	}
	years, _ := f.periods.Years(Kinds[0].Class)
	err = db.Each(tx, qCards, func(s db.Scanner) error {
		c, person, err := scanCard(s)
		if err != nil {
			return err
		}
		if people[person] == nil {
			people[person] = &Someone{ID: person}
		}
		people[person].Cards = append(people[person].Cards, c)
		return nil
	}, t, today.AddMonths(-12*years).String())
	f.due = due(people, today, f.periods, f.held)
	return f, err
}

func scanCard(s db.Scanner) (c Card, person ids.Person, err error) {
	var exam string
	var opinion, followup, started, applied int64
	if err = s.Scan(&c.ID, &person, &exam, &opinion, &followup, &started, &applied); err != nil {
		return c, person, err
	}
	c.Unit, c.Class, c.Since = cardUnit, Kinds[0].Class, db.Time(max(started, applied))
	if c.Base, err = jst.ParseDate(exam); err != nil {
		return c, person, fault.New(fault.Internal, "retention.base").Because(err)
	}
	if last := max(opinion, followup); last > 0 && jst.Of(db.Time(last)).After(c.Base) {
		c.Base = jst.Of(db.Time(last))
	}
	return c, person, nil
}

// forever is how long is kept what a row says that the service has not written: too long is never too early.
const forever = 100

func (s *Service) periods(tx *db.Tx, t ids.Tenant, told map[string]promise) (p Periods, changed time.Time, err error) {
	p = Periods{}
	for class, x := range told { // until its row says otherwise
		p[class] = x.years
		if x.at.After(changed) {
			changed = x.at
		}
	}
	rules, err := db.All(tx, qRules, scanRule, t)
	if err != nil {
		return p, changed, err
	}
	if n := len(missed(told, rules)); n > 0 {
		s.Logger.Error("retention: longer periods that the log tells of are not there as they were written; they are kept", "tenant", string(t), "count", n)
	}
	if len(rules) == 0 {
		return p, changed, nil
	}
	k, err := s.Keys.Tenant(tx.Context(), t)
	if err != nil {
		return p, changed, err
	}
	for _, r := range rules {
		if !hmac.Equal(r.mac, r.sum(k, t)) {
			s.Logger.Error("retention: a period that the service has not written; its records are kept", "tenant", string(t))
			r.years = forever
		} else if told[r.class].overrules(r) {
			continue
		}
		p[r.class] = r.years
		if at := db.Time(r.at); at.After(changed) {
			changed = at
		}
	}
	return p, changed, nil
}

func holds(tx *db.Tx, t ids.Tenant) (h Held, err error) {
	h = Held{Classes: map[string]bool{}, People: map[ids.Person]bool{}}
	err = db.Each(tx, qHolds, func(s db.Scanner) error {
		var scope, class string
		var p ids.Person
		var released int64
		if err := s.Scan(&scope, &p, &class, &released); err != nil {
			return err
		}
		if released > 0 {
			if at := db.Time(released); at.After(h.Released) {
				h.Released = at
			}
			return nil
		}
		switch scope {
		case "tenant":
			h.Whole = true
		case "person":
			h.People[p] = true
		case "class":
			h.Classes[class] = true
		default:
			return fault.New(fault.Internal, "retention.hold_unread")
		}
		return nil
	}, t)
	return h, err
}

// ClassCount is what a tenant keeps of one class.
type ClassCount struct {
	Class  Class
	Years  int // in force: the law's or the contract's
	Source string
	Own    bool // lengthened by the contract
	Count  int64
	Next   jst.Date // the earliest keep-until, without what was written on a card later; zero: none
	ByYear []YearCount
}

// YearCount counts the cards of one calendar year of examination.
type YearCount struct {
	Year      int
	Count     int64
	KeepUntil jst.Date // of the earliest of them
}

func (s *Service) counts(tx *db.Tx, t ids.Tenant, told map[string]promise) (out []ClassCount, err error) {
	p, _, err := s.periods(tx, t, told)
	if err != nil {
		return nil, err
	}
	class := func(name string) ClassCount {
		c, _ := ByName(name)
		years, _ := p.Years(name)
		return ClassCount{Class: c, Years: years, Source: c.Source, Own: years > c.Years}
	}
	cards, people := class(Kinds[0].Class), class(roster)
	err = db.Each(tx, qByYear, func(s db.Scanner) error {
		var year, first string
		var y YearCount
		if err := s.Scan(&year, &y.Count, &first); err != nil {
			return err
		}
		day, err := jst.ParseDate(first)
		if err != nil {
			return fault.New(fault.Internal, "retention.base").Because(err)
		}
		if y.Year, err = strconv.Atoi(year); err != nil {
			return fault.New(fault.Internal, "retention.base").Because(err)
		}
		y.KeepUntil, _ = p.KeepUntil(cards.Class.Name, day)
		if cards.Next.IsZero() {
			cards.Next = y.KeepUntil
		}
		cards.Count += y.Count
		cards.ByYear = append(cards.ByYear, y)
		return nil
	}, t)
	if err != nil {
		return nil, err
	}
	err = db.Each(tx, qPeople, func(s db.Scanner) error {
		var left int64
		var first int
		if err := s.Scan(&people.Count, &left, &first); err != nil {
			return err
		}
		if first > 0 {
			people.Next, _ = p.KeepUntil(roster, jst.Date{Y: first / 10000, M: first / 100 % 100, D: first % 100})
		}
		return nil
	}, t)
	return append(out, cards, people), err
}
