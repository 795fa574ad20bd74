package sso

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

// kept is what is sealed of a connection. Whether it is in use and which roles may not use a password are sealed with
// it: both open a door, and the columns beside it are an index (ADR 21). Package identity reads the last two.
type kept struct {
	Settings
	On   *bool        `json:"on,omitempty"` // nil: from before it was sealed
	Only []actor.Role `json:"only,omitempty"`
}

func (f kept) seal(k *vault.Key, id string) []byte {
	plain, err := json.Marshal(f)
	if err != nil {
		panic(err) // strings and truth values only
	}
	return k.Seal(at(connectionsTable, id, "config"), plain)
}

var qConfigSet = db.Q("sso.config_set", `update sso_connections set config = $3 where tenant_id = $1 and connection_id = $2 and config = $4`)

// onlyOf are the roles that any of the connections ties to the provider.
func onlyOf(all []Connection) (out []actor.Role) {
	for _, r := range actor.Roles {
		if slices.ContainsFunc(all, func(c Connection) bool { return slices.Contains(c.only, r) }) {
			out = append(out, r)
		}
	}
	return out
}

// OnlyRoles are the roles of the actor's tenant that may not use a password.
func (s *Service) OnlyRoles(ctx context.Context, a actor.Actor) ([]actor.Role, error) {
	all, err := s.Connections(ctx, a)
	return onlyOf(all), err
}

// SetOnlyRoles ties roles to the provider; it needs one that works.
func (s *Service) SetOnlyRoles(ctx context.Context, a actor.Actor, roles []actor.Role) error {
	all, err := s.Connections(ctx, a)
	if err != nil {
		return err
	}
	if len(roles) > 0 && !slices.ContainsFunc(all, func(c Connection) bool { return c.Enabled }) {
		return fault.New(fault.Conflict, "sso.none_enabled")
	}
	chosen := []actor.Role{}
	for _, r := range roles {
		if !restrictable(r) {
			return misfit("role")
		}
		if !slices.Contains(chosen, r) {
			chosen = append(chosen, r)
		}
	}
	k, err := s.Keys.Tenant(ctx, a.Tenant)
	if err != nil {
		return err
	}
	return s.DB.Tx(ctx, a.Tenant, func(tx *db.Tx) error {
		rows, err := db.All(tx, qConnections, scanConnection, a.Tenant)
		if err != nil {
			return err
		}
		for _, r := range rows {
			if err := r.rebind(tx, k, func(f *kept) { f.Only = chosen }); err != nil {
				return err
			}
		}
		if err := writeOnly(tx, a.Tenant, chosen); err != nil {
			return err
		}
		if err := s.record(tx, "sso.only_roles", a, "ok", map[string]any{"roles": chosen}); err != nil {
			return err
		}
		return s.Identity.EndUntied(tx, k, a)
	})
}

// rebind seals a connection anew with a change. Of two changes at once the later one runs again.
func (r connectionRow) rebind(tx *db.Tx, k *vault.Key, change func(*kept)) error {
	plain, err := k.Open(at(connectionsTable, r.id, "config"), r.config)
	if err != nil {
		return err
	}
	var full kept
	if err := json.Unmarshal(plain, &full); err != nil {
		return err
	}
	change(&full)
	n, err := tx.Exec(qConfigSet, r.tenant, r.id, full.seal(k, r.id), r.config)
	if err == nil && n == 0 {
		err = fault.New(fault.Busy, "db.busy")
	}
	return err
}

// writeOnly keeps the index of the roles, which whoever reads the tables sees.
func writeOnly(tx *db.Tx, t ids.Tenant, roles []actor.Role) error {
	if _, err := tx.Exec(qOnlyRolesClear, t); err != nil {
		return err
	}
	for _, r := range roles {
		if _, err := tx.Exec(qOnlyRoleInsert, t, string(r), db.Micros(time.Now())); err != nil {
			return err
		}
	}
	return nil
}

// forgetOnly ends the rule with the last connection: without a provider everybody uses a password.
func (s *Service) forgetOnly(tx *db.Tx, t ids.Tenant) error {
	rows, err := db.All(tx, qConnections, scanConnection, t)
	if err != nil || len(rows) > 0 {
		return err
	}
	return writeOnly(tx, t, nil)
}

var qConnectionsAll = db.GlobalQ("sso.connections_all", `select `+connectionColumns+` order by c.tenant_id, c.connection_id`)

// Adopt seals, once in the life of a data directory, whether each connection is in use and which roles are tied to it,
// as an older version of the program has left them in the open.
func (s *Service) Adopt(ctx context.Context) (n int, err error) {
	var rows []connectionRow
	if err := s.DB.View(ctx, db.Global, func(tx *db.Tx) (err error) {
		rows, err = db.All(tx, qConnectionsAll, scanConnection)
		return err
	}); err != nil {
		return 0, err
	}
	for _, r := range rows {
		k, err := s.Keys.Tenant(ctx, r.tenant)
		if fault.Is(err, fault.Missing) {
			continue // destroyed: nobody signs in there
		}
		if err != nil {
			return n, err
		}
		on := r.enabled != 0
		if err := s.DB.Tx(ctx, r.tenant, func(tx *db.Tx) error {
			roles, err := db.Column[actor.Role](tx, qOnlyRoles, r.tenant)
			if err != nil {
				return err
			}
			return r.rebind(tx, k, func(f *kept) {
				if f.On == nil {
					f.On, f.Only = &on, roles
				}
			})
		}); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}
