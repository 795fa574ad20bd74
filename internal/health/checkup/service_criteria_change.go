package checkup

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/people/access"
)

// DraftCriteria keeps a tenant's own version. It judges nothing until a physician approves it.
func (s *Service) DraftCriteria(ctx context.Context, a actor.Actor, c Criteria) (string, error) {
	if err := s.require(ctx, a, access.CriteriaEdit, "criteria.draft"); err != nil {
		return "", err
	}
	if c.Name = strings.TrimSpace(c.Name); c.Name == "" {
		return "", fault.New(fault.Invalid, "checkup.criteria_name")
	}
	c.ID = ids.New[string]()
	if flaws := c.Sound(); len(flaws) > 0 {
		return "", flaws[0].Err
	}
	if err := c.Compile(); err != nil {
		return "", err
	}
	body, err := json.Marshal(&c)
	if err != nil {
		return "", err
	}
	return c.ID, s.db.Tx(ctx, a.Tenant, func(tx *db.Tx) error {
		if _, err := tx.Exec(qCriteriaAdd, a.Tenant, c.ID, "draft", string(body), a.Account, db.Micros(time.Now()), "", 0); err != nil {
			return err
		}
		return s.criteriaEvent(tx, a, "criteria.draft", c.ID)
	})
}

func (s *Service) criteriaEvent(tx *db.Tx, a actor.Actor, verb, id string) error {
	_, err := s.audit.Append(tx, audit.Event{Verb: verb, Actor: a, Kind: "checkup.criteria", Detail: map[string]any{"criteria": id}})
	return err
}

// ApproveCriteria is the physician's approval of a draft.
func (s *Service) ApproveCriteria(ctx context.Context, a actor.Actor, id string) error {
	if err := s.require(ctx, a, access.CriteriaApprove, "criteria.approve"); err != nil {
		return err
	}
	now := db.Micros(time.Now())
	return s.db.Tx(ctx, a.Tenant, func(tx *db.Tx) error {
		n, err := tx.Exec(qCriteriaApprove, a.Tenant, id, a.Account, now)
		if err != nil {
			return err
		}
		if n == 0 {
			if c := builtIn(id); c == nil || !c.Draft {
				return fault.New(fault.Conflict, "checkup.criteria_state")
			}
			known, err := db.Column[string](tx, qCriteriaBody, a.Tenant, id)
			if err != nil {
				return err
			}
			if len(known) > 0 {
				return fault.New(fault.Conflict, "checkup.criteria_state")
			}
			if _, err := tx.Exec(qCriteriaAdd, a.Tenant, id, "approved", "", a.Account, now, a.Account, now); err != nil {
				return err
			}
		}
		return s.criteriaEvent(tx, a, "criteria.approve", id)
	})
}

// ActivateCriteria puts an approved version in force for what is judged from now on.
func (s *Service) ActivateCriteria(ctx context.Context, a actor.Actor, id string) error {
	if err := s.require(ctx, a, access.CriteriaApprove, "criteria.activate"); err != nil {
		return err
	}
	now := db.Micros(time.Now())
	return s.db.Tx(ctx, a.Tenant, func(tx *db.Tx) error {
		if _, err := tx.Exec(qCriteriaRetire, a.Tenant); err != nil {
			return err
		}
		n, err := tx.Exec(qCriteriaActivate, a.Tenant, id, now)
		if err != nil {
			return err
		}
		if n == 0 {
			if c := builtIn(id); c == nil || c.Draft {
				return fault.New(fault.Conflict, "checkup.criteria_state")
			}
			if _, err := tx.Exec(qCriteriaAdd, a.Tenant, id, "approved", "", a.Account, now, a.Account, now); err != nil {
				return err
			}
			if _, err := tx.Exec(qCriteriaActivate, a.Tenant, id, now); err != nil {
				return err
			}
		}
		return s.criteriaEvent(tx, a, "criteria.activate", id)
	})
}
