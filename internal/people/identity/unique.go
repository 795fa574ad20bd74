package identity

import (
	"context"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
)

// sharedDevices is how many browsers that passed both steps within a week make an account look shared: a
// flag with evidence for people to judge, not a verdict.
const sharedDevices = 5

var (
	qAllAccounts = db.GlobalQ("identity.all_accounts", `select `+accountColumns+` from identity_accounts a order by a.tenant_id`)
	qShared      = db.GlobalQ("identity.shared", `select count(*) from (select d.account_id from identity_devices d where d.used_at > $1 group by d.tenant_id, d.account_id having count(*) >= $2) s`)
)

// Uniqueness counts the accounts of every tenant, the login IDs and people that have more than one, and
// the accounts that look shared.
func (s *Service) Uniqueness(ctx context.Context) (accounts, twice, shared int, err error) {
	var rows []account
	if err := s.db.View(ctx, db.Global, func(tx *db.Tx) (err error) {
		if rows, err = db.All(tx, qAllAccounts, scanAccount); err != nil {
			return err
		}
		shared, err = db.Value[int](tx, qShared, db.Micros(time.Now().Add(-7*24*time.Hour)), sharedDevices)
		return err
	}); err != nil {
		return 0, 0, 0, err
	}
	seen := map[string]bool{}
	once := func(t ids.Tenant, what string) {
		if seen[string(t)+what] {
			twice++
		}
		seen[string(t)+what] = true
	}
	for _, r := range rows {
		k, err := s.keys.Tenant(ctx, r.Tenant)
		if fault.Is(err, fault.Missing) {
			continue // the tenant's key is destroyed
		}
		if err != nil {
			return 0, 0, 0, err
		}
		login, err := k.Open(at(accountsTable, string(r.ID), "login"), r.login)
		if err != nil {
			return 0, 0, 0, err
		}
		once(r.Tenant, "/login/"+NormalLogin(string(login)))
		if r.Person != "" {
			once(r.Tenant, "/person/"+string(r.Person))
		}
	}
	return len(rows), twice, shared, nil
}
