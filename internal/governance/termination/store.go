package termination

import (
	"context"
	"encoding/json"
	"errors"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

var (
	qInsert = db.Q("termination.insert", `insert into termination (tenant_id, case_id, about, phase, version, sealed) values ($1, $2, $3, $4, 1, $5)`)
	qUpdate = db.Q("termination.update", `update termination set phase = $3, version = version + 1, sealed = $4 where tenant_id = $1 and case_id = $2 and version = $5`)
	qOne    = db.Q("termination.one", `select case_id, version, sealed from termination where tenant_id = $1 and case_id = $2`)
	qAbout  = db.Q("termination.about", `select case_id, version, sealed from termination where tenant_id = $1 and about = $2 order by case_id desc limit 1`)
	qEvery  = db.Q("termination.every", `select case_id, version, sealed from termination where tenant_id = $1 order by case_id`)
)

func caseAt(id string) vault.Loc { return vault.Loc{Table: "termination", ID: id, Column: "sealed"} }

func aboutOf(k *vault.Key, t ids.Tenant) []byte { return k.Index("termination.about", string(t)) }

type row struct {
	id      string
	version int64
	sealed  []byte
}

func (s *Service) cases(ctx context.Context, q db.Query, args ...any) ([]*Case, error) {
	var rows []row
	err := s.DB.View(ctx, ids.System, func(tx *db.Tx) (err error) {
		rows, err = db.All(tx, q, func(s db.Scanner) (r row, err error) { return r, s.Scan(&r.id, &r.version, &r.sealed) }, args...)
		return err
	})
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	k, err := s.Keys.Tenant(ctx, ids.System)
	if err != nil {
		return nil, err
	}
	var out []*Case
	var errs []error // what can't be read is told with the rest, so that it stops nobody who can do without it
	for _, r := range rows {
		text, err := k.Open(caseAt(r.id), r.sealed)
		c := &Case{}
		if err == nil {
			err = json.Unmarshal(text, c)
		}
		if err != nil {
			errs = append(errs, unreadable{r.id, err})
			continue
		}
		c.version = r.version
		out = append(out, c)
	}
	return out, errors.Join(errs...)
}

// unreadable is a case whose sealed text does not open: nobody can say of it that it is over.
type unreadable struct {
	id  string
	err error
}

func (u unreadable) Error() string { return "termination: case " + u.id + ": " + u.err.Error() }
func (u unreadable) Unwrap() error { return u.err }

// readable parts the cases that can't be read from everything else that went wrong.
func readable(all []*Case, err error) (cases []*Case, sealed []unreadable, other error) {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return all, nil, err
	}
	for _, e := range joined.Unwrap() {
		if u, ok := e.(unreadable); ok {
			sealed = append(sealed, u)
		} else {
			other = errors.Join(other, e)
		}
	}
	return all, sealed, other
}

func (s *Service) newest(ctx context.Context, t ids.Tenant) (*Case, error) {
	k, err := s.Keys.Tenant(ctx, ids.System)
	if err != nil {
		return nil, err
	}
	all, sealed, err := readable(s.cases(ctx, qAbout, ids.System, aboutOf(k, t)))
	if err == nil && len(sealed) > 0 {
		err = fault.New(fault.Internal, "termination.unread", "case", sealed[0].id).Because(sealed[0])
	}
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return all[0], nil
}

func seal(k *vault.Key, c *Case) ([]byte, error) {
	text, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	return k.Seal(caseAt(c.ID), text), nil
}

// add writes a new case; a customer has one open case at most.
func (s *Service) add(ctx context.Context, a actor.Actor, c *Case) error {
	k, err := s.Keys.Tenant(ctx, ids.System)
	if err != nil {
		return err
	}
	sealed, err := seal(k, c)
	if err != nil {
		return err
	}
	c.version = 1
	err = s.DB.Tx(ctx, ids.System, func(tx *db.Tx) error {
		if _, err := tx.Exec(qInsert, ids.System, c.ID, aboutOf(k, c.Tenant), string(c.Phase()), sealed); err != nil {
			return err
		}
		return s.event(tx, a, c, verbRequested)
	})
	if f := fault.Of(err); f != nil && f.Code == "db.duplicate" {
		return fault.New(fault.Conflict, "termination.open").Because(err)
	}
	return err
}

// change applies one act to the case as it was read; when somebody else was faster nothing happens.
func (s *Service) change(ctx context.Context, a actor.Actor, c *Case, verb string, act func(*Case) error) error {
	k, err := s.Keys.Tenant(ctx, ids.System)
	if err != nil {
		return err
	}
	next := *c
	next.Confirmed = append([]By(nil), c.Confirmed...)
	if err := act(&next); err != nil {
		return err
	}
	sealed, err := seal(k, &next)
	if err != nil {
		return err
	}
	err = s.DB.Tx(ctx, ids.System, func(tx *db.Tx) error {
		n, err := tx.Exec(qUpdate, ids.System, c.ID, string(next.Phase()), sealed, c.version)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.Conflict, "termination.moved")
		}
		return s.event(tx, a, &next, verb)
	})
	if err == nil {
		next.version = c.version + 1
		*c = next
	}
	return err
}

// event goes into the service's own chain, which outlives the tenant's key.
func (s *Service) event(tx *db.Tx, a actor.Actor, c *Case, verb string) error {
	d := map[string]any{"case": c.ID, "tenant": string(c.Tenant), "phase": string(c.Phase()), "month": c.Month}
	if c.Run != "" {
		d["run"], d["held"] = c.Run, c.Held
	}
	if c.Fault != "" {
		d["code"] = c.Fault
	}
	if c.Receipt != nil {
		d["refused"], d["digest"] = c.Receipt.Refused, c.Receipt.Digest
	}
	a.Tenant = ids.System
	_, err := s.Log.Append(tx, audit.Event{Verb: verb, Actor: a, Kind: "termination", Detail: d})
	return err
}
