package checkup

import (
	"context"
	"slices"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/people/access"
)

// NextWaiting names the result that stands after the given one on the physician's work list, so that
// somebody passed over on purpose is not offered again at once; after the last one the list begins anew.
// No other result waiting gives false. Nothing of the person is told, so nothing is recorded as read.
func (s *Service) NextWaiting(ctx context.Context, a actor.Actor, year int, after ids.Result) (p ids.Person, r ids.Result, ok bool, err error) {
	if err := s.require(ctx, a, access.CheckupDecide, "checkup.worklist"); err != nil {
		return p, r, false, err
	}
	n, err := s.year(ctx, a.Tenant, year)
	if err != nil {
		return p, r, false, err
	}
	e, err := s.eye(ctx, a, access.CheckupDecide)
	if err != nil {
		return p, r, false, err
	}
	var all []ListRow
	for i := range n.lines {
		l := &n.lines[i]
		if _, waits := e.waits(n, l); waits && e.lists(l) {
			all = append(all, e.row(n, l))
		}
	}
	slices.SortStableFunc(all, func(x, y ListRow) int { return x.order(&y) })
	at := slices.IndexFunc(all, func(x ListRow) bool { return x.Result == after })
	rest := slices.Concat(all[at+1:], all[:max(at, 0)])
	if len(rest) == 0 {
		return p, r, false, nil
	}
	return rest[0].Person, rest[0].Result, true, nil
}
