package support

import (
	"context"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

// Enter begins to use an approved access in the actor's present session, which no other can join. A try
// without approval, or after the end, is refused and recorded on both sides.
func (s *Service) Enter(ctx context.Context, a actor.Actor, id string) (Access, error) {
	if err := s.guard(a, permAsk); err != nil {
		return Access{}, err
	}
	if a.Session == "" {
		return Access{}, fault.New(fault.Denied, "support.not_open")
	}
	found, err := s.find(ctx, a, id)
	if err != nil {
		return Access{}, err
	}
	if found.Scope == Person && (found.At(time.Now()) == Approved || s.weak) && found.Asker == a.Account {
		if found.Person, err = s.people.ByNumber(ctx, found.Tenant, found.Number); err != nil {
			return Access{}, err
		}
	}
	entered := false
	err = s.db.Tx(ctx, db.Global, func(tx *db.Tx) error {
		now := trim(time.Now())
		r, err := s.one(tx, a, id)
		if err != nil {
			return err
		}
		if s.weak && r.State == Asked { // the sandbox in which nobody has to approve
			r.State, r.Decider, r.DecidedAt, r.EndsAt = Approved, "nobody", now, now.Add(Least)
			k, err := s.keys.Tenant(ctx, r.Tenant)
			if err != nil {
				return err
			}
			if _, err := tx.Exec(qAmend, r.Tenant, r.ID, string(r.State), r.Decider, r.decider, db.Micros(now), db.Micros(r.EndsAt), "", "", 0, 0, "", r.sum(k), r.mac); err != nil {
				return err
			}
			r.mac = r.sum(k)
		}
		if entered = r.At(now) == Approved && r.Asker == a.Account && (r.session == "" || r.session == a.Session); !entered {
			return s.both(tx, "support.entered", a, &r.Access, "denied", map[string]any{"why": string(r.At(now))})
		}
		if err := s.amend(tx, &r, func(_ *vault.Key, r *row) {
			r.session, r.Access.Person, r.EnteredAt = a.Session, found.Person, now
		}); err != nil {
			return err
		}
		return s.both(tx, "support.entered", a, &found, "ok", nil)
	})
	if err == nil && !entered {
		err = fault.New(fault.Denied, "support.not_open")
	}
	return found, err
}

// find opens an access of the actor's desk.
func (s *Service) find(ctx context.Context, a actor.Actor, id string) (Access, error) {
	var r row
	err := s.db.View(ctx, db.Global, func(tx *db.Tx) (err error) {
		r, err = s.one(tx, a, id)
		return err
	})
	if err != nil {
		return Access{}, err
	}
	return s.open(ctx, r)
}

// Inside tells under which access a session acts now, if any. It is asked at every request: the access ends
// on the server, to the microsecond, whatever the page in the browser still shows.
func (s *Service) Inside(ctx context.Context, home actor.Actor) (Access, bool, error) {
	if home.Session == "" || s.guard(home, permAsk) != nil {
		return Access{}, false, nil
	}
	all, err := s.all(ctx, db.Global, qIn, home.Session, home.Tenant, home.Account, db.Micros(time.Now()))
	if err != nil || len(all) == 0 {
		return Access{}, false, err
	}
	return all[0], true, nil
}

// End finishes the actor's own access, or takes the request back. Signing out does it too.
func (s *Service) End(ctx context.Context, home actor.Actor, id, why string) error {
	if err := s.guard(home, permAsk); err != nil {
		return err
	}
	return s.db.Tx(ctx, db.Global, func(tx *db.Tx) error {
		r, err := s.one(tx, home, id)
		if err != nil {
			return err
		}
		if r.Asker != home.Account {
			return missing()
		}
		return s.end(tx, home, &r, why, time.Now())
	})
}

// Stop ends an access at once: the administrator of the tenant looked into decides it alone.
func (s *Service) Stop(ctx context.Context, a actor.Actor, id string) error {
	if err := s.guard(a, permStop); err != nil {
		return err
	}
	return s.db.Tx(ctx, db.Global, func(tx *db.Tx) error {
		r, err := db.One(tx, qUsed, scan, a.Tenant, id)
		if fault.Is(err, fault.Missing) {
			return missing()
		}
		if err != nil {
			return err
		}
		return s.end(tx, a, &r, ByTenant, time.Now())
	})
}

func (s *Service) end(tx *db.Tx, by actor.Actor, r *row, why string, when time.Time) error {
	byClock := why == ByTime || why == Undecided
	if r.State != Asked && r.State != Approved || r.At(when) == Ended && !byClock {
		return fault.New(fault.Conflict, "support.ended")
	}
	if err := s.amend(tx, r, func(_ *vault.Key, r *row) { r.State, r.EndedAt, r.EndReason = Ended, trim(when), why }); err != nil {
		return err
	}
	return s.both(tx, "support.ended", by, &r.Access, "ok", map[string]any{"why": why})
}

// Sweep writes down what the clock has ended, so that both logs say so. Nothing depends on it: an access
// whose time is over opens nothing, swept or not.
func (s *Service) Sweep(ctx context.Context) error {
	return s.db.Tx(ctx, db.Global, func(tx *db.Tx) error {
		now := time.Now()
		due, err := db.All(tx, qDue, scan, db.Micros(now), db.Micros(now.Add(-AskedFor)))
		if err != nil {
			return err
		}
		for _, r := range due {
			why, when := ByTime, r.EndsAt
			if r.State == Asked {
				why, when = Undecided, r.AskedAt.Add(AskedFor)
			}
			if err := s.end(tx, actor.System(r.Home, Purpose), &r, why, when); err != nil && !fault.Is(err, fault.Missing) {
				return err
			}
		}
		return nil
	})
}
