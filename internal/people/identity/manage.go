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

// SetGrants replaces the roles of an account. Its sessions end, so that no page lives on with the old ones.
func (s *Service) SetGrants(ctx context.Context, a actor.Actor, id ids.Account, grants []Grant, reason string) error {
	if err := checkGrants(grants); err != nil {
		return err
	}
	info, err := s.tenants.TenantByID(ctx, a.Tenant)
	if err != nil {
		return err
	}
	if err := info.mayGive(grants); err != nil {
		return err
	}
	creature, err := s.creature(ctx, a, id, "roles.add")
	if err != nil {
		return err
	}
	var more []actor.Role
	err = s.manage(ctx, a, id, permManage, "account.roles_set", reason, map[string]any{"roles": roleNames(grants)}, func(tx *db.Tx, k *vault.Key) error {
		if err := s.notSealed(tx, k, a.Tenant, id); err != nil {
			return err
		}
		given := func(r actor.Role) bool {
			return slices.ContainsFunc(grants, func(g Grant) bool { return g.Role == r })
		}
		if err := s.keepAdmin(tx, k, a.Tenant, id, given); err != nil {
			return err
		}
		acc, err := s.standing(tx, k, a.Tenant, id)
		if err != nil {
			return err
		}
		held, err := s.heldRows(tx, k, a.Tenant, id)
		if f := fault.Of(err); err != nil && (f == nil || f.Code != "identity.row_tampered") { // what others wrote counts as nothing
			return err
		}
		if more = gains(plainGrants(held), grants); len(more) > 0 && a.Account == id {
			return fault.New(fault.Conflict, "identity.own_roles")
		} else if len(more) > 0 && creature != nil {
			return creature
		}
		if _, err := tx.Exec(qGrantClear, a.Tenant, id); err != nil {
			return err
		}
		if err := s.putGrants(tx, k, a, a.Tenant, id, grants, held, acc.Personnel, time.Now()); err != nil {
			return err
		}
		if err := s.endSessions(tx, a.Tenant, id, "", "roles-changed"); err != nil {
			return err
		}
		return s.EndUntied(tx, k, a) // an older administrator may have come back
	})
	if err == nil {
		s.tellPrivileged(a, info, id, more)
	}
	return err
}

// Disable keeps an account from signing in and ends its sessions. The login ID stays taken.
func (s *Service) Disable(ctx context.Context, a actor.Actor, id ids.Account, reason string) error {
	return s.manage(ctx, a, id, permManage, "account.disabled", reason, nil, func(tx *db.Tx, k *vault.Key) error {
		if r, err := s.sealedOf(tx, k, a.Tenant, id); err != nil {
			return err
		} else if r != nil && a.Kind == actor.Host && r.state != Spent { // whoever may run the binary may retire an envelope
			return s.spend(tx, k, r, a, time.Now())
		} else if r != nil {
			return fault.New(fault.Conflict, "identity.sealed_account")
		}
		if err := s.keepAdmin(tx, k, a.Tenant, id, func(actor.Role) bool { return false }); err != nil {
			return err
		}
		if err := s.amend(tx, k, a.Tenant, id, func(acc *account) { acc.State = "disabled" }); err != nil {
			return err
		}
		if _, err := tx.Exec(qDevicesEnd, a.Tenant, id); err != nil {
			return err
		}
		if _, err := tx.Exec(qProvisionState, a.Tenant, id); err != nil {
			return err
		}
		if err := s.dropPending(tx, a.Tenant, id, a); err != nil {
			return err
		}
		return s.endSessions(tx, a.Tenant, id, "", "disabled")
	})
}

// Enable lets a disabled account sign in again.
func (s *Service) Enable(ctx context.Context, a actor.Actor, id ids.Account, reason string) error {
	return s.manage(ctx, a, id, permManage, "account.enabled", reason, nil, func(tx *db.Tx, k *vault.Key) error {
		if err := s.notSealed(tx, k, a.Tenant, id); err != nil {
			return err
		}
		if _, err := tx.Exec(qProvisionState, a.Tenant, id); err != nil {
			return err
		}
		if err := s.amend(tx, k, a.Tenant, id, func(acc *account) { acc.State = "active" }); err != nil {
			return err
		}
		return s.EndUntied(tx, k, a) // an older administrator may have come back
	})
}

// Unlock clears the count of failures, of the remembered devices too, and tells the owner. Nothing else
// unlocks an account: there is no automatic unlock.
func (s *Service) Unlock(ctx context.Context, a actor.Actor, id ids.Account, reason string) error {
	var acc account
	if _, err := reasonOf(reason); err != nil && s.policy.weak == SabotageReason {
		reason = "-"
	}
	err := s.manage(ctx, a, id, permUnlock, "auth.unlocked", reason, nil, func(tx *db.Tx, _ *vault.Key) (err error) {
		if acc, err = db.One(tx, qAccountByID, scanAccount, a.Tenant, id); err != nil {
			return err
		}
		if _, err := tx.Exec(qUnlock, a.Tenant, id); err != nil {
			return err
		}
		_, err = tx.Exec(qDevicesUnlock, a.Tenant, id)
		return err
	})
	if err != nil {
		return err
	}
	info, err := s.tenants.TenantByID(ctx, a.Tenant)
	if err != nil {
		return err
	}
	key, err := s.keys.Tenant(ctx, a.Tenant)
	if err != nil {
		return err
	}
	s.tellUnlocked(&attempt{info: info, key: key, account: &acc})
	return nil
}

// UnlockAll clears every lock of the actor's tenant with one reason, each with its own event and notice,
// and tells how many there were.
func (s *Service) UnlockAll(ctx context.Context, a actor.Actor, reason string) (int, error) {
	if err := s.guard(a, permUnlock); err != nil {
		return 0, err
	}
	reason, err := reasonOf(reason)
	if err != nil {
		return 0, err
	}
	all, err := s.Accounts(ctx, a)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, one := range all {
		if !one.Locked {
			continue
		}
		if err := s.Unlock(ctx, a, one.ID, reason); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// manage runs one administrative act with its permission, reason, existence check and event.
func (s *Service) manage(ctx context.Context, a actor.Actor, id ids.Account, permission, verb, reason string, detail map[string]any, act func(*db.Tx, *vault.Key) error) error {
	if err := s.guard(a, permission); err != nil {
		return err
	}
	reason, err := reasonOf(reason)
	if err != nil {
		return err
	}
	k, err := s.keys.Tenant(ctx, a.Tenant)
	if err != nil {
		return err
	}
	return s.db.Tx(ctx, a.Tenant, func(tx *db.Tx) error {
		if _, err := s.genuineAccount(tx, k, a.Tenant, id); err != nil {
			return err
		}
		if err := act(tx, k); err != nil {
			return err
		}
		d := map[string]any{"account": string(id), "reason": reason}
		for k, v := range detail {
			d[k] = v
		}
		return s.record(tx, verb, a, "ok", d)
	})
}

// keepAdmin refuses to take away the last active account of a role that administers. stays tells which of
// the account's roles it keeps. Two such acts at once wait for each other: the later one counts what the
// earlier one has left.
func (s *Service) keepAdmin(tx *db.Tx, k *vault.Key, t ids.Tenant, id ids.Account, stays func(actor.Role) bool) error {
	if _, err := tx.Exec(qAdminsWait, t); err != nil {
		return err
	}
	for _, role := range administrators {
		if stays(role) {
			continue
		}
		admins, err := s.holders(tx, k, t, role)
		if err != nil {
			return err
		}
		if len(admins) == 1 && admins[0].ID == id {
			return fault.New(fault.Conflict, "identity.last_admin")
		}
	}
	return nil
}

// qAdminsWait changes nothing: it takes the rows of every administrator's grant, so that whoever else is about
// to take one away waits until this transaction has ended.
var qAdminsWait = db.Q("identity.admins_wait", `update identity_grants set granted_by = granted_by where tenant_id = $1 and role in ('tenantadmin', 'itsm')`)
