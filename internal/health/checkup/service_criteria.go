package checkup

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
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
