package identity

import (
	"context"
	"slices"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

var qPrivileged = db.GlobalQ("identity.privileged", `select a.tenant_id, a.account_id, g.role,
		(select count(*) from identity_totp o where o.tenant_id = a.tenant_id and o.account_id = a.account_id) + (select count(*) from identity_passkeys p where p.tenant_id = a.tenant_id and p.account_id = a.account_id)
	from identity_accounts a join identity_grants g on g.tenant_id = a.tenant_id and g.account_id = a.account_id where a.state = 'active' order by a.tenant_id, a.account_id`)

// inProbe changes something about an account of a probe tenant, in one transaction.
func (s *Service) inProbe(ctx context.Context, tenantCode, login string, change func(*db.Tx, *vault.Key, ids.Tenant, ids.Account) error) error {
	info, err := s.ownProbe(s.tenants.TenantByCode(ctx, tenantCode))
	if err != nil {
		return err
	}
	k, err := s.keys.Tenant(ctx, info.ID)
	if err != nil {
		return err
	}
	return s.transact(ctx, func(tx *db.Tx) error {
		a, err := db.One(tx, qAccountByLogin, scanAccount, info.ID, s.loginIndex(k, login))
		if err != nil {
			return err
		}
		return change(tx, k, info.ID, a.ID)
	})
}

// DropFactors takes the factors of a probe account away. It is recorded.
func (s *Service) DropFactors(ctx context.Context, tenantCode, login string) error {
	return s.inProbe(ctx, tenantCode, login, func(tx *db.Tx, k *vault.Key, t ids.Tenant, id ids.Account) error {
		n := int64(0)
		for _, q := range []db.Query{qTOTPDrop, qPasskeysDrop, qRecoveryDrop} {
			m, err := tx.Exec(q, t, id)
			if err != nil {
				return err
			}
			n += m
		}
		if n == 0 {
			return nil
		}
		if err := s.countFactors(tx, k, t, id); err != nil {
			return err
		}
		return s.record(tx, "auth.probe_cleared", actor.System(t, "probe"), "ok", map[string]any{"account": string(id), "factors": int(n)})
	})
}

// RewindApp lets the half minute of the newest code of a probe account's app be over, as if that time had gone by.
func (s *Service) RewindApp(ctx context.Context, tenantCode, login string) error {
	return s.inProbe(ctx, tenantCode, login, func(tx *db.Tx, k *vault.Key, t ids.Tenant, id ids.Account) error {
		r, err := db.One(tx, qTOTP, scanTOTP, t, id)
		if err != nil {
			return err
		}
		_, err = tx.Exec(qTOTPUse, t, id, 0, totpMAC(k, id, r.secret, 0), r.used, r.step)
		return err
	})
}

// PrivilegedFactors counts the active accounts of customers and of the association that hold a privileged
// role (those for which new tenants require two factors), and those of them that have a factor.
func (s *Service) PrivilegedFactors(ctx context.Context) (privileged, with int, err error) {
	type row struct {
		tenant  ids.Tenant
		account ids.Account
		role    string
		factors int
	}
	var rows []row
	err = s.db.View(ctx, db.Global, func(tx *db.Tx) (err error) {
		rows, err = db.All(tx, qPrivileged, func(r db.Scanner) (v row, err error) {
			return v, r.Scan(&v.tenant, &v.account, &v.role, &v.factors)
		})
		return err
	})
	if err != nil {
		return 0, 0, err
	}
	probes, seen := map[ids.Tenant]bool{}, map[ids.Account]bool{}
	for _, r := range rows {
		if seen[r.account] || !slices.Contains(DefaultPolicy().TwoFactor, actor.Role(r.role)) {
			continue
		}
		if _, known := probes[r.tenant]; !known {
			info, err := s.tenants.TenantByID(ctx, r.tenant)
			if err != nil && !fault.Is(err, fault.Missing) {
				return 0, 0, err
			}
			probes[r.tenant] = err != nil || info.Probe || info.Closed
		}
		if probes[r.tenant] {
			continue
		}
		seen[r.account] = true
		privileged++
		if r.factors > 0 {
			with++
		}
	}
	return privileged, with, nil
}
