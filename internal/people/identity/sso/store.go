package sso

import (
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
)

const (
	connectionsTable = "sso_connections"
	flowsTable       = "sso_flows"
	linksTable       = "sso_links"
)

// connectionColumns are a connection with its confirmation, when it has one.
const connectionColumns = `c.tenant_id, c.connection_id, c.kind, c.config, c.enabled, c.created_at, c.changed_at, f.sealed from sso_connections c
		left join sso_confirmations f on f.tenant_id = c.tenant_id and f.connection_id = c.connection_id`

var (
	qConnections      = db.Q("sso.connections", `select `+connectionColumns+` where c.tenant_id = $1 order by c.created_at, c.connection_id`)
	qConnection       = db.Q("sso.connection", `select `+connectionColumns+` where c.tenant_id = $1 and c.connection_id = $2`)
	qConnectionAny    = db.GlobalQ("sso.connection_any", `select `+connectionColumns+` where c.connection_id = $1`)
	qConnectionInsert = db.Q("sso.connection_insert", `insert into sso_connections (tenant_id, connection_id, kind, config, enabled, created_at, changed_at) values ($1, $2, $3, $4, $5, $6, $6)`)
	qConnectionSet    = db.Q("sso.connection_set", `update sso_connections set config = $3, enabled = $4, changed_at = $5 where tenant_id = $1 and connection_id = $2`)
	qConnectionDelete = db.Q("sso.connection_delete", `delete from sso_connections where tenant_id = $1 and connection_id = $2`)

	qFlowInsert = db.Q("sso.flow_insert", `insert into sso_flows (tenant_id, flow_id, connection_id, token_hash, secret, answer, created_at) values ($1, $2, $3, $4, $5, $6, $7)`)
	qFlow       = db.GlobalQ("sso.flow", `select tenant_id, flow_id, connection_id, state, secret, answer, created_at from sso_flows where token_hash = $1`)
	qFlowByID   = db.Q("sso.flow_by_id", `select tenant_id, flow_id, connection_id, state, secret, answer, created_at from sso_flows where tenant_id = $1 and flow_id = $2`)
	qFlowState  = db.Q("sso.flow_state", `update sso_flows set state = $4, answer = $5 where tenant_id = $1 and flow_id = $2 and state = $3`)
	qFlowsSweep = db.GlobalQ("sso.flows_sweep", `delete from sso_flows where created_at <= $1`)

	qLinkBySubject = db.Q("sso.link_by_subject", `select link_id, connection_id, account_id, subject, created_at, used_at from sso_links where tenant_id = $1 and subject_index = $2`)
	qLinkByAccount = db.Q("sso.link_by_account", `select link_id, connection_id, account_id, subject, created_at, used_at from sso_links where tenant_id = $1 and connection_id = $2 and account_id = $3`)
	qLinks         = db.Q("sso.links", `select link_id, connection_id, account_id, subject, created_at, used_at from sso_links where tenant_id = $1 order by created_at, link_id`)
	qLinkInsert    = db.Q("sso.link_insert", `insert into sso_links (tenant_id, link_id, connection_id, account_id, subject_index, subject, created_at, used_at) values ($1, $2, $3, $4, $5, $6, $7, $7)`)
	qLinkUsed      = db.Q("sso.link_used", `update sso_links set used_at = $3 where tenant_id = $1 and link_id = $2`)
	qLinkDelete    = db.Q("sso.link_delete", `delete from sso_links where tenant_id = $1 and link_id = $2`)
	qLinksDelete   = db.Q("sso.links_delete", `delete from sso_links where tenant_id = $1 and connection_id = $2`)
	qFlowsDelete   = db.Q("sso.flows_delete", `delete from sso_flows where tenant_id = $1 and connection_id = $2`)

	// A second use of an assertion inserts nothing.
	qAssertionUse    = db.Q("sso.assertion_use", `insert into sso_assertions (tenant_id, id, expires_at) values ($1, $2, $3) on conflict (tenant_id, id) do nothing`)
	qAssertionsSweep = db.GlobalQ("sso.assertions_sweep", `delete from sso_assertions where expires_at <= $1`)

	qOnlyRoles      = db.Q("sso.only_roles", `select role from sso_only_roles where tenant_id = $1 order by role`)
	qOnlyRoleInsert = db.Q("sso.only_role_insert", `insert into sso_only_roles (tenant_id, role, set_at) values ($1, $2, $3)`)
	qOnlyRolesClear = db.Q("sso.only_roles_clear", `delete from sso_only_roles where tenant_id = $1`)
)

type connectionRow struct {
	tenant           ids.Tenant
	id               string
	kind             Kind
	config, confirm  []byte
	enabled          int
	created, changed int64
}

func scanConnection(s db.Scanner) (r connectionRow, err error) {
	return r, s.Scan(&r.tenant, &r.id, &r.kind, &r.config, &r.enabled, &r.created, &r.changed, &r.confirm)
}

type flowRow struct {
	tenant         ids.Tenant
	id, connection string
	state          string
	secret, answer []byte
	created        int64
}

func scanFlow(s db.Scanner) (r flowRow, err error) {
	return r, s.Scan(&r.tenant, &r.id, &r.connection, &r.state, &r.secret, &r.answer, &r.created)
}

type linkRow struct {
	id, connection string
	account        ids.Account
	subject        []byte
	created, used  int64
}

func scanLink(s db.Scanner) (r linkRow, err error) {
	return r, s.Scan(&r.id, &r.connection, &r.account, &r.subject, &r.created, &r.used)
}
