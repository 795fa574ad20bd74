package checkup

import (
	"context"
	"slices"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/people/access"
)

// WorkItem is one line of the physician's work list.
type WorkItem struct {
	ListRow
	Previous Fitness // of the year before
}

// order is that of the work list: who waits stands before who is decided, the nearest deadline first.
func (r *ListRow) order(other *ListRow) int {
	if rw, ow := r.Fitness == Undecided, other.Fitness == Undecided; rw != ow {
		return map[bool]int{true: -1, false: 1}[rw]
	}
	return r.Deadline.Compare(other.Deadline)
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
	eye, err := s.eye(ctx, a, access.CheckupDecide)
	if err != nil {
		return nil, err
	}
	var out []WorkItem
	var shown []ids.Person
	for i := range now.lines {
		l := &now.lines[i]
		if l.exam == nil || !eye.lists(l) || !eye.sees(access.Judgement, l) || !everyone && !now.waits(l) {
			continue
		}
		out = append(out, WorkItem{eye.row(now, l), previous[l.Person.ID]})
		shown = append(shown, l.Person.ID)
	}
	slices.SortStableFunc(out, func(x, y WorkItem) int { return x.order(&y.ListRow) })
	return out, s.record(ctx, a, "checkup.worklist", "checkup.judgement", shown, map[string]any{"year": year})
}
