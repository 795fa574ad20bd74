package org

import (
	"context"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/db"
)

// Leave sets a person's last day of employment, which may lie ahead.
func (s *Service) Leave(ctx context.Context, a actor.Actor, id ids.Person, last jst.Date) error {
	p, err := s.toChange(ctx, a, id)
	if err != nil {
		return err
	}
	if !last.Valid() || !p.Hired.IsZero() && last.Before(p.Hired) || !last.After(p.Birth) {
		return fault.New(fault.Invalid, "org.left_before_hired")
	}
	p.Left = last
	return s.change(ctx, a, p, Left, last, func(tx *db.Tx, now int64) (int64, error) {
		return tx.Exec(qLeave, a.Tenant, id, packDate(last), now)
	})
}

// Move transfers a person to a site and department from a day on; either may be empty for none.
func (s *Service) Move(ctx context.Context, a actor.Actor, id ids.Person, site ids.Site, dept ids.Dept, from jst.Date) error {
	p, err := s.toChange(ctx, a, id)
	if err != nil {
		return err
	}
	if !from.Valid() {
		return fault.New(fault.Invalid, "date.day")
	}
	p.Site, p.Dept = site, dept
	if !within(s.guard.Reach(a, permChange), p) {
		return fault.New(fault.Denied, "org.out_of_scope")
	}
	return s.change(ctx, a, p, Moved, from, func(tx *db.Tx, now int64) (int64, error) {
		return tx.Exec(qMove, a.Tenant, id, string(site), string(dept), now)
	})
}

func (s *Service) toChange(ctx context.Context, a actor.Actor, id ids.Person) (Person, error) {
	if err := s.guard.Require(a, permChange); err != nil {
		return Person{}, err
	}
	return s.find(ctx, a, id, false, permChange)
}

// change updates one person with its history entry, audit event and revision in one transaction.
func (s *Service) change(ctx context.Context, a actor.Actor, after Person, kind Change, day jst.Date, update func(*db.Tx, int64) (int64, error)) error {
	return s.db.Tx(ctx, a.Tenant, func(tx *db.Tx) error {
		now := db.Micros(time.Now())
		n, err := update(tx, now)
		if fault.Is(err, fault.Conflict) { // the site or department is not this tenant's
			return fault.New(fault.Missing, "org.unit_missing")
		}
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.Missing, "org.person_missing")
		}
		_, err = tx.Exec(qEventAdd, a.Tenant, after.ID, ids.New[string](), string(kind), packDate(day), string(after.Site), string(after.Dept), []byte{}, string(a.Account), now)
		if err != nil {
			return err
		}
		if err := raise(tx, a.Tenant); err != nil {
			return err
		}
		return s.append(tx, a, "person."+string(kind), []ids.Person{after.ID}, map[string]any{"day": day.String()})
	})
}

// raise counts a change of the tenant's people.
func raise(tx *db.Tx, t ids.Tenant) error {
	if _, err := tx.Exec(qRevisionInit, t); err != nil {
		return err
	}
	_, err := tx.Exec(qRevisionUp, t)
	return err
}
