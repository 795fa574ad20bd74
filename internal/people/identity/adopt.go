package identity

import (
	"context"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

var (
	qUnbound      = db.GlobalQ("identity.unbound", `select `+accountColumns+` from identity_accounts a where a.mac is null`)
	qUnboundMails = db.GlobalQ("identity.unbound_mails", `select tenant_id, account_id, email, asked_at, due_at, mac from identity_email_changes where mac is null`)
	qAdopt        = db.Q("identity.adopt", `update identity_accounts set mac = $3, grants_mac = $4 where tenant_id = $1 and account_id = $2 and mac is null`)
	qAdoptMail    = db.Q("identity.adopt_mail", `update identity_email_changes set mac = $3 where tenant_id = $1 and account_id = $2 and mac is null`)
	qOldSessions  = db.GlobalQ("identity.old_sessions", `delete from identity_sessions where mac is null`)
	qOldDevices   = db.GlobalQ("identity.old_devices", `delete from identity_devices where mac is null`)
	qOldSignIns   = db.GlobalQ("identity.old_signins", `delete from identity_signins`)
)

// Adopt binds, once in the life of a data directory, the accounts and grants that an older version of the
// program has written without a MAC. Sessions, devices and open sign-ins are not adopted: everybody signs
// in anew. Whoever calls it makes sure that it never happens a second time (the key store remembers).
func (s *Service) Adopt(ctx context.Context) (accounts int, err error) {
	keys := map[ids.Tenant]*vault.Key{}
	key := func(t ids.Tenant) (*vault.Key, error) { // before the transaction: the key store is another database
		k, err := s.keys.Tenant(ctx, t)
		if fault.Is(err, fault.Missing) {
			return nil, nil // destroyed: nobody signs in there
		}
		return k, err
	}
	var rows []account
	var mails []emailRow
	grants := map[ids.Account][]grantRow{}
	if err := s.db.View(ctx, db.Global, func(tx *db.Tx) (err error) {
		if rows, err = db.All(tx, qUnbound, scanAccount); err != nil {
			return err
		}
		if mails, err = db.All(tx, qUnboundMails, scanEmail); err != nil {
			return err
		}
		seen := map[ids.Tenant]bool{}
		for _, a := range rows {
			if seen[a.Tenant] {
				continue
			}
			seen[a.Tenant] = true
			all, err := db.All(tx, qGrants, scanGrant, a.Tenant)
			if err != nil {
				return err
			}
			for _, g := range all {
				grants[g.account] = append(grants[g.account], g)
			}
		}
		return nil
	}); err != nil {
		return 0, err
	}
	for _, a := range rows {
		if keys[a.Tenant], err = key(a.Tenant); err != nil {
			return 0, err
		}
	}
	for _, m := range mails {
		if keys[m.tenant], err = key(m.tenant); err != nil {
			return 0, err
		}
	}
	err = s.transact(ctx, func(tx *db.Tx) error {
		accounts = 0
		for _, a := range rows {
			k := keys[a.Tenant]
			if k == nil {
				continue
			}
			if _, err := tx.Exec(qAdopt, a.Tenant, a.ID, accountMAC(k, &a), grantsMAC(k, a.ID, grants[a.ID])); err != nil {
				return err
			}
			accounts++
		}
		for _, m := range mails {
			if k := keys[m.tenant]; k != nil {
				if _, err := tx.Exec(qAdoptMail, m.tenant, m.account, emailMAC(k, m.account, m.asked, m.due)); err != nil {
					return err
				}
			}
		}
		for _, q := range []db.Query{qOldSessions, qOldDevices, qOldSignIns} {
			if _, err := tx.Exec(q); err != nil {
				return err
			}
		}
		return nil
	})
	return accounts, err
}
