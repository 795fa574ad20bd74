package accessreview

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
	"rakudos/internal/people/tenant"
)

// Quarter is the work of a quarter's slot. One that comes after its quarter has ended, because the service
// did not run, can only be recorded as missed.
func (s *Service) Quarter(ctx context.Context, q Quarter) error {
	now := time.Now()
	if q.N != 0 && !now.Before(q.Ends()) {
		all, _, err := s.register(ctx)
		if err != nil {
			return err
		}
		for _, t := range all {
			if !t.Closed && !q.Before(FirstFor(t.CreatedAt)) {
				if err := s.miss(ctx, t.ID, q, now); err != nil {
					return err
				}
			}
		}
	}
	return s.Tick(ctx)
}

// Tick opens, reminds, reassigns, carries out and closes whatever is due in every tenant. What fails in one
// tenant does not keep the others waiting.
func (s *Service) Tick(ctx context.Context) error { return s.tick(ctx, false) }

// OpenNow is Tick for a demonstration: it opens the quarter's campaigns however few days are left.
func (s *Service) OpenNow(ctx context.Context) error { return s.tick(ctx, true) }

func (s *Service) tick(ctx context.Context, force bool) error {
	all, association, err := s.register(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, t := range all {
		if err := s.tend(ctx, t, association, force); err != nil {
			errs = append(errs, fmt.Errorf("accessreview: %s: %w", t.ID, err))
		}
	}
	return errors.Join(errs...)
}

// register lists the tenants that are reviewed, closed ones too, and finds the association.
func (s *Service) register(ctx context.Context) (out []tenant.Tenant, association ids.Tenant, err error) {
	all, err := s.Tenants.List(ctx)
	if err != nil {
		return nil, "", err
	}
	for _, t := range all {
		if t.Kind == tenant.Association && !t.Closed && association == "" {
			association = t.ID
		}
		if t.Kind != tenant.Probe {
			out = append(out, t)
		}
	}
	return out, association, nil
}

func (s *Service) tend(ctx context.Context, t tenant.Tenant, association ids.Tenant, force bool) error {
	all, err := s.campaigns(ctx, t.ID, "quarter")
	if err != nil {
		return err
	}
	if t.Closed {
		for _, c := range all {
			if c.State == Running || c.State == Closing {
				if err := s.void(ctx, c); err != nil {
					return err
				}
			}
		}
		return nil
	}
	now := time.Now()
	q := QuarterOf(now)
	due := force || !q.Before(FirstFor(t.CreatedAt))
	if due && (len(all) == 0 || all[0].ID != q.Key()) {
		if now.Before(q.Closes()) {
			c := Campaign{ID: q.Key(), Purpose: "quarter", OpenedAt: now, DueAt: q.Closes(), EndsAt: q.Ends()}
			err = s.open(ctx, t, association, c, everything)
		} else if !force {
			err = s.miss(ctx, t.ID, q, now)
		}
		if err != nil {
			return err
		}
		if all, err = s.campaigns(ctx, t.ID, "quarter"); err != nil {
			return err
		}
	}
	for _, c := range all {
		if err := s.advance(ctx, t, association, c, now); err != nil {
			return err
		}
	}
	return nil
}

// advance does what a campaign's state and the clock ask for.
func (s *Service) advance(ctx context.Context, t tenant.Tenant, association ids.Tenant, c Campaign, now time.Time) error {
	switch {
	case c.State == Running && now.Before(c.DueAt):
		if err := s.refresh(ctx, t, association, c, now); err != nil {
			return err
		}
	case c.State == Running:
		if err := s.moveOn(ctx, c); err != nil {
			return err
		}
		fallthrough
	case c.State == Closing:
		return s.close(ctx, t, association, c)
	case c.State != Closed || now.Sub(c.ClosedAt) > afterClose:
		return nil
	default:
		b, err := s.benchNow(ctx, t.ID, association)
		if err != nil {
			return err
		}
		if err := s.follow(ctx, t.ID, c, b); err != nil {
			return err
		}
		if err := s.tellClosed(ctx, t, c, b); err != nil {
			return err
		}
	}
	_, err := s.carryAll(ctx, t, association, c)
	return err
}

// afterClose is how long a closed campaign is still looked after: what could not be carried out, and mails.
const afterClose = 100 * 24 * time.Hour

// moveOn begins the close: from now on nobody decides any more.
func (s *Service) moveOn(ctx context.Context, c Campaign) error {
	return s.DB.Tx(ctx, c.Tenant, func(tx *db.Tx) error {
		_, err := tx.Exec(qState, c.Tenant, c.ID, string(Running), string(Closing))
		return err
	})
}

// refresh brings an open campaign up to date: new grants, grants that are gone, reviewers that are gone.
func (s *Service) refresh(ctx context.Context, t tenant.Tenant, association ids.Tenant, c Campaign, now time.Time) error {
	lines, err := s.lines(ctx, t.ID, c.ID)
	if err != nil {
		return err
	}
	had, load := map[Grant]bool{}, map[ids.Account]int{}
	for _, l := range lines {
		had[l.Grant] = true
		if l.Decision == Reduce {
			g := l.Grant
			g.Site = l.ToSite
			had[g] = true // what a reduction has left was decided with it
		}
		if l.Decision == Open {
			load[l.Reviewer]++
		}
	}
	before, err := s.before(ctx, t.ID, c.ID)
	if err != nil {
		return err
	}
	p, err := s.look(ctx, t, association, before, func(g Grant) bool { return !had[g] }, now)
	if err != nil {
		return err
	}
	if err := s.append(ctx, t.ID, c, p, load); err != nil {
		return err
	}
	for i := range lines {
		l := &lines[i]
		switch {
		case l.Decision == Open && !p.held[l.Grant]:
			err = s.silence(ctx, t.ID, c.ID, []int{l.No}, Open, Gone, "review.gone", now)
		case l.Decision == Open && !l.Altered && !p.bench.still(l):
			err = s.reassign(ctx, t.ID, l, p.bench, load)
		}
		if err != nil {
			return err
		}
	}
	return s.notify(ctx, t, c, p, now)
}

// append adds what was granted since the campaign opened.
func (s *Service) append(ctx context.Context, t ids.Tenant, c Campaign, p *picture, load map[ids.Account]int) error {
	if len(p.lines) == 0 {
		return nil
	}
	key, err := s.Keys.Tenant(ctx, t)
	if err != nil {
		return err
	}
	return s.DB.Tx(ctx, t, func(tx *db.Tx) error {
		last, err := db.Value[int](tx, qLineLast, t, c.ID)
		if err != nil {
			return err
		}
		for _, l := range p.lines {
			l.Addendum = true
			l.ready(key, c.ID, last+1, p.bench, load)
			n, err := addLine(tx, key, t, &l)
			if err != nil {
				return err
			}
			if n == 0 {
				continue
			}
			last++
			if _, err := s.record(tx, "review.addendum", machine(t), map[string]any{"campaign": c.ID, "line": l.No, "role": l.Role, "account": l.Subject}); err != nil {
				return err
			}
		}
		return nil
	})
}

// reassign gives a line whose reviewer cannot act any more to somebody else; to nobody when nobody may.
func (s *Service) reassign(ctx context.Context, t ids.Tenant, l *Line, b bench, load map[ids.Account]int) error {
	r, ok := b.pick(l.Subject, load)
	if !ok && l.Reviewer == "" {
		return nil
	}
	k, err := s.Keys.Tenant(ctx, t)
	if err != nil {
		return err
	}
	return s.DB.Tx(ctx, t, func(tx *db.Tx) error {
		if n, err := s.assign(tx, k, t, l, r); err != nil || n == 0 {
			return err
		}
		_, err := s.record(tx, "review.reassigned", machine(t), map[string]any{"campaign": l.Campaign, "line": l.No, "reviewer": string(r.Account)})
		return err
	})
}

// follow gives the escalated lines of a closed campaign, whose second signer cannot act any more, to another.
func (s *Service) follow(ctx context.Context, t ids.Tenant, c Campaign, b *bench) error {
	lines, err := s.lines(ctx, t, c.ID)
	if err != nil {
		return err
	}
	seconds, load := bench{seconds: b.seconds, above: b.above}, map[ids.Account]int{}
	for i := range lines {
		if l := &lines[i]; l.Decision == Escalated && !seconds.still(l) {
			if err := s.reassign(ctx, t, l, seconds, load); err != nil {
				return err
			}
		}
	}
	return nil
}

// assign gives a line to a reviewer.
func (s *Service) assign(tx *db.Tx, k *vault.Key, t ids.Tenant, l *Line, to Reviewer) (int64, error) {
	row, err := s.one(tx, k, t, l.Campaign, l.No)
	if err != nil {
		return 0, err
	}
	before := row.mac
	row.Reviewer, row.ReviewerOf = to.Account, to.Tenant
	return tx.Exec(qAssign, t, l.Campaign, l.No, string(to.Account), string(to.Tenant), row.sum(k), before)
}

// silence settles lines for which nobody answered.
func (s *Service) silence(ctx context.Context, t ids.Tenant, campaign string, no []int, from, to Decision, verb string, now time.Time) error {
	k, err := s.Keys.Tenant(ctx, t)
	if err != nil {
		return err
	}
	return s.DB.Tx(ctx, t, func(tx *db.Tx) error {
		var done []int
		for _, n := range no {
			changed, err := s.settle(tx, k, t, campaign, n, from, to, now)
			if err != nil {
				return err
			}
			if changed > 0 {
				done = append(done, n)
			}
		}
		if len(done) == 0 {
			return nil
		}
		_, err := s.record(tx, verb, machine(t), map[string]any{"campaign": campaign, "lines": done})
		return err
	})
}

// settle takes a line from one decision to the next without a person. A line in doubt is settled whatever it says.
func (s *Service) settle(tx *db.Tx, k *vault.Key, t ids.Tenant, campaign string, no int, from, to Decision, now time.Time) (int64, error) {
	row, err := db.One(tx, qLine, scanLine, t, campaign, no)
	if fault.Is(err, fault.Missing) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	before := row.mac
	if s.doubt(k, &row) {
		row.Decision, row.DecidedAt = to, now
		return tx.Exec(qSettle, t, campaign, no, string(to), db.Micros(now), row.sum(k))
	}
	row.Decision, row.DecidedAt = to, now
	return tx.Exec(qSilence, t, campaign, no, string(to), db.Micros(now), string(from), row.sum(k), before)
}
