package identity

import (
	"context"
	"slices"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

const (
	permVouch    = "account.vouch"
	permVouchFor = "account.vouch.for"
)

// Vouch writes down that the holder of an account is a person of his own. It counts from whoever is independent of
// those who gave the account its roles: another administrator, the association's IT service manager for a customer's
// (of), or the host. Nobody vouches for himself: fault.Denied "identity.vouch_own", "identity.vouch_behind".
func (s *Service) Vouch(ctx context.Context, a actor.Actor, of ids.Tenant, id ids.Account, reason string) error {
	need := permVouch
	if of != a.Tenant {
		need = permVouchFor
	}
	if err := s.guard(a, need); err != nil {
		return err
	}
	reason, err := reasonOf(reason)
	if err != nil {
		return err
	}
	if of != a.Tenant {
		if err := s.reaches(ctx, a, of); err != nil {
			return err
		}
	}
	return s.vouch(ctx, a, of, id, nil, reason)
}

// reaches lets the association look after its customers, and the service's own probes after each other.
func (s *Service) reaches(ctx context.Context, a actor.Actor, of ids.Tenant) error {
	home, err := s.tenants.TenantByID(ctx, a.Tenant)
	if err != nil {
		return err
	}
	to, err := s.tenants.TenantByID(ctx, of)
	if err != nil && !fault.Is(err, fault.Missing) {
		return err
	}
	if err != nil || !home.Association && !home.Probe || home.Probe != to.Probe || to.Closed {
		return fault.New(fault.Missing, "identity.no_account")
	}
	return nil
}

// VouchKept is the same by a reviewer who has kept a grant in a review that is closed now. What is no news, or not the
// reviewer's to say, is no error.
func (s *Service) VouchKept(ctx context.Context, reviewer actor.Actor, of ids.Tenant, id ids.Account, g Grant, reason string) error {
	err := s.vouch(ctx, reviewer, of, id, &g, reason)
	switch f := fault.Of(err); {
	case err == nil:
	case f != nil && slices.Contains([]string{"identity.vouch_behind", "identity.vouch_own", "identity.vouch_nothing", "identity.no_account", "identity.row_tampered", "identity.sealed_account"}, f.Code):
		err = nil
	}
	return err
}

// vouch marks the grants of an account, or one of them.
func (s *Service) vouch(ctx context.Context, a actor.Actor, of ids.Tenant, id ids.Account, only *Grant, reason string) error {
	if a.Account == id {
		return fault.New(fault.Denied, "identity.vouch_own")
	}
	by := byHost
	if a.Kind == actor.Human {
		by = string(a.Account)
	}
	k, err := s.keys.Tenant(ctx, of)
	if err != nil {
		return err
	}
	if a.Kind == actor.Human {
		if err := s.vouchCounts(ctx, a, of, id); err != nil {
			return err
		}
	}
	now := time.Now()
	return s.transact(ctx, func(tx *db.Tx) error {
		if err := s.notSealed(tx, k, of, id); err != nil {
			return err
		}
		acc, err := s.standing(tx, k, of, id)
		if fault.Is(err, fault.Missing) {
			return fault.New(fault.Missing, "identity.no_account").Because(err)
		}
		if err != nil {
			return err
		}
		rows, err := s.heldRows(tx, k, of, id)
		if err != nil {
			return err
		}
		n := 0
		for i := range rows {
			row := &rows[i]
			if row.by == byHost || row.by == bySetup && row.at == acc.CreatedAt || row.vouchedBy == by || only != nil && row.Grant != *only {
				continue
			}
			row.vouchedAt, row.vouchedBy = db.Micros(now), by
			n++
		}
		if n == 0 {
			return fault.New(fault.Conflict, "identity.vouch_nothing")
		}
		if err := s.rewrite(tx, k, of, id, rows); err != nil {
			return err
		}
		who := a
		who.Tenant = of // the event belongs to the tenant that it is about
		return s.record(tx, "account.vouched", who, "ok", map[string]any{"account": string(id), "by": by, "grants": n, "reason": reason})
	})
}

// rewrite writes the same grants again, bound anew.
func (s *Service) rewrite(tx *db.Tx, k *vault.Key, t ids.Tenant, id ids.Account, rows []grantRow) error {
	if _, err := tx.Exec(qGrantClear, t, id); err != nil {
		return err
	}
	return s.writeGrants(tx, k, actor.System(t, "vouch"), t, id, plainGrants(rows), rows, time.Now())
}

// vouchCounts refuses a word that would not count: of somebody whose way up shares somebody with the account's own
// givers, or has no root.
func (s *Service) vouchCounts(ctx context.Context, a actor.Actor, of ids.Tenant, id ids.Account) error {
	return s.db.View(ctx, db.Global, func(tx *db.Tx) error {
		g := &giving{s: s, tx: tx, ctx: ctx, tenants: map[ids.Tenant]*roll{}}
		mine := g.ways(a.Account, administrators, 0, nil)
		if g.err != nil {
			return g.err
		}
		givers := map[ids.Account]bool{id: true}
		g.all(id, givers)
		clear := func(w way) bool { return !slices.ContainsFunc(w, func(x ids.Account) bool { return givers[x] }) }
		if g.err == nil && !slices.ContainsFunc(mine, clear) {
			return fault.New(fault.Denied, "identity.vouch_behind")
		}
		return g.err
	})
}

// all gathers those who gave an account its roles, and whoever gave them theirs, whether or not a way leads to a root.
func (g *giving) all(id ids.Account, seen map[ids.Account]bool) {
	_, rows := g.held(id)
	for _, row := range rows {
		if by := ids.Account(row.by); by != "" && !seen[by] && len(seen) < waysMost {
			seen[by] = true
			g.all(by, seen)
		}
	}
}

// doubtful are the accounts of a tenant of which nobody but their givers says that they are people of their own.
func (r *roll) doubtful(id ids.Account, of []actor.Role) bool {
	return slices.ContainsFunc(r.grants[id], func(row grantRow) bool {
		root := row.by == byHost || row.by == bySetup && row.at == r.made[id]
		return !root && row.vouchedAt == 0 && (of == nil || slices.Contains(of, row.Role))
	})
}

// Doubtful lists those of the actor's own tenant, for the page of each.
func (s *Service) Doubtful(ctx context.Context, a actor.Actor, id ids.Account) (is bool, err error) {
	if err := s.guard(a, permVouch); err != nil {
		return false, err
	}
	err = s.db.View(ctx, db.Global, func(tx *db.Tx) error {
		g := &giving{s: s, tx: tx, ctx: ctx, tenants: map[ids.Tenant]*roll{}}
		if r := g.of(a.Tenant); r != nil {
			is = r.doubtful(id, Privileged)
		}
		return g.err
	})
	return is, err
}

// Unvouched is a customer's administrator for whom nobody independent has vouched.
type Unvouched struct {
	Tenant  ids.Tenant
	Company string
	Account ids.Account
	LoginID string
	Name    string
}

var qMaybeUnvouched = db.GlobalQ("identity.maybe_unvouched", `select distinct tenant_id from identity_grants where role = 'tenantadmin' and vouched_at = 0 and granted_by <> 'host'`)

// Unvouched lists them for the association: where one administrator has made all others, nobody else can vouch.
func (s *Service) Unvouched(ctx context.Context, a actor.Actor) ([]Unvouched, error) {
	if err := s.guard(a, permVouchFor); err != nil {
		return nil, err
	}
	var out []Unvouched
	err := s.db.View(ctx, db.Global, func(tx *db.Tx) error {
		out = nil
		tenants, err := db.Column[ids.Tenant](tx, qMaybeUnvouched)
		if err != nil {
			return err
		}
		g := &giving{s: s, tx: tx, ctx: ctx, tenants: map[ids.Tenant]*roll{}}
		for _, t := range tenants {
			if t == a.Tenant || s.reaches(ctx, a, t) != nil {
				continue
			}
			info, err := s.tenants.TenantByID(ctx, t)
			if err != nil {
				return err
			}
			k, err := s.keys.Tenant(ctx, t)
			if err != nil {
				continue // its key is gone
			}
			all, err := db.All(tx, qAccounts, scanAccount, t)
			if err != nil {
				return err
			}
			for _, acc := range all {
				r := g.of(t)
				if g.err != nil || acc.State != "active" || !r.doubtful(acc.ID, []actor.Role{actor.TenantAdmin}) {
					continue
				}
				shown, err := s.show(k, acc)
				if err != nil {
					return err
				}
				out = append(out, Unvouched{t, info.Name, acc.ID, shown.LoginID, shown.Name})
			}
		}
		return g.err
	})
	return out, err
}

// Above tells for each account who stands on every way up from it: about those it decides nothing (access.Seconds,
// one-way rules). A review asks it for all its reviewers at once.
func (s *Service) Above(ctx context.Context, rule string, of []ids.Account) (map[ids.Account][]ids.Account, error) {
	if s.rules == nil {
		return nil, fault.New(fault.Internal, "identity.second_missing")
	}
	decides, _, _, ok := s.rules(rule)
	if !ok {
		return nil, fault.New(fault.Internal, "identity.second_rule", "rule", rule)
	}
	out := map[ids.Account][]ids.Account{}
	return out, s.db.View(ctx, db.Global, func(tx *db.Tx) error {
		g := &giving{s: s, tx: tx, ctx: ctx, tenants: map[ids.Tenant]*roll{}}
		for _, id := range of {
			g.steps = 0
			ways := g.ways(id, decides, 0, nil)
			if len(ways) == 0 {
				continue
			}
			for _, who := range ways[0] {
				if who != id && behind(ways, who) {
					out[id] = append(out[id], who)
				}
			}
		}
		return g.err
	})
}
