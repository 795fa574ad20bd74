package checkup

import (
	"cmp"
	"context"
	"slices"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/people/access"
)

var qYearSealed = db.Q("checkup.year_sealed", `select id, batch_id, exam_day, sealed from checkup_result where tenant_id = $1 and year = $2`)

// Impact is what a version would change for the results of a year, held against the version in force.
type Impact struct {
	Year   int
	People int    // with a result
	Change int    // of them, whose letter or recommendation would be another
	Moves  []Move // between letters, the most frequent first
}

// Move counts the people who would go from one letter to another.
type Move struct {
	From, To Letter
	N        int
}

// TryCriteria judges the newest year with results by a version that is not yet kept, and counts. Items that
// the physician has marked as under treatment are judged like the others. It names nobody.
func (s *Service) TryCriteria(ctx context.Context, a actor.Actor, c Criteria) (*Impact, error) {
	if err := s.require(ctx, a, access.CriteriaEdit, "criteria.try"); err != nil {
		return nil, err
	}
	if flaws := c.Sound(); len(flaws) > 0 {
		return nil, flaws[0].Err
	}
	if err := c.Compile(); err != nil {
		return nil, err
	}
	active, err := s.activeCriteria(ctx, a.Tenant)
	if err != nil {
		return nil, err
	}
	n, err := s.year(ctx, a.Tenant, jst.FiscalYear(jst.Of(time.Now())))
	if err == nil && len(n.newest) == 0 && len(n.years) > 0 {
		n, err = s.year(ctx, a.Tenant, n.years[0])
	}
	if err != nil {
		return nil, err
	}
	out := &Impact{Year: n.year}
	moves := map[[2]Letter]int{}
	reach := access.ReachOf(a, access.CriteriaEdit)
	if err := s.eachNewest(ctx, a.Tenant, n, func(l *line, values []ItemValue) {
		if !reach.Covers(l.Person.ID, l.Person.Site, l.Person.Dept) {
			return
		}
		who := subject(l.Person, l.day)
		before, after := active.JudgeAll(values, who), c.JudgeAll(values, who)
		out.People++
		if before.Overall != after.Overall {
			moves[[2]Letter{before.Overall, after.Overall}]++
		}
		if before.Overall != after.Overall || before.Action != after.Action {
			out.Change++
		}
	}); err != nil {
		return nil, err
	}
	for m, n := range moves {
		out.Moves = append(out.Moves, Move{m[0], m[1], n})
	}
	slices.SortFunc(out.Moves, func(x, y Move) int { return cmp.Or(y.N-x.N, cmp.Compare(x.From, y.From), cmp.Compare(x.To, y.To)) })
	_, err = s.audit.Record(ctx, audit.Event{Verb: "criteria.try", Actor: a, Kind: "checkup.criteria", Detail: map[string]any{"year": out.Year, "people": out.People}})
	return out, err
}

// eachNewest opens the newest result of everybody in a snapshot.
func (s *Service) eachNewest(ctx context.Context, t ids.Tenant, n *snapshot, fn func(*line, []ItemValue)) error {
	lines := map[ids.Result]*line{}
	var people []ids.Person
	for i := range n.lines {
		if l := &n.lines[i]; l.exam != nil {
			lines[l.result] = l
			people = append(people, l.Person.ID)
		}
	}
	keys, err := s.vault.Persons(ctx, t, people)
	if err != nil {
		return err
	}
	return s.db.View(ctx, t, func(tx *db.Tx) error {
		return db.Each(tx, qYearSealed, func(sc db.Scanner) error {
			p := place{year: n.year}
			var day string
			var sealed []byte
			if err := sc.Scan(&p.result, &p.batch, &day, &sealed); err != nil {
				return err
			}
			l := lines[p.result]
			if l == nil || keys[l.Person.ID] == nil {
				return nil
			}
			p.day = l.day
			plain, err := keys[l.Person.ID].Open(locResult(p), sealed)
			if refused(err) {
				return nil // told when its page is opened
			}
			if err != nil {
				return err
			}
			_, values, err := decodeValues(plain)
			if err == nil {
				fn(l, values)
			}
			return err
		}, t, n.year)
	})
}

// CriteriaVersion finds a version to begin a new one with.
func (s *Service) CriteriaVersion(ctx context.Context, a actor.Actor, id string) (CriteriaVersion, error) {
	all, err := s.CriteriaVersions(ctx, a)
	if err != nil {
		return CriteriaVersion{}, err
	}
	for _, v := range all {
		if v.ID == id {
			return v, nil
		}
	}
	return CriteriaVersion{}, missing("checkup.criteria_missing")
}
