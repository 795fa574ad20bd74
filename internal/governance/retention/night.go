package retention

import (
	"context"
	"crypto/hmac"
	"errors"
	"slices"
	"strconv"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

func itoa(n int) string { return strconv.Itoa(n) }

// Night lists in every tenant what has expired. Each tenant is one transaction, and doing it again changes
// nothing: a night that was killed is done again from its beginning.
func (s *Service) Night(ctx context.Context) error {
	all, err := s.tenants(ctx, qTenants)
	if err != nil {
		return err
	}
	listed := 0
	var errs []error
	for _, t := range all { // one that fails stops no other
		n, err := s.List(ctx, t)
		if listed += n; err != nil {
			s.Logger.Error("retention: a tenant could not be looked at; it will be tried again", "tenant", string(t), "code", fault.Of(err).Code)
			errs = append(errs, err)
		}
	}
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	// The log alone remembers it: a row could be written by whoever writes into the records (ADR 21).
	return s.DB.Tx(ctx, ids.System, func(tx *db.Tx) error {
		_, err := s.Log.Append(tx, audit.Event{Verb: verbNight, Actor: machine, Kind: "retention", Detail: map[string]any{"night": jst.Of(time.Now()).String(), "listed": listed}})
		return err
	})
}

const verbNight = "retention.night"

// newestNight is the last one that the log tells of; zero: none yet.
func (s *Service) newestNight(ctx context.Context) (night jst.Date, at time.Time, err error) {
	found, err := s.Log.Find(ctx, machine, audit.Filter{Verb: verbNight, Limit: 1})
	if err != nil || len(found) == 0 {
		return night, at, err
	}
	text, _ := found[0].Detail["night"].(string)
	night, err = jst.ParseDate(text)
	return night, found[0].At, err
}

// List adds what has newly expired in a tenant to its candidates, and drops those that were held or are not
// expired any more. It tells how many it has added.
func (s *Service) List(ctx context.Context, t ids.Tenant) (added int, err error) {
	now := time.Now()
	today := jst.Of(now)
	k, err := s.Keys.Tenant(ctx, ids.System)
	if err != nil {
		return 0, err
	}
	told, err := s.told(ctx, t)
	if err != nil {
		return 0, err
	}
	err = s.DB.Tx(ctx, db.Global, func(tx *db.Tx) error {
		added = 0
		f, err := s.read(tx, t, today, told)
		if err != nil {
			return err
		}
		active, err := db.All(tx, qActive, scan, t)
		if err != nil {
			return err
		}
		dropped := 0
		for _, c := range active {
			if c.State == Erasing { // the one that erases looks again itself
				delete(f.due, c.key())
				continue
			}
			ok, err := s.still(tx, f, c, now)
			if err != nil {
				return err
			}
			if ok {
				delete(f.due, c.key())
			} else {
				dropped++
			}
		}
		forged, err := leaveOut(tx, t, k, today, f.due)
		if err != nil {
			return err
		}
		if err := s.undecline(tx, t, forged, db.Micros(now)); err != nil {
			return err
		}
		for _, key := range sorted(f.due) {
			d := f.due[key]
			n, err := tx.Exec(qAdd, t, ids.New[string](), d.Kind, d.Unit, d.Subject, d.Person, d.Class, d.Base.String(), d.KeepUntil.String(), db.Micros(now), []byte{})
			if err != nil {
				return err
			}
			added += int(n)
		}
		if added+dropped == 0 {
			return nil
		}
		return s.event(tx, machine, t, "retention.listed", nil, map[string]any{"added": added, "dropped": dropped})
	})
	return added, err
}

// still drops a candidate that is due no more, or due for another base day.
func (s *Service) still(tx *db.Tx, f facts, c Candidate, now time.Time) (bool, error) {
	d, ok := f.due[c.key()]
	if ok && d.Base == c.Base && d.KeepUntil == c.KeepUntil {
		return true, nil
	}
	why := "changed"
	if f.held.Whole || f.held.People[c.Person] || f.held.Classes[c.Class] || c.Kind == OfPerson && len(f.held.Classes) > 0 {
		why = "held"
	}
	_, err := tx.Exec(qDrop, c.Tenant, c.ID, why, db.Micros(now))
	return false, err
}

// leaveOut takes away what was declined until a later day, and names the declines that nobody has made here.
func leaveOut(tx *db.Tx, t ids.Tenant, k *vault.Key, today jst.Date, due map[string]Due) (forged []Candidate, err error) {
	all, err := db.All(tx, qDeclined, scan, t, today.String())
	for _, c := range all {
		if hmac.Equal(c.mac, c.declined(k)) {
			delete(due, c.key())
		} else {
			forged = append(forged, c)
		}
	}
	return forged, err
}

func sorted(due map[string]Due) (out []string) {
	for k := range due {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
