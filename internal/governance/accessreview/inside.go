package accessreview

import (
	"context"
	"slices"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/people/identity"
	"rakudos/internal/people/tenant"
)

// probeCampaign is the name of the only campaign that a probe tenant ever has.
const probeCampaign = "probe"

// Inside is what a probe may do behind the network path, and only in a probe tenant: open a tiny campaign
// about accounts of its own, and give back afterwards what the campaign took.
type Inside interface {
	OpenProbe(ctx context.Context, code string, logins ...string) (string, error)
	CloseProbe(ctx context.Context, code string, login string, role actor.Role) error
	Standings(ctx context.Context) ([]Standing, error)
}

func (s *Service) probeTenant(ctx context.Context, code string) (tenant.Tenant, error) {
	all, err := s.Tenants.List(ctx)
	if err != nil {
		return tenant.Tenant{}, err
	}
	for _, t := range all {
		if t.Code == code && t.Kind == tenant.Probe {
			return t, nil
		}
	}
	return tenant.Tenant{}, fault.New(fault.Denied, "identity.not_a_probe")
}

// OpenProbe opens the campaign of a probe tenant about the accounts with the given login IDs, in place of an
// earlier one.
func (s *Service) OpenProbe(ctx context.Context, code string, logins ...string) (string, error) {
	t, err := s.probeTenant(ctx, code)
	if err != nil {
		return "", err
	}
	if err := s.DB.Tx(ctx, t.ID, func(tx *db.Tx) error { return forget(tx, t.ID) }); err != nil {
		return "", err
	}
	all, err := s.Accounts.Accounts(ctx, machine(t.ID))
	if err != nil {
		return "", err
	}
	var about []string
	for _, a := range all {
		if slices.Contains(logins, a.LoginID) {
			about = append(about, string(a.ID))
		}
	}
	now := time.Now()
	c := Campaign{ID: probeCampaign, Purpose: "probe", OpenedAt: now, DueAt: now.Add(time.Hour), EndsAt: now.Add(2 * time.Hour)}
	return c.ID, s.open(ctx, t, "", c, func(g Grant) bool { return slices.Contains(about, g.Subject) })
}

func forget(tx *db.Tx, t ids.Tenant) error {
	for _, q := range []db.Query{qLinesDrop, qPaceDrop, qForget} {
		if _, err := tx.Exec(q, t, probeCampaign); err != nil {
			return err
		}
	}
	return nil
}

// Restorer gives an account its roles back; *identity.Service is one.
type Restorer interface {
	SetGrants(ctx context.Context, a actor.Actor, id ids.Account, grants []identity.Grant, reason string) error
}

// CloseProbe removes the campaign and gives a probe account its role back.
func (s *Service) CloseProbe(ctx context.Context, code, login string, role actor.Role) error {
	t, err := s.probeTenant(ctx, code)
	if err != nil {
		return err
	}
	if err := s.DB.Tx(ctx, t.ID, func(tx *db.Tx) error { return forget(tx, t.ID) }); err != nil {
		return err
	}
	all, err := s.Accounts.Accounts(ctx, machine(t.ID))
	if err != nil {
		return err
	}
	for _, a := range all {
		if a.LoginID == login && !slices.ContainsFunc(a.Grants, func(g identity.Grant) bool { return g.Role == role }) {
			return s.Restore.SetGrants(ctx, machine(t.ID), a.ID, append(a.Grants, identity.Grant{Role: role}), "自己点検の後始末")
		}
	}
	return nil
}
