package termination

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/job"
	"rakudos/internal/engine/vault"
)

const (
	permRequest = "termination.request" // the customer's administrator, for the own tenant
	permDesk    = "termination.desk"    // the association's desk, for every customer

	jobTick = "termination.tick"
)

// Outcome is what the gateway did for one case.
type Outcome struct {
	Run      string
	Done     bool // everything that is not held is gone and was looked for
	Held     int
	Finished time.Time
}

// Eraser is the deletion gateway. Erase begins the erasure of a case, or takes up the one that it began.
type Eraser interface {
	Erase(ctx context.Context, c *Case) (Outcome, error)
}

// Certificates finds what was issued for a gateway's run; empty while it is not.
type Certificates interface {
	Of(ctx context.Context, t ids.Tenant, run string) (first, second string, err error)
}

// Tenants is the register of customers.
type Tenants interface {
	Customer(ctx context.Context, t ids.Tenant) (name, contract string, err error)
}

// Handover tells the digest of the file that the customer was given; empty when none was ever taken.
type Handover interface {
	Taken(ctx context.Context, t ids.Tenant) (digest string, err error)
}

// Keys gives the service's own key.
type Keys interface {
	Tenant(ctx context.Context, t ids.Tenant) (*vault.Key, error)
}

// Recorder writes events and finds them again; audit.Log is one.
type Recorder interface {
	Append(tx *db.Tx, e audit.Event) (audit.Ref, error)
	Find(ctx context.Context, a actor.Actor, f audit.Filter) ([]audit.Entry, error)
}

// Deps are what the service stands on.
type Deps struct {
	DB           *db.DB
	Keys         Keys
	Log          Recorder
	Eraser       Eraser
	Certificates Certificates
	Tenants      Tenants
	Handover     Handover
	Guard        func(a actor.Actor, permission string) error
	// Reach refuses a desk that is not this customer's: the probes' own desk reaches the probes' tenants alone.
	Reach  func(ctx context.Context, a actor.Actor, t ids.Tenant) error
	Logger *slog.Logger

	// Second refuses a second confirmation by somebody who is not independent of the first.
	Second actor.Second

	AnyReceipt bool // sandboxes of the probes only: confirms without a receipt
}

// Service keeps the cases.
type Service struct{ Deps }

// New makes the service; Register must follow where jobs are to run.
func New(d Deps) *Service {
	if d.Logger == nil {
		d.Logger = slog.Default()
	}
	return &Service{d}
}

// Register names the job that takes every case further.
func (s *Service) Register(q *job.Queue) {
	q.Handle(jobTick, func(ctx context.Context, _ job.Job) error { return s.Tick(ctx) }, job.Options{MaxAttempts: 1, Timeout: 3 * time.Hour})
	q.Schedule(jobTick, job.Every(time.Hour), job.NewestOnly())
}

func by(a actor.Actor, side Side) By {
	return By{a.Account, side, time.Now().UTC().Truncate(time.Microsecond)}
}

// Request opens a case for the actor's own tenant.
func (s *Service) Request(ctx context.Context, a actor.Actor, wished jst.Date) (*Case, error) {
	if err := s.Guard(a, permRequest); err != nil {
		return nil, err
	}
	name, contract, err := s.Tenants.Customer(ctx, a.Tenant)
	if err != nil {
		return nil, err
	}
	c, err := open(ids.New[string](), a.Tenant, name, contract, wished, by(a, Customer))
	if err != nil {
		return nil, err
	}
	// What stands beside the seals is for the index alone, which keeps two requests at once apart: whether a case is
	// over is what its seal says (ADR 21).
	under, _, err := s.underWay(ctx)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(under, func(o *Case) bool { return o.Tenant == a.Tenant }) {
		return nil, fault.New(fault.Conflict, "termination.open")
	}
	return c, s.add(ctx, a, c)
}

// Mine is the case of the actor's own tenant that is under way, or its newest; nil when there is none.
func (s *Service) Mine(ctx context.Context, a actor.Actor) (*Case, error) {
	if err := s.Guard(a, permRequest); err != nil {
		return nil, err
	}
	return s.newest(ctx, a.Tenant)
}

// Receive records the receipt of the hand-over, or with refused that none is wanted. duty is the notice as it
// was shown and accepted.
func (s *Service) Receive(ctx context.Context, a actor.Actor, refused bool, reason, duty string) error {
	return s.own(ctx, a, "termination.receipt", func(c *Case) error {
		r := Receipt{By: by(a, Customer), Refused: refused, Reason: reason, Duty: duty}
		if !refused {
			var err error
			if r.Digest, err = s.Handover.Taken(ctx, a.Tenant); err != nil {
				return err
			}
		}
		return c.receive(r)
	})
}

// Cancel ends the actor's own case.
func (s *Service) Cancel(ctx context.Context, a actor.Actor, reason string) error {
	return s.own(ctx, a, "termination.cancelled", func(c *Case) error { return c.cancel(by(a, Customer), reason) })
}

// ConfirmOwn is the customer's confirmation; the other one must be the association's.
func (s *Service) ConfirmOwn(ctx context.Context, a actor.Actor) error {
	return s.own(ctx, a, "termination.confirmed", func(c *Case) error { return s.confirm(ctx, a, c, Customer) })
}

func (s *Service) own(ctx context.Context, a actor.Actor, verb string, act func(*Case) error) error {
	if err := s.Guard(a, permRequest); err != nil {
		return err
	}
	c, err := s.newest(ctx, a.Tenant)
	if err != nil {
		return err
	}
	if c == nil {
		return fault.New(fault.Missing, "termination.missing")
	}
	return s.change(ctx, a, c, verb, act)
}

// deskMost is how many cases a desk is shown.
const deskMost = 500

// Desk lists the newest cases that the actor's desk reaches, newest first, and counts those that can't be read: nobody
// can say whose they are. The cases of other desks take nobody's place.
func (s *Service) Desk(ctx context.Context, a actor.Actor) (out []*Case, unread int, err error) {
	if err := s.Guard(a, permDesk); err != nil {
		return nil, 0, err
	}
	all, sealed, err := readable(s.cases(ctx, qEvery, ids.System))
	for _, c := range slices.Backward(all) {
		if len(out) < deskMost && s.Reach(ctx, a, c.Tenant) == nil {
			out = append(out, c)
		}
	}
	return out, len(sealed), err
}

// Case is one case for the desk.
func (s *Service) Case(ctx context.Context, a actor.Actor, id string) (*Case, error) {
	if err := s.Guard(a, permDesk); err != nil {
		return nil, err
	}
	all, err := s.cases(ctx, qOne, ids.System, id)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 || s.Reach(ctx, a, all[0].Tenant) != nil {
		return nil, fault.New(fault.Missing, "termination.missing")
	}
	return all[0], nil
}

// CallBack records the association's call to the customer.
func (s *Service) CallBack(ctx context.Context, a actor.Actor, id, how string) error {
	return s.desk(ctx, a, id, "termination.called_back", func(c *Case) error { return c.callBack(CallBack{by(a, Association), how}) })
}

// Confirm is one of the association's confirmations.
func (s *Service) Confirm(ctx context.Context, a actor.Actor, id string) error {
	return s.desk(ctx, a, id, "termination.confirmed", func(c *Case) error {
		if s.AnyReceipt && c.Receipt == nil {
			c.Receipt = &Receipt{}
		}
		return s.confirm(ctx, a, c, Association)
	})
}

// confirm adds somebody who is independent of whoever has confirmed before: erasing everything takes two people.
func (s *Service) confirm(ctx context.Context, a actor.Actor, c *Case, side Side) error {
	before := c.Confirmed
	if err := c.confirm(by(a, side)); err != nil {
		return err
	}
	for _, first := range before {
		if err := s.Second.Check(ctx, actor.Beside{Rule: "termination.confirm", By: a, Other: first.Account, Since: first.At}); err != nil {
			return err
		}
	}
	return nil
}

// CancelFor ends a case at the customer's word.
func (s *Service) CancelFor(ctx context.Context, a actor.Actor, id, reason string) error {
	return s.desk(ctx, a, id, "termination.cancelled", func(c *Case) error { return c.cancel(by(a, Association), reason) })
}

func (s *Service) desk(ctx context.Context, a actor.Actor, id, verb string, act func(*Case) error) error {
	c, err := s.Case(ctx, a, id)
	if err != nil {
		return err
	}
	return s.change(ctx, a, c, verb, act)
}

// Reference finds a case by its number, for the certificate that is issued on it.
func (s *Service) Reference(ctx context.Context, id string) (*Case, error) {
	all, err := s.cases(ctx, qOne, ids.System, id)
	if err == nil && len(all) == 0 {
		err = fault.New(fault.Missing, "termination.missing")
	}
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// underWay are the cases that are not over, as their seals say, and those that can't be read.
func (s *Service) underWay(ctx context.Context) ([]*Case, []unreadable, error) {
	all, sealed, err := readable(s.cases(ctx, qEvery, ids.System))
	return slices.DeleteFunc(all, func(c *Case) bool { return c.Phase() == Closed || c.Phase() == Cancelled }), sealed, err
}

// Late counts the cases whose last permitted day has gone by, and those that the log tells of and that are
// gone or can't be read (these are open, too). How
// far a case has come is what its seal says, whatever stands beside it (ADR 21).
func (s *Service) Late(ctx context.Context) (open, late, gone int, err error) {
	all, sealed, err := readable(s.cases(ctx, qEvery, ids.System))
	if err != nil {
		return 0, 0, 0, err
	}
	open = len(sealed) // not among those that are there: the log tells of them, and nobody can read them
	there := map[string]bool{}
	for _, c := range all {
		there[c.ID] = true
		if p := c.Phase(); p == Closed || p == Cancelled {
			continue
		}
		open++
		if c.Late(time.Now()) {
			late++
		}
	}
	f := audit.Filter{Verb: verbRequested, Limit: 1000}
	for {
		found, err := s.Log.Find(ctx, actor.System(ids.System, "termination"), f)
		if err != nil {
			return open, late, gone, err
		}
		for _, e := range found {
			if id, _ := e.Detail["case"].(string); !there[id] {
				gone++
			}
			f.Before = e.Seq
		}
		if len(found) < f.Limit {
			return open, late, gone, nil
		}
	}
}

const verbRequested = "termination.requested"

// Tick takes every open case as far as it may go now. One that fails stops no other, and is tried again.
func (s *Service) Tick(ctx context.Context) error {
	all, sealed, err := s.underWay(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, u := range sealed {
		s.Logger.Error("termination: a case can't be read, and so can't go on", "case", u.id)
		errs = append(errs, u)
	}
	for _, c := range all {
		if err := s.step(ctx, c); err != nil {
			s.Logger.Error("termination: a case does not go on; it will be tried again", "case", c.ID, "code", fault.Of(err).Code)
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

var machine = actor.System(ids.System, "termination")

// step does what the phase asks for. The decision is written down before the gateway is called, so that a kill
// in between is taken up and nobody cancels meanwhile.
func (s *Service) step(ctx context.Context, c *Case) error {
	now := time.Now()
	if c.Late(now) && c.Overdue != jst.Of(now) {
		err := s.change(ctx, machine, c, "termination.overdue", func(c *Case) error { c.Overdue = jst.Of(now); return nil })
		if err != nil {
			return err
		}
	}
	switch c.Phase() {
	case Confirmed:
		if c.mayErase(now) != nil {
			return nil // the day has not come
		}
		err := s.change(ctx, machine, c, "termination.erasing", func(c *Case) error {
			if err := c.mayErase(now); err != nil {
				return err
			}
			c.Started = now.UTC().Truncate(time.Microsecond)
			return nil
		})
		if err != nil {
			return err
		}
		return s.erase(ctx, c)
	case Erasing, Held:
		return s.erase(ctx, c)
	case Erased:
		return s.finish(ctx, c)
	}
	return nil
}

func (s *Service) erase(ctx context.Context, c *Case) error {
	o, err := s.Eraser.Erase(ctx, c)
	if err != nil {
		code := fault.Of(err).Code
		return errors.Join(err, s.change(ctx, machine, c, "termination.failed", func(c *Case) error {
			c.Fault, c.Attempts = code, c.Attempts+1
			return nil
		}))
	}
	if o.Held == c.Held && o.Run == c.Run && o.Finished.Equal(c.Erased) && c.First != "" {
		return nil // still held, and nothing new
	}
	first, _, err := s.Certificates.Of(ctx, c.Tenant, o.Run)
	if err != nil {
		return err
	}
	return s.change(ctx, machine, c, "termination.erased", func(c *Case) error {
		c.outcome(o)
		c.First = first
		return nil
	})
}

// finish waits for the second stage.
func (s *Service) finish(ctx context.Context, c *Case) error {
	first, second, err := s.Certificates.Of(ctx, c.Tenant, c.Run)
	if err != nil || second == "" {
		return err
	}
	return s.change(ctx, machine, c, "termination.closed", func(c *Case) error {
		c.First, c.Second, c.Closed = first, second, time.Now().UTC().Truncate(time.Microsecond)
		return nil
	})
}
