package checkup

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/people/access"
)

var (
	qCriteriaActive = db.Q("checkup.criteria_active", `select id from checkup_criteria where tenant_id = $1 and state = 'active'`)
	qCriteriaBody   = db.Q("checkup.criteria_body", `select body from checkup_criteria where tenant_id = $1 and id = $2`)
	qCriteriaAll    = db.Q("checkup.criteria_all", `select id, state, body, created_by, created_at, approved_by, approved_at, active_from
		from checkup_criteria where tenant_id = $1 order by created_at, id`)
	qCriteriaAdd = db.Q("checkup.criteria_add", `insert into checkup_criteria (tenant_id, id, state, body, created_by, created_at, approved_by, approved_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8)`)
	qCriteriaApprove = db.Q("checkup.criteria_approve", `update checkup_criteria set state = 'approved', approved_by = $3, approved_at = $4
		where tenant_id = $1 and id = $2 and state = 'draft'`)
	qCriteriaRetire   = db.Q("checkup.criteria_retire", `update checkup_criteria set state = 'retired' where tenant_id = $1 and state = 'active'`)
	qCriteriaActivate = db.Q("checkup.criteria_activate", `update checkup_criteria set state = 'active', active_from = $3
		where tenant_id = $1 and id = $2 and state in ('approved', 'retired')`)
)

// criteriaCache keeps compiled versions: a version never changes.
type criteriaCache struct {
	mu sync.Mutex
	m  map[string]*Criteria
}

func builtIn(id string) *Criteria {
	for _, c := range BuiltIn {
		if c.ID == id {
			return c
		}
	}
	return nil
}

// activeCriteria is the version in force for a tenant.
func (s *Service) activeCriteria(ctx context.Context, t ids.Tenant) (*Criteria, error) {
	var active []string
	err := s.db.View(ctx, t, func(tx *db.Tx) (err error) {
		active, err = db.Column[string](tx, qCriteriaActive, t)
		return err
	})
	if err != nil || len(active) == 0 {
		return NingenDock2016, err
	}
	return s.criteriaOf(ctx, t, active[0])
}

// criteriaOf finds any version that has ever judged for a tenant.
func (s *Service) criteriaOf(ctx context.Context, t ids.Tenant, id string) (*Criteria, error) {
	if c := builtIn(id); c != nil {
		return c, nil
	}
	key := string(t) + "/" + id
	s.criteria.mu.Lock()
	c := s.criteria.m[key]
	s.criteria.mu.Unlock()
	if c != nil {
		return c, nil
	}
	var body string
	err := s.db.View(ctx, t, func(tx *db.Tx) (err error) {
		body, err = db.Value[string](tx, qCriteriaBody, t, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	c = &Criteria{}
	if err := json.Unmarshal([]byte(body), c); err != nil {
		return nil, fault.New(fault.Internal, "internal").Because(err)
	}
	if err := c.Compile(); err != nil {
		return nil, err
	}
	s.criteria.mu.Lock()
	defer s.criteria.mu.Unlock()
	if s.criteria.m == nil {
		s.criteria.m = map[string]*Criteria{}
	}
	s.criteria.m[key] = c
	return c, nil
}

// CriteriaVersion is one version as the criteria page shows it.
type CriteriaVersion struct {
	*Criteria
	State      string // draft, approved, active, retired
	BuiltIn    bool
	CreatedBy  ids.Account
	CreatedAt  time.Time
	ApprovedBy ids.Account
	ApprovedAt time.Time
	ActiveFrom time.Time
}

// CriteriaVersions lists what ships with the program and what the tenant has made.
func (s *Service) CriteriaVersions(ctx context.Context, a actor.Actor) ([]CriteriaVersion, error) {
	if err := access.Require(a, access.CriteriaRead); err != nil {
		return nil, err
	}
	var rows []CriteriaVersion
	err := s.db.View(ctx, a.Tenant, func(tx *db.Tx) (err error) {
		rows, err = db.All(tx, qCriteriaAll, scanCriteria, a.Tenant)
		return err
	})
	if err != nil {
		return nil, err
	}
	stored := map[string]CriteriaVersion{}
	anyActive := false
	for _, r := range rows {
		stored[r.ID] = r
		anyActive = anyActive || r.State == "active"
	}
	var out []CriteriaVersion
	for i, c := range BuiltIn {
		v, ok := stored[c.ID]
		v.Criteria, v.BuiltIn = c, true
		switch {
		case i == 0 && !anyActive:
			v.State = "active"
		case !ok && c.Draft:
			v.State = "draft"
		case !ok:
			v.State = "approved"
		}
		out = append(out, v)
	}
	for _, r := range rows {
		if builtIn(r.ID) == nil {
			out = append(out, r)
		}
	}
	return out, nil
}

func scanCriteria(sc db.Scanner) (CriteriaVersion, error) {
	v := CriteriaVersion{Criteria: &Criteria{}}
	var id, body string
	var created, approved, active int64
	if err := sc.Scan(&id, &v.State, &body, &v.CreatedBy, &created, &v.ApprovedBy, &approved, &active); err != nil {
		return v, err
	}
	if body != "" {
		if err := json.Unmarshal([]byte(body), v.Criteria); err != nil {
			return v, err
		}
	}
	v.ID, v.CreatedAt, v.ApprovedAt, v.ActiveFrom = id, db.Time(created), db.Time(approved), db.Time(active)
	return v, nil
}

// DraftCriteria keeps a tenant's own version. It judges nothing until a physician approves it.
func (s *Service) DraftCriteria(ctx context.Context, a actor.Actor, c Criteria) (string, error) {
	if err := s.require(ctx, a, access.CriteriaEdit, "criteria.draft"); err != nil {
		return "", err
	}
	if c.Name = strings.TrimSpace(c.Name); c.Name == "" {
		return "", fault.New(fault.Invalid, "checkup.criteria_name")
	}
	c.ID = ids.New[string]()
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
