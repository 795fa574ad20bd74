package retention

import (
	"context"
	"errors"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

// Erase hands to the gateway what two people have approved, and takes up what a kill has left. The batch is
// written down before the gateway is called, and the gateway's run carries it: it is never begun twice.
func (s *Service) Erase(ctx context.Context) error {
	all, err := s.tenants(ctx, qBusy)
	if err != nil {
		return err
	}
	var errs []error
	for _, t := range all {
		if err := s.EraseOf(ctx, t); err != nil {
			s.Logger.Error("retention: an approved erasure does not go on; it will be tried again", "tenant", string(t), "code", fault.Of(err).Code)
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// EraseOf does it for one tenant.
func (s *Service) EraseOf(ctx context.Context, t ids.Tenant) error {
	if err := s.form(ctx, t); err != nil {
		return err
	}
	batches, err := s.batches(ctx, t)
	if err != nil {
		return err
	}
	var errs []error
	for _, b := range batches {
		errs = append(errs, s.batch(ctx, b))
	}
	return errors.Join(errs...)
}

// form puts approved candidates that the same two have approved into one batch. What the service has not written as
// approved is dropped.
func (s *Service) form(ctx context.Context, t ids.Tenant) error {
	key, err := s.Keys.Tenant(ctx, ids.System)
	if err != nil {
		return err
	}
	return s.DB.Tx(ctx, db.Global, func(tx *db.Tx) error {
		active, err := db.All(tx, qActive, scan, t)
		if err != nil {
			return err
		}
		type same struct{ customer, desk, kind, class string }
		open, size := map[same]string{}, map[string]int{}
		var forged []Candidate
		for _, c := range active {
			if c.State != Open && !c.genuine(key) {
				forged = append(forged, c)
				continue
			}
			if c.State != Approved {
				continue
			}
			k := same{c.CustomerBy, c.DeskBy, c.Kind, c.Class}
			if open[k] == "" || size[open[k]] == most {
				open[k] = ids.New[string]()
			}
			size[open[k]]++
			if _, err := tx.Exec(qBatch, t, c.ID, open[k]); err != nil {
				return err
			}
		}
		return s.refuse(tx, t, forged, db.Micros(time.Now()))
	})
}

func (s *Service) batches(ctx context.Context, t ids.Tenant) (out []Batch, err error) {
	at := map[string]int{}
	err = s.DB.View(ctx, t, func(tx *db.Tx) error {
		active, err := db.All(tx, qActive, scan, t)
		for _, c := range active {
			if c.State != Erasing {
				continue
			}
			i, ok := at[c.Batch]
			if !ok {
				i = len(out)
				at[c.Batch] = i
				out = append(out, Batch{ID: c.Batch, Tenant: t, Kind: c.Kind, Class: c.Class, ApprovedBy: [2]string{c.CustomerBy, c.DeskBy}})
			}
			out[i].Items = append(out[i].Items, c.Due)
		}
		return err
	})
	return out, err
}

func (s *Service) batch(ctx context.Context, b Batch) error {
	run, found, done, err := s.Eraser.Find(ctx, b.Tenant, b.ID)
	if err != nil {
		return err
	}
	if !found {
		if b.Items, err = s.recheck(ctx, b); err != nil || len(b.Items) == 0 {
			return err
		}
		if run, done, err = s.Eraser.Erase(ctx, b); err != nil {
			return err
		}
	}
	if !done {
		return fault.New(fault.Busy, "retention.unfinished")
	}
	return s.DB.Tx(ctx, db.Global, func(tx *db.Tx) error {
		n, err := tx.Exec(qEnd, b.Tenant, b.ID, run, db.Micros(time.Now()))
		if err != nil || n == 0 {
			return err
		}
		return s.event(tx, machine, b.Tenant, "retention.erased", nil, map[string]any{"count": n, "run": run, "batch": b.ID})
	})
}

// recheck looks once more, after the approvals and before anything goes: what was held since, or got another
// base day, drops out.
func (s *Service) recheck(ctx context.Context, b Batch) (left []Due, err error) {
	now := time.Now()
	told, err := s.told(ctx, b.Tenant)
	if err != nil {
		return nil, err
	}
	err = s.DB.Tx(ctx, db.Global, func(tx *db.Tx) error {
		left = nil
		f, err := s.read(tx, b.Tenant, jst.Of(now), told)
		if err != nil {
			return err
		}
		active, err := db.All(tx, qActive, scan, b.Tenant)
		if err != nil {
			return err
		}
		dropped := 0
		for _, c := range active {
			if c.Batch != b.ID || c.State != Erasing {
				continue
			}
			ok, err := s.still(tx, f, c, now)
			if err != nil {
				return err
			}
			if ok {
				left = append(left, c.Due)
			} else {
				dropped++
			}
		}
		if dropped == 0 {
			return nil
		}
		return s.event(tx, machine, b.Tenant, "retention.listed", nil, map[string]any{"added": 0, "dropped": dropped})
	})
	return left, err
}

// Lateness is how far the promise is kept over all tenants.
type Lateness struct {
	Night    jst.Date // the newest complete one; zero: none yet
	At       time.Time
	Tenants  int
	Open     int // wait for approval, within the time
	Waiting  int // wait for approval for too long
	Stuck    int // approved, and not erased
	Unlisted int // due, and nobody was told
}

// Overdue is how many things should be gone or decided and are not.
func (l Lateness) Overdue() int { return l.Waiting + l.Stuck + l.Unlisted }

// living are the customers in which something may be late. A row that calls a customer closed, or one of the probes, past
// the service hides it from the night, and is found out here.
func (s *Service) living(ctx context.Context) ([]ids.Tenant, error) {
	if s.Living == nil {
		return s.tenants(ctx, qTenants)
	}
	return s.Living(ctx)
}

// Late looks at every tenant anew, whatever the nightly job has written down.
func (s *Service) Late(ctx context.Context) (l Lateness, err error) {
	if l.Night, l.At, err = s.newestNight(ctx); err != nil {
		return l, err
	}
	k, err := s.Keys.Tenant(ctx, ids.System)
	if err != nil {
		return l, err
	}
	all, err := s.living(ctx)
	if err != nil {
		return l, err
	}
	l.Tenants = len(all)
	for _, t := range all {
		if err := s.lateOf(ctx, t, k, &l); err != nil {
			return l, err
		}
	}
	return l, nil
}

func (s *Service) lateOf(ctx context.Context, t ids.Tenant, k *vault.Key, l *Lateness) error {
	now := time.Now()
	today := jst.Of(now)
	told, err := s.told(ctx, t)
	if err != nil {
		return err
	}
	return s.DB.View(ctx, t, func(tx *db.Tx) error {
		f, err := s.read(tx, t, today, told)
		if err != nil {
			return err
		}
		active, err := db.All(tx, qActive, scan, t)
		if err != nil {
			return err
		}
		for _, c := range active {
			if !c.genuine(k) { // dropped when somebody next works on it; until then nobody has approved it
				l.Stuck++
				delete(f.due, c.key())
				continue
			}
			switch {
			case c.State == Open && c.Overdue(now):
				l.Waiting++
			case c.State == Open:
				l.Open++
			case c.Overdue(now):
				l.Stuck++
			}
			delete(f.due, c.key())
		}
		if _, err := leaveOut(tx, t, k, today.AddDays(-GraceDays), f.due); err != nil {
			return err
		}
		for _, d := range f.due {
			since := later(later(d.Since, d.KeepUntil.AddDays(1).Start()), f.held.Released)
			if now.After(since.AddDate(0, 0, GraceDays)) {
				l.Unlisted++
			}
		}
		return nil
	})
}
