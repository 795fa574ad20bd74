package identity

import (
	"context"
	"encoding/json"
	"slices"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

var qFederated = db.Q("identity.federated", `select connection_id, config from sso_connections where tenant_id = $1 order by connection_id`)

// federated is what package sso seals of a connection and a password depends on.
type federated struct {
	On   *bool        `json:"on"`
	Only []actor.Role `json:"only"`
}

// tied are the roles that may not use a password, while a connection is in use. It reads what is sealed: that a
// connection was switched off or a role taken out of the table past the service opens no password. A connection that
// can't be read ties every role, for it may have tied any (deny by default).
func (s *Service) tied(tx *db.Tx, k *vault.Key, t ids.Tenant) (roles []actor.Role, bad finding, err error) {
	err = db.Each(tx, qFederated, func(r db.Scanner) error {
		var id string
		var sealed []byte
		if err := r.Scan(&id, &sealed); err != nil {
			return err
		}
		var f federated
		plain, err := k.Open(at("sso_connections", id, "config"), sealed)
		if err != nil || json.Unmarshal(plain, &f) != nil || f.On == nil {
			bad, roles = finding{t, "sso_connections", id}, actor.Roles
			return nil
		}
		if *f.On {
			roles = append(slices.Clone(roles), f.Only...)
		}
		return nil
	}, t)
	if s.policy.weak == SabotageRows {
		return nil, finding{}, err
	}
	return roles, bad, err
}

// passwordAllowed tells whether an account may use what is its own, password or passkey, at all: a tenant may want
// some roles to come through its identity provider only. The tenant administrator of longest standing always may, so that a
// provider that is down or misconfigured locks nobody out for good.
func (s *Service) passwordAllowed(tx *db.Tx, k *vault.Key, t ids.Tenant, id ids.Account) (bool, finding, error) {
	only, bad, err := s.tied(tx, k, t)
	if err != nil || len(only) == 0 || s.policy.weak == SabotageTied {
		return err == nil, bad, err
	}
	held, err := s.heldBy(tx, k, t, id)
	if err != nil {
		return false, bad, err
	}
	if !slices.ContainsFunc(held, func(g Grant) bool { return slices.Contains(only, g.Role) }) {
		return true, bad, nil
	}
	keeper, err := s.keeper(tx, k, t)
	return keeper == id, bad, err
}

// keeper is the tenant administrator of longest standing, of those whose rows verify; empty when there is none.
func (s *Service) keeper(tx *db.Tx, k *vault.Key, t ids.Tenant) (ids.Account, error) {
	admins, err := s.holders(tx, k, t, actor.TenantAdmin)
	if err != nil || len(admins) == 0 {
		return "", err
	}
	return admins[0].ID, nil
}

// BreakGlass is the account of the tenant that keeps its password whatever the tenant chooses.
func (s *Service) BreakGlass(ctx context.Context, t ids.Tenant) (id ids.Account, err error) {
	k, err := s.keys.Tenant(ctx, t)
	if err != nil {
		return "", err
	}
	return id, s.db.View(ctx, t, func(tx *db.Tx) (err error) {
		id, err = s.keeper(tx, k, t)
		return err
	})
}
