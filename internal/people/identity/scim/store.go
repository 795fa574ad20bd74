package scim

import (
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
)

const tokenColumns = `tenant_id, token_id, token_hash, sealed, created_at, expires_at, used_at, revoked_at`

var (
	qTokens      = db.Q("scim.tokens", `select `+tokenColumns+` from scim_tokens where tenant_id = $1 order by created_at desc, token_id`)
	qTokenByHash = db.GlobalQ("scim.token_by_hash", `select `+tokenColumns+` from scim_tokens where token_hash = $1`)
	qTokenInsert = db.Q("scim.token_insert", `insert into scim_tokens (tenant_id, token_id, token_hash, sealed, created_at, expires_at) values ($1, $2, $3, $4, $5, $6)`)
	qTokenRevoke = db.Q("scim.token_revoke", `update scim_tokens set revoked_at = $3 where tenant_id = $1 and token_id = $2 and revoked_at = 0`)
	qTokenUsed   = db.Q("scim.token_used", `update scim_tokens set used_at = $3 where tenant_id = $1 and token_id = $2 and used_at < $3`)

	qUsers   = db.Q("scim.users", `select account_id, external, disabled, deleted_at, changed_at from scim_users where tenant_id = $1`)
	qUserPut = db.Q("scim.user_put", `insert into scim_users (tenant_id, account_id, external, disabled, deleted_at, changed_at) values ($1, $2, $3, $4, $5, $6)
		on conflict (tenant_id, account_id) do update set external = excluded.external, disabled = excluded.disabled, deleted_at = excluded.deleted_at, changed_at = excluded.changed_at`)

	qGroups      = db.Q("scim.groups", `select group_id, sealed, version, created_at, changed_at from scim_groups where tenant_id = $1 order by created_at, group_id`)
	qGroupInsert = db.Q("scim.group_insert", `insert into scim_groups (tenant_id, group_id, sealed, version, created_at, changed_at) values ($1, $2, $3, 1, $4, $4)`)
	qGroupSet    = db.Q("scim.group_set", `update scim_groups set sealed = $4, version = version + 1, changed_at = $5 where tenant_id = $1 and group_id = $2 and version = $3`)
	qGroupDelete = db.Q("scim.group_delete", `delete from scim_groups where tenant_id = $1 and group_id = $2`)

	qGiven       = db.Q("scim.given", `select account_id, role from scim_given where tenant_id = $1`)
	qGivenInsert = db.Q("scim.given_insert", `insert into scim_given (tenant_id, account_id, role) values ($1, $2, $3) on conflict (tenant_id, account_id, role) do nothing`)
	qGivenDelete = db.Q("scim.given_delete", `delete from scim_given where tenant_id = $1 and account_id = $2 and role = $3`)
)

type userRow struct {
	account          ids.Account
	external         []byte
	disabled         int
	deleted, changed int64
}

func scanUser(s db.Scanner) (r userRow, err error) {
	return r, s.Scan(&r.account, &r.external, &r.disabled, &r.deleted, &r.changed)
}

type groupRow struct {
	id               string
	sealed           []byte
	version          int64
	created, changed int64
}

func scanGroup(s db.Scanner) (r groupRow, err error) {
	return r, s.Scan(&r.id, &r.sealed, &r.version, &r.created, &r.changed)
}
