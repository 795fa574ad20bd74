package identity

import (
	"context"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
)

var (
	qGrantDrop     = db.Q("identity.grant_drop", `delete from identity_grants where tenant_id = $1 and account_id = $2 and role = $3 and site_id = $4 and dept_id = $5`)
	qGrantsOf      = db.Q("identity.grants_of", `select account_id, role, site_id, dept_id from identity_grants where tenant_id = $1 and account_id = $2 order by role, site_id, dept_id`)
	qSharedIn      = db.Q("identity.shared_in", `select account_id, count(*) from identity_devices where tenant_id = $1 and used_at > $2 group by account_id having count(*) >= $3`)
	administrators = []actor.Role{actor.TenantAdmin, actor.ITSM}
)

// RevokeGrant takes exactly one grant away, with a reason; the account's sessions end. A grant that is no
// longer there is no error, so that a review may be carried out again after a crash. The last account that
// can administer keeps its role: fault.Conflict "identity.last_admin".
func (s *Service) RevokeGrant(ctx context.Context, a actor.Actor, id ids.Account, g Grant, reason string) error {
	return s.manage(ctx, a, id, permManage, "account.grant_revoked", reason, map[string]any{"role": string(g.Role), "site": string(g.Site), "dept": string(g.Dept)}, func(tx *db.Tx) error {
		if err := s.keepKeeper(tx, a.Tenant, id, g); err != nil {
			return err
		}
		if _, err := tx.Exec(qGrantDrop, a.Tenant, id, string(g.Role), string(g.Site), string(g.Dept)); err != nil {
			return err
		}
		return s.endSessions(tx, a.Tenant, id, "", "roles-changed")
	})
}

// NarrowGrant replaces one grant by the same for a single site.
func (s *Service) NarrowGrant(ctx context.Context, a actor.Actor, id ids.Account, g Grant, site ids.Site, reason string) error {
	if site == "" || g.Site != "" {
		return fault.New(fault.Invalid, "identity.grant_narrow")
	}
	detail := map[string]any{"role": string(g.Role), "dept": string(g.Dept), "to_site": string(site)}
	return s.manage(ctx, a, id, permManage, "account.grant_narrowed", reason, detail, func(tx *db.Tx) error {
		n, err := tx.Exec(qGrantDrop, a.Tenant, id, string(g.Role), string(g.Site), string(g.Dept))
		if err != nil || n == 0 { // nothing to narrow: done before, or gone
			return err
		}
		narrow := Grant{Role: g.Role, Site: site, Dept: g.Dept}
		held, err := db.All(tx, qGrantsOf, scanGrant, a.Tenant, id)
		if err != nil {
			return err
		}
		for _, h := range held {
			if h.Grant == narrow {
				return s.endSessions(tx, a.Tenant, id, "", "roles-changed")
			}
		}
		if err := s.putGrants(tx, a, a.Tenant, id, []Grant{narrow}, time.Now()); err != nil {
			return err
		}
		return s.endSessions(tx, a.Tenant, id, "", "roles-changed")
	})
}

// keepKeeper refuses to take an administering role from the last active account that has it.
func (s *Service) keepKeeper(tx *db.Tx, t ids.Tenant, id ids.Account, g Grant) error {
	for _, role := range administrators {
		if g.Role != role {
			continue
		}
		held, err := db.All(tx, qGrantsOf, scanGrant, t, id)
		if err != nil {
			return err
		}
		mine := 0
		for _, h := range held {
			if h.Role == role {
				mine++
			}
		}
		others, err := db.Value[int](tx, qRoleHolders, t, string(role), id)
		if err != nil {
			return err
		}
		if others == 0 && mine == 1 && held[indexOf(held, role)].Grant == g {
			return fault.New(fault.Conflict, "identity.last_admin")
		}
	}
	return nil
}

func indexOf(held []grantRow, role actor.Role) int {
	for i, h := range held {
		if h.Role == role {
			return i
		}
	}
	return 0
}

// Effective is who an account would be at its next request: roles and scope as a session is given them,
// none for a disabled account. Whoever reads back what was taken away asks this.
func (s *Service) Effective(ctx context.Context, t ids.Tenant, id ids.Account) (actor.Actor, error) {
	a := actor.Actor{Kind: actor.Human, Tenant: t, Account: id}
	err := s.db.View(ctx, t, func(tx *db.Tx) error {
		acc, err := db.One(tx, qAccountByID, scanAccount, t, id)
		if fault.Is(err, fault.Missing) {
			return fault.New(fault.Missing, "identity.no_account")
		}
		if err != nil {
			return err
		}
		a.Person = acc.Person
		if acc.State != "active" {
			return nil
		}
		rows, err := db.All(tx, qGrantsOf, scanGrant, t, id)
		if err != nil {
			return err
		}
		var grants []Grant
		for _, r := range rows {
			grants = append(grants, r.Grant)
		}
		a.Roles, a.Sites, a.Depts = scope(grants)
		return nil
	})
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
