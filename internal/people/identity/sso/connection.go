package sso

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

func missing() error { return fault.New(fault.Missing, "sso.missing") }

func (r connectionRow) open(k *vault.Key) (Connection, error) {
	c := Connection{tenant: r.tenant, sealed: r.confirm, ID: r.id, Enabled: r.enabled != 0, CreatedAt: db.Time(r.created), ChangedAt: db.Time(r.changed)}
	plain, err := k.Open(at(connectionsTable, r.id, "config"), r.config)
	if err != nil {
		return c, err
	}
	var full kept
	if err := json.Unmarshal(plain, &full); err != nil {
		return c, err
	}
	c.Settings, c.only = full.Settings, full.Only
	if c.Kind != r.kind {
		return c, fault.New(fault.Internal, "vault.open")
	}
	if full.On == nil || *full.On != c.Enabled { // switched past the service, or put back from before
		c.Altered, c.Enabled = true, false
	}
	c.fill(k, r.confirm, c.digest())
	c.secret, c.Secret = c.Secret, ""
	c.Issuer = c.Settings.Issuer
	if c.Kind == SAML {
		c.Issuer = metadataIssuer(c.Metadata)
	}
	return c, nil
}

// Connections lists the providers of the actor's tenant.
func (s *Service) Connections(ctx context.Context, a actor.Actor) ([]Connection, error) {
	if err := s.Guard(a, permManage); err != nil {
		return nil, err
	}
	return s.connections(ctx, a.Tenant)
}

func (s *Service) connections(ctx context.Context, t ids.Tenant) ([]Connection, error) {
	k, err := s.Keys.Tenant(ctx, t)
	if err != nil {
		return nil, err
	}
	var rows []connectionRow
	if err := s.DB.View(ctx, t, func(tx *db.Tx) (err error) {
		rows, err = db.All(tx, qConnections, scanConnection, t)
		return err
	}); err != nil {
		return nil, err
	}
	out := make([]Connection, 0, len(rows))
	for _, r := range rows {
		c, err := r.open(k)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

// connection finds one of a tenant.
func (s *Service) connection(ctx context.Context, t ids.Tenant, id string) (Connection, error) {
	k, err := s.Keys.Tenant(ctx, t)
	if err != nil {
		return Connection{}, err
	}
	var r connectionRow
	err = s.DB.View(ctx, t, func(tx *db.Tx) (err error) {
		r, err = db.One(tx, qConnection, scanConnection, t, id)
		return err
	})
	if fault.Is(err, fault.Missing) {
		return Connection{}, missing()
	}
	if err != nil {
		return Connection{}, err
	}
	return r.open(k)
}

// Save makes a connection (empty id) or changes one. Whoever becomes another provider loses the links of
// the old one: a subject means nothing to another issuer.
func (s *Service) Save(ctx context.Context, a actor.Actor, id string, kind Kind, in Settings, enabled bool) (Connection, error) {
	if err := s.Guard(a, permManage); err != nil {
		return Connection{}, err
	}
	if kind != OIDC && kind != SAML {
		return Connection{}, misfit("kind")
	}
	k, err := s.Keys.Tenant(ctx, a.Tenant)
	if err != nil {
		return Connection{}, err
	}
	all, err := s.connections(ctx, a.Tenant)
	if err != nil {
		return Connection{}, err
	}
	before := Connection{ID: id}
	if id != "" {
		i := slices.IndexFunc(all, func(c Connection) bool { return c.ID == id })
		if i < 0 {
			return Connection{}, missing()
		}
		before = all[i]
		kind = before.Kind
		// Never for another provider: its token endpoint would be given the secret of the one before.
		if in.Secret == "" && strings.TrimSpace(in.Issuer) == before.Issuer && strings.TrimSpace(in.ClientID) == before.ClientID {
			in.Secret = before.secret
		}
		if in.Metadata == "" {
			in.Metadata = before.Metadata
		}
	} else if len(all) >= MaxConnections {
		return Connection{}, fault.New(fault.Conflict, "sso.too_many")
	}
	if in, err = in.check(kind); err != nil {
		return Connection{}, err
	}
	old := before.Settings
	old.Secret = before.secret
	same := id != "" && bytes.Equal(old.digest(), in.digest())
	if in.By = a.Account; same && before.By != "" {
		in.By = before.By
	}
	on, now := 0, time.Now()
	if enabled {
		on = 1
	}
	full := kept{in, &enabled, onlyOf(all)}
	row := connectionRow{tenant: a.Tenant, id: id, kind: kind, enabled: on, created: db.Micros(now), changed: db.Micros(now)}
	if id == "" {
		row.id = ids.New[string]()
	} else {
		row.created = db.Micros(before.CreatedAt)
	}
	if same {
		row.confirm = before.sealed
	}
	row.config = full.seal(k, row.id)
	after, err := row.open(k)
	if err != nil {
		return Connection{}, err
	}
	err = s.DB.Tx(ctx, a.Tenant, func(tx *db.Tx) error {
		verb := "sso.changed"
		if id == "" {
			verb = "sso.created"
			if _, err := tx.Exec(qConnectionInsert, a.Tenant, row.id, string(kind), row.config, on, row.created); err != nil {
				return err
			}
		} else if _, err := tx.Exec(qConnectionSet, a.Tenant, row.id, row.config, on, row.changed); err != nil {
			return err
		}
		if _, err := tx.Exec(qFlowsDelete, a.Tenant, row.id); err != nil { // what was begun under other settings
			return err
		}
		if !same {
			if n, err := tx.Exec(qConfirmDelete, a.Tenant, row.id); err != nil {
				return err
			} else if n > 0 {
				if err := s.record(tx, "sso.confirmation_ended", a, "ok", map[string]any{"connection": row.id}); err != nil {
					return err
				}
			}
		}
		dropped := int64(0)
		if id != "" && before.Issuer != after.Issuer {
			if dropped, err = tx.Exec(qLinksDelete, a.Tenant, row.id); err != nil {
				return err
			}
		}
		if err := s.record(tx, verb, a, "ok", map[string]any{"connection": row.id, "kind": string(kind), "enabled": enabled, "link_by": string(in.LinkBy), "two_factors": in.MFA, "links_dropped": dropped}); err != nil {
			return err
		}
		return s.Identity.EndUntied(tx, k, a) // switched on, the rule of before is in force again
	})
	return after, err
}

// Remove takes a connection away, with its links. The accounts stay, with their passwords.
func (s *Service) Remove(ctx context.Context, a actor.Actor, id string) error {
	if err := s.Guard(a, permManage); err != nil {
		return err
	}
	return s.DB.Tx(ctx, a.Tenant, func(tx *db.Tx) error {
		for _, q := range []db.Query{qFlowsDelete, qLinksDelete, qConfirmDelete} {
			if _, err := tx.Exec(q, a.Tenant, id); err != nil {
				return err
			}
		}
		n, err := tx.Exec(qConnectionDelete, a.Tenant, id)
		if err != nil {
			return err
		}
		if n == 0 {
			return missing()
		}
		if err := s.forgetOnly(tx, a.Tenant); err != nil {
			return err
		}
		return s.record(tx, "sso.removed", a, "ok", map[string]any{"connection": id})
	})
}
