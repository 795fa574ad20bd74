package identity

import (
	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
)

const accountColumns = `a.tenant_id, a.account_id, a.login, a.name, a.email, a.person_id, a.state, a.password_hash, a.password_rules, a.must_change, a.first_until, a.failures, a.locked_at, a.created_at, a.signed_in_at, a.login_index, a.password_set_at, a.mac, a.grants_mac, a.personnel, a.factors`

var (
	qAccountInsert = db.Q("identity.account_insert", `insert into identity_accounts (tenant_id, account_id, login_index, login, name, email, person_id, password_hash, password_rules, password_set_at, must_change, first_until, created_at, mac, personnel)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`)
	qAccountByLogin = db.Q("identity.account_by_login", `select `+accountColumns+` from identity_accounts a where a.tenant_id = $1 and a.login_index = $2`)
	qAccountByID    = db.Q("identity.account_by_id", `select `+accountColumns+` from identity_accounts a where a.tenant_id = $1 and a.account_id = $2`)
	qAccounts       = db.Q("identity.accounts", `select `+accountColumns+` from identity_accounts a where a.tenant_id = $1 order by a.created_at, a.account_id`)
	qAccountAmend   = db.Q("identity.account_amend", `update identity_accounts set state = $3, password_hash = $4, password_rules = $5, password_set_at = $6, must_change = $7, first_until = $8, mac = $9, personnel = $11, factors = $12
		where tenant_id = $1 and account_id = $2 and mac = $10`)
	qAccountWait = db.Q("identity.account_wait", `update identity_accounts set state = state where tenant_id = $1 and account_id = $2`)
	qGrantsBind  = db.Q("identity.grants_bind", `update identity_accounts set grants_mac = $3 where tenant_id = $1 and account_id = $2`)
	qHashes      = db.GlobalQ("identity.hashes", `select password_hash from identity_accounts`)
	qRetired     = db.Q("identity.retired", `select count(*) from identity_retired where tenant_id = $1 and login_index = $2`) // of erased people

	qGrantInsert = db.Q("identity.grant_insert", `insert into identity_grants (tenant_id, account_id, role, site_id, dept_id, granted_at, granted_by, vouched_at, vouched_by) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`)
	qGrantClear  = db.Q("identity.grant_clear", `delete from identity_grants where tenant_id = $1 and account_id = $2`)
	qGrants      = db.Q("identity.grants", `select account_id, role, site_id, dept_id, granted_at, granted_by, vouched_at, vouched_by from identity_grants where tenant_id = $1 order by account_id, role, site_id, dept_id`)

	// The counters decide here: an attempt is counted before its password is looked at, and no statement
	// gives a number above the limit.
	qCount      = db.Q("identity.count", `update identity_accounts set failures = failures + 1 where tenant_id = $1 and account_id = $2 and failures < $3 and state = 'active' returning failures`)
	qGiveBack   = db.Q("identity.give_back", `update identity_accounts set failures = case when failures > 0 then failures - 1 else 0 end where tenant_id = $1 and account_id = $2 and locked_at = 0 returning failures`)
	qLock       = db.Q("identity.lock", `update identity_accounts set locked_at = $3, failures = $4 where tenant_id = $1 and account_id = $2 and locked_at = 0`)
	qLockIfFull = db.Q("identity.lock_if_full", `update identity_accounts set locked_at = $3 where tenant_id = $1 and account_id = $2 and locked_at = 0 and failures >= $4`)
	qForgive    = db.Q("identity.forgive", `update identity_accounts set failures = 0 where tenant_id = $1 and account_id = $2 and locked_at = 0`)
	qUnlock     = db.Q("identity.unlock", `update identity_accounts set failures = 0, locked_at = 0 where tenant_id = $1 and account_id = $2`)
	qSignedInAt = db.Q("identity.signed_in_at", `update identity_accounts set signed_in_at = $3 where tenant_id = $1 and account_id = $2`)

	qDeviceInsert  = db.Q("identity.device_insert", `insert into identity_devices (tenant_id, device_id, account_id, token_hash, created_at, used_at, expires_at, mac) values ($1, $2, $3, $4, $5, $5, $6, $7)`)
	qDevice        = db.Q("identity.device", `select device_id, created_at, mac from identity_devices where tenant_id = $1 and account_id = $2 and token_hash = $3 and expires_at > $4`)
	qDeviceCount   = db.Q("identity.device_count", `update identity_devices set failures = failures + 1 where tenant_id = $1 and device_id = $2 and failures < $3 returning failures`)
	qDeviceBack    = db.Q("identity.device_give_back", `update identity_devices set failures = case when failures > 0 then failures - 1 else 0 end where tenant_id = $1 and device_id = $2 returning failures`)
	qDeviceEnd     = db.Q("identity.device_end", `delete from identity_devices where tenant_id = $1 and device_id = $2`)
	qDeviceForgive = db.Q("identity.device_forgive", `update identity_devices set failures = 0, used_at = $3, expires_at = $4 where tenant_id = $1 and device_id = $2`)
	qDevicesUnlock = db.Q("identity.devices_unlock", `update identity_devices set failures = 0 where tenant_id = $1 and account_id = $2`)
	qDevicesEnd    = db.Q("identity.devices_end", `delete from identity_devices where tenant_id = $1 and account_id = $2`)

	// A row comes back only when the attempt is not too early; then it is already counted.
	qThrottle = db.Q("identity.throttle", `insert into identity_throttle (tenant_id, id, failures, next_at, expires_at) values ($1, $2, 1, 0, $4)
		on conflict (tenant_id, id) do update set failures = case when identity_throttle.expires_at <= $3 then 1 else identity_throttle.failures + 1 end, expires_at = excluded.expires_at
		where identity_throttle.next_at <= $3 or identity_throttle.expires_at <= $3 returning failures`)
	qThrottleNext   = db.Q("identity.throttle_next", `select next_at from identity_throttle where tenant_id = $1 and id = $2 and next_at > $3 and expires_at > $3`)
	qThrottleWait   = db.Q("identity.throttle_wait", `update identity_throttle set next_at = $3 where tenant_id = $1 and id = $2 and next_at < $3`)
	qThrottleBack   = db.Q("identity.throttle_give_back", `update identity_throttle set failures = failures - 1, next_at = 0 where tenant_id = $1 and id = $2 and failures > 0`)
	qThrottleForget = db.Q("identity.throttle_forget", `delete from identity_throttle where tenant_id = $1 and id = $2`)
	qThrottleSweep  = db.Q("identity.throttle_sweep", `delete from identity_throttle where tenant_id = $1 and expires_at <= $2`)
)

type account struct {
	Tenant                ids.Tenant
	ID                    ids.Account
	login, name, email    []byte
	Person                ids.Person
	State                 string
	Hash                  string
	Rules                 int
	MustChange            int
	FirstUntil            int64
	Failures              int
	LockedAt              int64
	CreatedAt, SignedInAt int64
	loginIndex            []byte
	SetAt                 int64
	mac, grantsMAC        []byte // see bound.go
	Personnel             actor.Personnel
	Factors               int // apps and passkeys of its own
}

func (a *account) dest() []any {
	return []any{&a.Tenant, &a.ID, &a.login, &a.name, &a.email, &a.Person, &a.State, &a.Hash, &a.Rules, &a.MustChange, &a.FirstUntil, &a.Failures, &a.LockedAt, &a.CreatedAt, &a.SignedInAt, &a.loginIndex, &a.SetAt, &a.mac, &a.grantsMAC, &a.Personnel, &a.Factors}
}

func scanAccount(s db.Scanner) (account, error) {
	var a account
	err := s.Scan(a.dest()...)
	return a, err
}

type grantRow struct {
	account ids.Account
	Grant
	at        int64
	by        string
	vouchedAt int64 // 0: nobody has vouched; see second.go
	vouchedBy string
}

func scanGrant(s db.Scanner) (grantRow, error) {
	var g grantRow
	var role string
	err := s.Scan(&g.account, &role, &g.Site, &g.Dept, &g.at, &g.by, &g.vouchedAt, &g.vouchedBy)
	g.Role = actor.Role(role)
	return g, err
}
