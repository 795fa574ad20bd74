package sso

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"slices"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
	"rakudos/internal/people/identity"
)

// permSecond is what somebody of the association needs to confirm where a tenant has nobody else.
const permSecond = "federation.second"

const confirmationsTable = "sso_confirmations"

var (
	qConfirm       = db.Q("sso.confirm", `insert into sso_confirmations (tenant_id, connection_id, sealed, confirmed_at) values ($1, $2, $3, $4) on conflict (tenant_id, connection_id) do update set sealed = excluded.sealed, confirmed_at = excluded.confirmed_at`)
	qConfirmDelete = db.Q("sso.confirm_delete", `delete from sso_confirmations where tenant_id = $1 and connection_id = $2`)
	qConnectionsOn = db.GlobalQ("sso.connections_on", `select `+connectionColumns+` where c.enabled = 1 order by c.tenant_id, c.created_at, c.connection_id`)
)

// confirmation is who has looked at which settings. Whoever writes into the database can make none.
type confirmation struct {
	Digest []byte      `json:"digest"`
	By     ids.Account `json:"by"`
	At     int64       `json:"at"`
}

// digest is of everything that decides who gets in, the secret and the certificates included; not of the name that
// is shown.
func (s Settings) digest() []byte {
	s.Name, s.By = "", ""
	b, _ := json.Marshal(s) // strings alone
	h := sha256.Sum256(b)
	return h[:]
}

// fill adds whether the settings as they are now have been confirmed. What does not open or speaks of others is no
// confirmation.
func (c *Connection) fill(k *vault.Key, sealed []byte, now []byte) {
	plain, err := k.Open(at(confirmationsTable, c.ID, "sealed"), sealed)
	var f confirmation
	if err != nil || json.Unmarshal(plain, &f) != nil || !bytes.Equal(f.Digest, now) {
		return
	}
	c.Confirmed, c.ConfirmedBy, c.ConfirmedAt = true, f.By, db.Time(f.At)
}

// Waits tells whether the provider's word for two factors doesn't count yet.
func (c *Connection) Waits() bool { return len(c.MFA) > 0 && !c.Confirmed }

// Confirm is a second pair of eyes: from now on the provider's statement of two factors spares the step here. Seen
// is when the settings were last changed, as the page showed it: nothing is confirmed that has changed under it.
func (s *Service) Confirm(ctx context.Context, a actor.Actor, id string, seen time.Time) error {
	if err := s.Guard(a, permManage); err != nil {
		return err
	}
	return s.confirm(ctx, a, id, seen)
}

// ConfirmFor is the association's confirmation for a tenant in which one administrator is alone.
func (s *Service) ConfirmFor(ctx context.Context, a actor.Actor, t ids.Tenant, id string, seen time.Time) error {
	mine, err := s.mayStandIn(ctx, a)
	if err != nil {
		return err
	}
	if info, err := s.Tenants.TenantByID(ctx, t); err != nil {
		return err
	} else if info.Probe != mine.Probe {
		return fault.New(fault.Denied, "access.denied")
	}
	if alone, err := s.alone(ctx, t); err != nil {
		return err
	} else if !alone {
		return fault.New(fault.Conflict, "sso.not_alone")
	}
	a.Tenant, a.Purpose = t, "association" // the event belongs to the tenant that it is about
	return s.confirm(ctx, a, id, seen)
}

func (s *Service) confirm(ctx context.Context, a actor.Actor, id string, seen time.Time) error {
	c, err := s.connection(ctx, a.Tenant, id)
	if err != nil {
		return err
	}
	k, err := s.Keys.Tenant(ctx, a.Tenant)
	if err != nil {
		return err
	}
	switch {
	case c.By == "" || len(c.MFA) == 0:
		return fault.New(fault.Conflict, "sso.nothing_to_confirm")
	case a.Kind != actor.Human || a.Account == c.By:
		return fault.New(fault.Conflict, "sso.own_change")
	}
	if err := s.Identity.Second(ctx, actor.Beside{Rule: "sso.confirm", By: a, Other: c.By, Since: c.ChangedAt}); err != nil {
		return err
	}
	now := time.Now()
	return s.DB.Tx(ctx, a.Tenant, func(tx *db.Tx) error {
		r, err := db.One(tx, qConnection, scanConnection, a.Tenant, id)
		if err != nil {
			return err
		}
		if r.changed != db.Micros(seen) || r.changed != db.Micros(c.ChangedAt) {
			return fault.New(fault.Conflict, "sso.changed_meanwhile")
		}
		full := c.Settings
		full.Secret = c.secret
		plain, err := json.Marshal(confirmation{full.digest(), a.Account, db.Micros(now)})
		if err != nil {
			return err
		}
		if _, err := tx.Exec(qConfirm, a.Tenant, id, k.Seal(at(confirmationsTable, id, "sealed"), plain), db.Micros(now)); err != nil {
			return err
		}
		return s.record(tx, "sso.confirmed", a, "ok", map[string]any{"connection": id, "two_factors": c.MFA, "set_by": string(c.By)})
	})
}

// Alone is a connection of a tenant whose only administrator has set it up.
type Alone struct {
	Connection
	Tenant     ids.Tenant
	Code, Name string // of the tenant
}

// WaitingAlone lists, for the association, what waits for a confirmation that nobody in the tenant can give.
func (s *Service) WaitingAlone(ctx context.Context, a actor.Actor) ([]Alone, error) {
	mine, err := s.mayStandIn(ctx, a)
	if err != nil {
		return nil, err
	}
	var rows []connectionRow
	if err := s.DB.View(ctx, db.Global, func(tx *db.Tx) (err error) {
		rows, err = db.All(tx, qConnectionsOn, scanConnection)
		return err
	}); err != nil {
		return nil, err
	}
	var out []Alone
	for _, r := range rows {
		info, err := s.Tenants.TenantByID(ctx, r.tenant)
		if err != nil || info.Closed || r.tenant == a.Tenant || info.Probe != mine.Probe {
			continue
		}
		k, err := s.Keys.Tenant(ctx, r.tenant)
		if err != nil {
			continue
		}
		c, err := r.open(k)
		if err != nil || !c.Waits() || c.By == "" {
			continue
		}
		if alone, err := s.alone(ctx, r.tenant); err != nil {
			return nil, err
		} else if alone {
			out = append(out, Alone{c, r.tenant, info.Code, info.Name})
		}
	}
	return out, nil
}

// mayStandIn refuses everybody outside of the association. The service's own probes may, among themselves: what the
// table of permissions says is tried as them.
func (s *Service) mayStandIn(ctx context.Context, a actor.Actor) (identity.TenantInfo, error) {
	if err := s.Guard(a, permSecond); err != nil {
		return identity.TenantInfo{}, err
	}
	info, err := s.Tenants.TenantByID(ctx, a.Tenant)
	if err == nil && !info.Association && !info.Probe {
		err = fault.New(fault.Denied, "access.denied")
	}
	return info, err
}

// alone tells whether a tenant has no second administrator.
func (s *Service) alone(ctx context.Context, t ids.Tenant) (bool, error) {
	all, err := s.Identity.Accounts(ctx, actor.System(t, "sso"))
	n := 0
	for _, x := range all {
		if !x.Disabled && slices.ContainsFunc(x.Grants, func(g identity.Grant) bool { return g.Role == actor.TenantAdmin }) {
			n++
		}
	}
	return n < 2, err
}
