package erasure

import (
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
)

// Rows of the subjects that lead in from outside (single sign-on, personnel systems), of the review of access, of
// support and of the way out: one of each for the tenant, and one for each person where rows are about people.
var (
	tConnection = db.Q("erasure_test.connection", `insert into sso_connections (tenant_id, connection_id, kind, config, created_at, changed_at) values ($1, 'c', 'oidc', $2, 1, 1)`)
	tConfirmed  = db.Q("erasure_test.confirmed", `insert into sso_confirmations (tenant_id, connection_id, sealed, confirmed_at) values ($1, 'c', $2, 1)`)
	tFlow       = db.Q("erasure_test.flow", `insert into sso_flows (tenant_id, flow_id, connection_id, token_hash, secret, answer, created_at) values ($1, $2, 'c', $3, $3, $3, 1)`)
	tLink       = db.Q("erasure_test.link", `insert into sso_links (tenant_id, link_id, connection_id, account_id, subject_index, subject, created_at, used_at) values ($1, $2, 'c', $2, $3, $4, 1, 1)`)
	tAssertion  = db.Q("erasure_test.assertion", `insert into sso_assertions (tenant_id, id, expires_at) values ($1, $2, 1)`)
	tOnlyRole   = db.Q("erasure_test.only_role", `insert into sso_only_roles (tenant_id, role, set_at) values ($1, 'employee', 1)`)

	tScimToken = db.Q("erasure_test.scim_token", `insert into scim_tokens (tenant_id, token_id, token_hash, sealed, created_at, expires_at) values ($1, $2, $3, $4, 1, 1)`)
	tScimGroup = db.Q("erasure_test.scim_group", `insert into scim_groups (tenant_id, group_id, sealed, version, created_at, changed_at) values ($1, 'g', $2, 1, 1, 1)`)
	tScimUser  = db.Q("erasure_test.scim_user", `insert into scim_users (tenant_id, account_id, external, changed_at) values ($1, $2, $3, 1)`)
	tScimAct   = db.Q("erasure_test.scim_act", `insert into scim_acts (tenant_id, act_id, token_id, account_id, what, sealed, done_at) values ($1, $2, 't', $2, 'created', $3, 1)`)
	tScimJoin  = db.Q("erasure_test.scim_join", `insert into scim_joins (tenant_id, account_id, sealed, asked_at) values ($1, $2, $3, 1)`)
	tScimGiven = db.Q("erasure_test.scim_given", `insert into scim_given (tenant_id, account_id, role) values ($1, $2, 'employee')`)

	tCampaign = db.Q("erasure_test.campaign", `insert into review_campaign (tenant_id, campaign_id, purpose, state, opened_at, due_at, ends_at, snapshot, opened_ref) values ($1, '2026-Q3', 'quarter', 'open', 1, 2, 3, 'x', 'x')`)
	tLine     = db.Q("erasure_test.line", `insert into review_line (tenant_id, campaign_id, line_no, addendum, kind, subject_id, role, site_id, dept_id, flags, subject, reason)
		values ($1, '2026-Q3', 1, 0, 'account', 'x', 'employee', '', '', '[]', $2, $2)`)
	tPace   = db.Q("erasure_test.pace", `insert into review_pace (tenant_id, campaign_id, account_id, since) values ($1, '2026-Q3', $2, 1)`)
	tNotice = db.Q("erasure_test.notice", `insert into review_notice (tenant_id, campaign_id, kind, account_id, asked_at) values ($1, '2026-Q3', 'remind-14', $2, 1)`)

	tSupport = db.Q("erasure_test.support", `insert into support_accesses (tenant_id, access_id, home_id, account_id, asker, scope, person, reason, ticket, minutes, asked_at, person_id, mac)
		values ($1, $2, 'home', 'desk', $4, 'person', $4, $4, 'T-1', 15, 1, $3, $4)`)
	tHandover = db.Q("erasure_test.handover", `insert into handover (tenant_id, handover_id, state, asked_by, asked_at) values ($1, 'h', 'ready', 'x', 1)`)
	tFollowup = db.Q("erasure_test.followup", `insert into checkup_followup (tenant_id, id, person_id, result_id, year, noted_by, noted_at, sealed)
		select tenant_id, $2, person_id, id, year, 'x', 1, sealed from checkup_result where tenant_id = $1 and person_id = $3 limit 1`)
)

// put is a statement with what it is given.
type put struct {
	db.Query
	args []any
}

// tenantRows go in first: what is about people refers to them.
func tenantRows(t ids.Tenant) []put {
	junk, token := []byte("junk"), []byte(ids.New[string]())
	return []put{
		{tTwoFactor, []any{t, junk}}, {tSetting, []any{t}}, {tRule, []any{t, junk}}, {tRetired, []any{t, junk}}, {tCanary, []any{t, junk}}, {tCriteria, []any{t}}, {tJob, []any{t, junk}},
		{tConnection, []any{t, junk}}, {tConfirmed, []any{t, junk}}, {tFlow, []any{t, string(token), token}}, {tAssertion, []any{t, junk}}, {tOnlyRole, []any{t}},
		{tScimToken, []any{t, string(token), token, junk}}, {tScimGroup, []any{t, junk}},
		{tCampaign, []any{t}}, {tLine, []any{t, junk}}, {tHandover, []any{t}},
	}
}

// personRows are about one person; id names the account and whatever else is the person's own.
func personRows(t ids.Tenant, p ids.Person, id, roster string, line int) []put {
	junk, token := []byte("junk"), []byte(ids.New[string]())
	return []put{
		{tAccount, []any{t, id, token, junk, p}}, {tGrant, []any{t, id}}, {tDevice, []any{t, id, token}}, {tSignin, []any{t, id, token}},
		{tSession, []any{t, id, token}}, {tAsserted, []any{t, id, junk}}, {tMailMove, []any{t, id, junk}}, {tReset, []any{t, id}}, {tFailing, []any{t, id, junk}}, {tSealed, []any{t, id, junk}}, {tShared, []any{t, id, junk}},
		{tTOTP, []any{t, id, junk}}, {tPasskey, []any{t, id, token, junk}}, {tRecovery, []any{t, id, token}}, {tCeremony, []any{t, id, token, junk}},
		{tConsent, []any{t, id, p}}, {tOpinion, []any{t, id, p}}, {tFollowup, []any{t, id, p}},
		{tStage, []any{t, roster, line, p, junk}}, {tStageEvent, []any{t, roster, line, p, junk}}, {tEvent, []any{t, p, id, junk}},
		{tLink, []any{t, id, token, junk}}, {tScimUser, []any{t, id, junk}}, {tScimAct, []any{t, id, junk}}, {tScimJoin, []any{t, id, junk}}, {tScimGiven, []any{t, id}},
		{tPace, []any{t, id}}, {tNotice, []any{t, id}}, {tSupport, []any{t, id, p, junk}},
	}
}
