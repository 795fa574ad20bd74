package checkup

import (
	"context"
	"maps"
	"slices"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/db"
	"rakudos/internal/people/access"
)

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
	eye, err := s.eye(ctx, a, access.MeasuresRead)
	if err != nil {
		return nil, err
	}
	n, err := s.year(ctx, a.Tenant, jst.FiscalYear(eye.today))
	if err != nil {
		return nil, err
	}
	newest, err := s.newestOpinions(ctx, a.Tenant, func(p ids.Person) bool {
		l := n.of(p)
		return l != nil && eye.reaches(eye.reach, l) && eye.sees(access.Opinion, l)
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
		open, err := s.openOpinion(ctx, t, &o, keys[p])
		if err != nil {
			return nil, err
		}
		if open != nil {
			out[p] = open
		}
	}
	return out, nil
}
