package retention

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/glyph"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/job"
	"rakudos/internal/engine/vault"
)

const (
	permRead     = "retention.read"     // what the own tenant keeps, and its candidates
	permCustomer = "retention.customer" // the customer's administrator, for the own tenant
	permDesk     = "retention.desk"     // the association's desk, for every customer

	jobNight = "retention.night"
	jobErase = "retention.erase"

	keptDays = 90 // how long the ended ones stand on the page
)

// Batch is what two people have approved, for one run of the gateway.
type Batch struct {
	ID         string // the run carries it as its reference
	Tenant     ids.Tenant
	Kind       string
	Class      string
	ApprovedBy [2]string
	Items      []Due
}

// Eraser is the deletion gateway. Find gives the end of the run that carries a batch's reference, taking it up
// when it was cut off; Erase begins one.
type Eraser interface {
	Find(ctx context.Context, t ids.Tenant, batch string) (run string, found, done bool, err error)
	Erase(ctx context.Context, b Batch) (run string, done bool, err error)
}

// Keys gives tenants' keys.
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
	DB     *db.DB
	Keys   Keys
	Log    Recorder
	Eraser Eraser
	Guard  func(a actor.Actor, permission string) error
	// Reach refuses a desk that is not this tenant's.
	Reach func(ctx context.Context, a actor.Actor, t ids.Tenant) error
	// Second refuses a second approval by somebody who is not independent of the first.
	Second actor.Second
	Logger *slog.Logger

	// Living names the customers whose keys live, whatever the register's rows say by now; nil: the rows are asked.
	Living func(ctx context.Context) ([]ids.Tenant, error)

	OneIsEnough bool // sandboxes of the probes only: one approval stands for two
}

// Service lists what has expired and has it erased when two people agree.
type Service struct{ Deps }

// New makes the service; Register must follow where jobs are to run.
func New(d Deps) *Service {
	if d.Logger == nil {
		d.Logger = slog.Default()
	}
	return &Service{d}
}

// Register names the nightly job and the one that erases what was approved.
func (s *Service) Register(q *job.Queue) {
	q.Handle(jobNight, func(ctx context.Context, _ job.Job) error { return s.Night(ctx) }, job.Options{Timeout: 3 * time.Hour})
	q.Schedule(jobNight, job.Daily(1, 30), job.NewestOnly())
	q.Handle(jobErase, func(ctx context.Context, _ job.Job) error { return s.Erase(ctx) }, job.Options{MaxAttempts: 1, Timeout: 3 * time.Hour})
	q.Schedule(jobErase, job.Every(15*time.Minute), job.NewestOnly())
}

var machine = actor.System(ids.System, "retention")

// Overview is what the actor's own tenant keeps, by class.
func (s *Service) Overview(ctx context.Context, a actor.Actor) (out []ClassCount, err error) {
	if err := s.Guard(a, permRead); err != nil {
		return nil, err
	}
	told, err := s.told(ctx, a.Tenant)
	if err != nil {
		return nil, err
	}
	err = s.DB.View(ctx, a.Tenant, func(tx *db.Tx) error { out, err = s.counts(tx, a.Tenant, told); return err })
	return out, err
}

// Mine lists the candidates of the actor's own tenant, and those that ended lately.
func (s *Service) Mine(ctx context.Context, a actor.Actor) ([]Candidate, error) {
	if err := s.Guard(a, permRead); err != nil {
		return nil, err
	}
	return s.list(ctx, a.Tenant)
}

// Of lists the candidates of one tenant for the desk.
func (s *Service) Of(ctx context.Context, a actor.Actor, t ids.Tenant) ([]Candidate, error) {
	if err := s.desk(ctx, a, t); err != nil {
		return nil, err
	}
	return s.list(ctx, t)
}

// Tenants lists whose candidates are open and within the desk's reach.
func (s *Service) Tenants(ctx context.Context, a actor.Actor) (out []ids.Tenant, err error) {
	if err := s.Guard(a, permDesk); err != nil {
		return nil, err
	}
	all, err := s.tenants(ctx, qWaitAll)
	for _, t := range all {
		if s.Reach(ctx, a, t) == nil {
			out = append(out, t)
		}
	}
	return out, err
}

func (s *Service) tenants(ctx context.Context, q db.Query) (out []ids.Tenant, err error) {
	err = s.DB.View(ctx, db.Global, func(tx *db.Tx) error { out, err = db.Column[ids.Tenant](tx, q); return err })
	return out, err
}

func (s *Service) list(ctx context.Context, t ids.Tenant) (out []Candidate, err error) {
	house, err := s.Keys.Tenant(ctx, ids.System)
	if err != nil {
		return nil, err
	}
	k, err := s.Keys.Tenant(ctx, t)
	gone := fault.Is(err, fault.Missing) && fault.Of(err).Code == "vault.key_destroyed"
	if err != nil && !gone {
		return nil, err
	}
	since := time.Now().AddDate(0, 0, -keptDays)
	err = s.DB.View(ctx, t, func(tx *db.Tx) error { out, err = db.All(tx, qAll, scan, t, db.Micros(since)); return err })
	for i := range out {
		c := &out[i]
		switch {
		case gone || len(c.sealed) == 0:
			c.Erased = c.State == Declined || len(c.sealed) > 0
		default:
			c.Reason = c.reason(k, house)
		}
	}
	return out, err
}

// reason is why it was declined. Earlier versions sealed it with the service's own key.
func (c *Candidate) reason(keys ...*vault.Key) string {
	for _, k := range keys {
		if b, err := k.Open(reasonAt(c.ID), c.sealed); err == nil {
			return string(b)
		}
	}
	return "見送った理由を読めません。書き換えられたか壊れています。" // an error would hide every other one, too
}

func (s *Service) desk(ctx context.Context, a actor.Actor, t ids.Tenant) error {
	if err := s.Guard(a, permDesk); err != nil {
		return err
	}
	return s.Reach(ctx, a, t)
}

// ApproveOwn is the approval of the customer's administrator.
func (s *Service) ApproveOwn(ctx context.Context, a actor.Actor, candidates []string) error {
	if err := s.Guard(a, permCustomer); err != nil {
		return err
	}
	return s.approve(ctx, a, a.Tenant, candidates, qCustomer)
}

// Approve is the approval of the association.
func (s *Service) Approve(ctx context.Context, a actor.Actor, t ids.Tenant, candidates []string) error {
	if err := s.desk(ctx, a, t); err != nil {
		return err
	}
	return s.approve(ctx, a, t, candidates, qDesk)
}

// approve writes one approval for each of them, or for none. The table itself refuses one person for two; a candidate
// whose earlier approval the service has not written is dropped.
func (s *Service) approve(ctx context.Context, a actor.Actor, t ids.Tenant, candidates []string, q db.Query) error {
	if err := some(candidates); err != nil {
		return err
	}
	if a.Kind != actor.Human || a.Account == "" {
		return fault.New(fault.Denied, "access.denied")
	}
	k, err := s.Keys.Tenant(ctx, ids.System)
	if err != nil {
		return err
	}
	looked, err := s.beside(ctx, a, t, candidates)
	if err != nil {
		return err
	}
	now := db.Micros(time.Now())
	var forged []Candidate
	err = s.DB.Tx(ctx, db.Global, func(tx *db.Tx) error {
		forged = nil
		for _, id := range candidates {
			c, err := one(tx, t, id)
			if err != nil {
				return err
			}
			if c.State == Open && !c.genuine(k) {
				forged = append(forged, c)
				continue
			}
			if first := c.first(); c.State == Open && first != "" && first != string(a.Account) && !looked[first] {
				return fault.New(fault.Conflict, "retention.moved") // somebody approved meanwhile
			}
			if err := s.approveOne(tx, a, k, c, q, now); err != nil {
				return err
			}
		}
		if len(forged) > 0 {
			return fault.New(fault.Conflict, "retention.unbound")
		}
		return s.event(tx, a, t, "retention.approved", candidates, map[string]any{"count": len(candidates)})
	})
	if len(forged) > 0 {
		e := s.DB.Tx(ctx, db.Global, func(tx *db.Tx) error { return s.refuse(tx, t, forged, now) })
		err = errors.Join(err, e)
	}
	return err
}

// first is who has approved before; empty when nobody has.
func (c *Candidate) first() string { return cmp.Or(c.CustomerBy, c.DeskBy) }

// beside refuses whoever is not independent of those who have approved before, and tells who they are.
func (s *Service) beside(ctx context.Context, a actor.Actor, t ids.Tenant, candidates []string) (map[string]bool, error) {
	looked := map[string]bool{}
	var all []Candidate
	if err := s.DB.View(ctx, db.Global, func(tx *db.Tx) error {
		all = nil
		for _, id := range candidates {
			c, err := one(tx, t, id)
			if err != nil {
				return err
			}
			all = append(all, c)
		}
		return nil
	}); err != nil {
		return nil, err
	}
	for _, c := range all {
		first, at := c.CustomerBy, c.CustomerAt
		if first == "" {
			first, at = c.DeskBy, c.DeskAt
		}
		if first == "" || first == string(a.Account) || looked[first] {
			continue // the first, or refused with its own words
		}
		if err := s.Second.Check(ctx, actor.Beside{Rule: "retention.approve", By: a, Other: ids.Account(first), Since: at}); err != nil {
			return nil, err
		}
		looked[first] = true
	}
	return looked, nil
}

func (s *Service) approveOne(tx *db.Tx, a actor.Actor, k *vault.Key, c Candidate, q db.Query, now int64) error {
	write := func(q db.Query, by string) (int64, error) {
		before := append([]byte{}, c.mac...)
		if q == qCustomer {
			c.CustomerBy, c.CustomerAt = by, db.Time(now)
		} else {
			c.DeskBy, c.DeskAt = by, db.Time(now)
		}
		c.mac = c.sum(k)
		return tx.Exec(q, c.Tenant, c.ID, by, now, c.mac, before)
	}
	twice := c.State == Open && (c.CustomerBy == string(a.Account) || c.DeskBy == string(a.Account))
	n, err := write(q, string(a.Account))
	switch {
	case err != nil:
		return err
	case n == 0 && twice:
		return fault.New(fault.Denied, "retention.same_person")
	case n == 0:
		return fault.New(fault.Conflict, "retention.moved")
	case s.OneIsEnough:
		_, err = write(map[db.Query]db.Query{qCustomer: qDesk, qDesk: qCustomer}[q], "nobody")
	}
	return err
}

// DeclineOwn keeps candidates of the actor's own tenant until a later day.
func (s *Service) DeclineOwn(ctx context.Context, a actor.Actor, candidates []string, reason string, again jst.Date) error {
	if err := s.Guard(a, permCustomer); err != nil {
		return err
	}
	return s.decline(ctx, a, a.Tenant, candidates, reason, again)
}

// Decline does the same at the association's desk.
func (s *Service) Decline(ctx context.Context, a actor.Actor, t ids.Tenant, candidates []string, reason string, again jst.Date) error {
	if err := s.desk(ctx, a, t); err != nil {
		return err
	}
	return s.decline(ctx, a, t, candidates, reason, again)
}

func (s *Service) decline(ctx context.Context, a actor.Actor, t ids.Tenant, candidates []string, reason string, again jst.Date) error {
	if err := some(candidates); err != nil {
		return err
	}
	reason, err := text(reason)
	if err != nil {
		return err
	}
	now := time.Now().UTC().Truncate(time.Microsecond)
	if today := jst.Of(now); !again.Valid() || !again.After(today) || again.After(today.AddMonths(60)) {
		return fault.New(fault.Invalid, "retention.again")
	}
	k, err := s.Keys.Tenant(ctx, ids.System)
	if err != nil {
		return err
	}
	own, err := s.Keys.Tenant(ctx, t) // its words go with the tenant
	if err != nil {
		return err
	}
	return s.DB.Tx(ctx, db.Global, func(tx *db.Tx) error {
		for _, id := range candidates {
			c, err := one(tx, t, id)
			if err != nil {
				return err
			}
			c.EndedBy, c.EndedAt, c.Again = string(a.Account), now, again
			n, err := tx.Exec(qDecline, t, id, c.EndedBy, db.Micros(now), own.Seal(reasonAt(id), []byte(reason)), again.String(), c.declined(k))
			if err != nil {
				return err
			}
			if n == 0 {
				return fault.New(fault.Conflict, "retention.moved")
			}
		}
		return s.event(tx, a, t, "retention.declined", candidates, map[string]any{"count": len(candidates), "again": again.String()})
	})
}

const most = 500 // candidates of one decision, and of one run

func some(candidates []string) error {
	if len(candidates) == 0 || len(candidates) > most {
		return fault.New(fault.Invalid, "retention.some", "most", itoa(most))
	}
	return nil
}

// text is a reason as it is kept.
func text(s string) (string, error) { return glyph.Reason(s, 500, "retention.reason", "理由") }

func one(tx *db.Tx, t ids.Tenant, id string) (Candidate, error) {
	all, err := db.All(tx, qOne, scan, t, id)
	if err == nil && len(all) == 0 {
		err = fault.New(fault.Missing, "retention.missing")
	}
	if err != nil {
		return Candidate{}, err
	}
	return all[0], nil
}

func reasonAt(id string) vault.Loc {
	return vault.Loc{Table: "retention_candidate", ID: id, Column: "reason"}
}

// event goes into the service's own chain, which outlives the tenant's key, and into the tenant's.
func (s *Service) event(tx *db.Tx, a actor.Actor, t ids.Tenant, verb string, candidates []string, detail map[string]any) error {
	detail["tenant"] = string(t)
	if n := len(candidates); n > 0 {
		b, err := json.Marshal(candidates[:min(n, 50)])
		if err != nil {
			return err
		}
		detail["candidates"] = string(b)
	}
	var errs []error
	for _, chain := range []ids.Tenant{ids.System, t} {
		who := a
		who.Tenant = chain
		_, err := s.Log.Append(tx, audit.Event{Verb: verb, Actor: who, Kind: "retention", Detail: detail})
		errs = append(errs, err)
		if chain == t {
			break
		}
	}
	return errors.Join(errs...)
}
