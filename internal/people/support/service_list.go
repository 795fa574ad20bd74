package support

import (
	"context"
	"strings"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/db"
)

var zone = jst.Zone

// Desk lists what the actor's association has asked for, newest first, with the tenants' names.
func (s *Service) Desk(ctx context.Context, a actor.Actor) ([]Access, error) {
	if err := s.guard(a, permDesk); err != nil {
		return nil, err
	}
	all, err := s.all(ctx, db.Global, qHome, a.Tenant)
	if err != nil {
		return nil, err
	}
	names := map[ids.Tenant]TenantInfo{}
	for i := range all {
		t, ok := names[all[i].Tenant]
		if !ok {
			if t, err = s.tenants.TenantByID(ctx, all[i].Tenant); err != nil {
				return nil, err
			}
			names[all[i].Tenant] = t
		}
		all[i].TenantCode, all[i].TenantName = t.Code, t.Name
	}
	return all, nil
}

// Choices are the tenants that the actor may ask for.
func (s *Service) Choices(ctx context.Context, a actor.Actor) ([]TenantInfo, error) {
	if err := s.guard(a, permAsk); err != nil {
		return nil, err
	}
	home, err := s.tenants.TenantByID(ctx, a.Tenant)
	if err != nil {
		return nil, err
	}
	all, err := s.tenants.Tenants(ctx)
	if err != nil {
		return nil, err
	}
	var out []TenantInfo
	for _, t := range all {
		if reaches(home, t) {
			out = append(out, t)
		}
	}
	return out, nil
}

// Received lists who of the association was given access to the actor's tenant, newest first.
func (s *Service) Received(ctx context.Context, a actor.Actor) ([]Access, error) {
	if err := s.guard(a, permSee); err != nil {
		return nil, err
	}
	return s.all(ctx, a.Tenant, qMine, a.Tenant)
}

// Used is one access to the actor's tenant.
func (s *Service) Used(ctx context.Context, a actor.Actor, id string) (Access, error) {
	if err := s.guard(a, permSee); err != nil {
		return Access{}, err
	}
	all, err := s.all(ctx, a.Tenant, qUsed, a.Tenant, id)
	if err != nil {
		return Access{}, err
	}
	if len(all) == 0 || all[0].DecidedAt.IsZero() {
		return Access{}, fault.New(fault.Missing, "support.missing")
	}
	return all[0], nil
}

// Running lists the accesses to the actor's tenant that are open at this moment, for the banner on every
// page of those who may end them.
func (s *Service) Running(ctx context.Context, a actor.Actor) ([]Access, error) {
	if err := s.guard(a, permStop); err != nil {
		return nil, err
	}
	return s.all(ctx, a.Tenant, qRuns, a.Tenant, db.Micros(time.Now()))
}

// spell keeps what somebody typed from adding lines to a mail or looking like a code: line breaks become
// spaces, and eight digits in a row are broken up.
func spell(text string) string {
	var b strings.Builder
	run := 0
	for _, r := range strings.Join(strings.Fields(text), " ") {
		if run++; r < '0' || r > '9' {
			run = 0
		}
		if run == 8 {
			b.WriteByte(' ')
			run = 1
		}
		b.WriteRune(r)
	}
	return b.String()
}
