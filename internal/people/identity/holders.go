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

var qSharedIn = db.Q("identity.shared_in", `select account_id, count(*) from identity_devices where tenant_id = $1 and used_at > $2 group by account_id having count(*) >= $3`)

// administrators are the roles whose last holder keeps them, whatever a review comes to.
var administrators = []actor.Role{actor.TenantAdmin, actor.ITSM}

// RevokeGrant takes exactly one grant away, with a reason; the account's sessions end. A grant that is no
// longer there is no error, so that a review may be carried out again after a crash. The last account that
// can administer keeps its role: fault.Conflict "identity.last_admin".
func (s *Service) RevokeGrant(ctx context.Context, a actor.Actor, id ids.Account, g Grant, reason string) error {
	detail := map[string]any{"role": string(g.Role), "site": string(g.Site), "dept": string(g.Dept)}
	return s.manage(ctx, a, id, permManage, "account.grant_revoked", reason, detail, func(tx *db.Tx, k *vault.Key) error {
		return s.regrant(tx, k, a, id, func(held []Grant) []Grant {
			return slices.DeleteFunc(held, func(h Grant) bool { return h == g })
		})
	})
}

// NarrowGrant replaces one grant by the same for a single site.
func (s *Service) NarrowGrant(ctx context.Context, a actor.Actor, id ids.Account, g Grant, site ids.Site, reason string) error {
	if site == "" || g.Site != "" {
		return fault.New(fault.Invalid, "identity.grant_narrow")
	}
	detail := map[string]any{"role": string(g.Role), "dept": string(g.Dept), "to_site": string(site)}
	return s.manage(ctx, a, id, permManage, "account.grant_narrowed", reason, detail, func(tx *db.Tx, k *vault.Key) error {
		return s.regrant(tx, k, a, id, func(held []Grant) []Grant {
			if i := slices.Index(held, g); i >= 0 {
				held[i].Site = site
			}
			return held
		})
	})
}

// regrant changes the set of an account's grants, unless nobody would administer afterwards.
func (s *Service) regrant(tx *db.Tx, k *vault.Key, by actor.Actor, id ids.Account, change func([]Grant) []Grant) error {
	if _, err := tx.Exec(qAdminsWait, by.Tenant); err != nil {
		return err
	}
	if err := s.notSealed(tx, k, by.Tenant, id); err != nil {
		return err
	}
	rows, err := s.heldRows(tx, k, by.Tenant, id)
	if err != nil {
		return err
	}
	held := plainGrants(rows)
	next := neverWider(held, change(slices.Clone(held)))
	for _, role := range administrators {
		had := func(g Grant) bool { return g.Role == role }
		if !slices.ContainsFunc(held, had) || slices.ContainsFunc(next, had) {
			continue
		}
		others, err := s.holders(tx, k, by.Tenant, role)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(others, func(o account) bool { return o.ID != id }) {
			return fault.New(fault.Conflict, "identity.last_admin")
		}
	}
	for _, g := range next { // what is left of a right was given by whoever gave the whole
		if i := slices.IndexFunc(rows, func(r grantRow) bool { return r.Role == g.Role }); i >= 0 && !slices.Contains(held, g) {
			part := rows[i]
			part.Grant = g
			rows = append(rows, part)
		}
	}
	if _, err := tx.Exec(qGrantClear, by.Tenant, id); err != nil {
		return err
	}
	if err := s.writeGrants(tx, k, by, by.Tenant, id, next, rows, time.Now()); err != nil {
		return err
	}
	return s.endSessions(tx, by.Tenant, id, "", "roles-changed")
}

// heldBy reads the grants of one account; a set that does not verify is fault.Conflict "identity.row_tampered".
func (s *Service) heldBy(tx *db.Tx, k *vault.Key, t ids.Tenant, id ids.Account) ([]Grant, error) {
	rows, err := s.heldRows(tx, k, t, id)
	return plainGrants(rows), err
}

// heldRows reads the same with who gave them.
func (s *Service) heldRows(tx *db.Tx, k *vault.Key, t ids.Tenant, id ids.Account) ([]grantRow, error) {
	acc, err := s.genuineAccount(tx, k, t, id)
	if err != nil {
		return nil, err
	}
	rows, err := db.All(tx, qGrantsOf, scanGrant, t, id)
	if err == nil && !s.genuineGrants(k, &acc, rows) {
		rows, err = nil, tampered()
	}
	return rows, err
}

func plainGrants(rows []grantRow) (out []Grant) {
	for _, r := range rows {
		out = append(out, r.Grant)
	}
	return out
}

// Effective is who an account would be at its next request: roles and scope as a session is given them,
// none for a disabled account or for rows that do not verify. Whoever reads back what was taken away asks this.
func (s *Service) Effective(ctx context.Context, t ids.Tenant, id ids.Account) (actor.Actor, error) {
	a := actor.Actor{Kind: actor.Human, Tenant: t, Account: id}
	k, err := s.keys.Tenant(ctx, t)
	if err != nil {
		return a, err
	}
	err = s.db.View(ctx, t, func(tx *db.Tx) error {
		acc, err := s.genuineAccount(tx, k, t, id)
		if err != nil {
			return err
		}
		a.Person = acc.Person
		if acc.State != "active" {
			return nil
		}
		held, err := s.heldBy(tx, k, t, id)
		if err == nil {
			a.Roles, a.Places = scope(held)
		}
		return err
	})
	if f := fault.Of(err); f != nil && f.Code == "identity.row_tampered" {
		return a, nil
	}
	return a, err
}

// SharedAccounts counts, for the accounts of a tenant that look as if several people used them, the
// browsers that passed both steps within a week.
func (s *Service) SharedAccounts(ctx context.Context, t ids.Tenant) (map[ids.Account]int, error) {
	out := map[ids.Account]int{}
	return out, s.db.View(ctx, t, func(tx *db.Tx) error {
		return db.Each(tx, qSharedIn, func(r db.Scanner) error {
			var id ids.Account
			var n int
			err := r.Scan(&id, &n)
			out[id] = n
			return err
		}, t, db.Micros(time.Now().Add(-7*24*time.Hour)), sharedDevices)
	})
}
