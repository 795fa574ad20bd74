package checkup

import (
	"context"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/jst"
	"rakudos/internal/people/access"
)

// HomeView is what a role's home page counts.
type HomeView struct {
	Year                  int
	Population            int
	Examined, NotExamined int
	Undecided             int      // results that wait for the physician's opinion
	OverdueOpinions       int      // of them past the three months
	NextDeadline          jst.Date // the earliest of them
	Referral              int
	FollowOpen            int       // a doctor was recommended and nothing is noted yet; for nurse and physician
	Severe                int       // judged D: further examination or treatment
	Previews              int       // uploads that wait to be confirmed
	Imports               []*Import // those, the running and the failed ones
}

// Home counts what needs somebody today.
func (s *Service) Home(ctx context.Context, a actor.Actor) (*HomeView, error) {
	if err := access.Require(a, access.CheckupList); err != nil {
		return nil, err
	}
	e, err := s.eye(ctx, a, access.CheckupList)
	if err != nil {
		return nil, err
	}
	h := &HomeView{Year: jst.FiscalYear(e.today)}
	n, err := s.year(ctx, a.Tenant, h.Year)
	if err != nil {
		return nil, err
	}
	for i := range n.lines {
		l := &n.lines[i]
		if !e.lists(l) {
			continue
		}
		h.Population++
		if l.exam == nil {
			h.NotExamined++
			continue
		}
		h.Examined++
		if !e.sees(access.Judgement, l) {
			continue
		}
		if l.Overall == D {
			h.Severe++
		}
		if l.Action == Referral {
			h.Referral++
		}
		if e.follows(n, l) == FollowOpen {
			h.FollowOpen++
		}
		if due, ok := e.waits(n, l); ok {
			h.Undecided++
			if due.Before(e.today) {
				h.OverdueOpinions++
			}
			if h.NextDeadline.IsZero() || due.Before(h.NextDeadline) {
				h.NextDeadline = due
			}
		}
	}
	if access.Allows(a, access.ImportRead) {
		all, err := s.Imports(ctx, a)
		if err != nil {
			return nil, err
		}
		for _, i := range all {
			if i.State == Preview || i.State.Running() || i.State == Failed {
				h.Imports = append(h.Imports, i)
			}
			if i.State == Preview {
				h.Previews++
			}
		}
	}
	return h, nil
}
