package erasure

import (
	"context"
	"fmt"
	"slices"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
)

// What no service of the bed writes is put in by hand, so that every declared table has rows to lose.
var (
	tAccount = db.Q("erasure_test.account", `insert into identity_accounts (tenant_id, account_id, login_index, login, name, email, person_id, password_hash, password_rules, password_set_at, created_at)
		values ($1, $2, $3, $4, $4, $4, $5, 'x', 1, 1, 1)`)
	tGrant    = db.Q("erasure_test.grant", `insert into identity_grants (tenant_id, account_id, role, granted_at, granted_by) values ($1, $2, 'employee', 1, 'x')`)
	tDevice   = db.Q("erasure_test.device", `insert into identity_devices (tenant_id, device_id, account_id, token_hash, created_at, used_at, expires_at) values ($1, $2, $2, $3, 1, 1, 1)`)
	tSignin   = db.Q("erasure_test.signin", `insert into identity_signins (tenant_id, signin_id, account_id, token_hash, throttle, code_mac, sent_at, created_at) values ($1, $2, $2, $3, 'x', $3, 1, 1)`)
	tSession  = db.Q("erasure_test.session", `insert into identity_sessions (tenant_id, session_id, account_id, token_hash, addr, agent, created_at, seen_at) values ($1, $2, $2, $3, $3, $3, 1, 1)`)
	tAsserted = db.Q("erasure_test.asserted", `insert into identity_asserted (tenant_id, id, account_id, sealed, created_at) values ($1, $2, $2, $3, 1)`)
	tMailMove = db.Q("erasure_test.mail_move", `insert into identity_email_changes (tenant_id, account_id, email, asked_at, due_at) values ($1, $2, $3, 1, 1)`)
	tFailing  = db.Q("erasure_test.failing", `insert into identity_mail_failing (tenant_id, account_id, how, failed_at, address, mac) values ($1, $2, 'returned', 1, $3, $3)`)
	tShared   = db.Q("erasure_test.shared", `insert into identity_shared_seen (tenant_id, account_id, devices, seen_at, seen_by, reason, mac) values ($1, $2, 5, 1, $2, $3, $3)`)
	tSealed   = db.Q("erasure_test.sealed", `insert into identity_sealed (tenant_id, account_id, state, codes, sealed_at, sealed_by, mac) values ($1, $2, 'sealed', $3, 1, 'x', $3)`)
	tReset    = db.Q("erasure_test.reset", `insert into identity_resets (tenant_id, account_id, asked_at) values ($1, $2, 1)`)
	tConsent  = db.Q("erasure_test.consent", `insert into consent (tenant_id, id, person_id, kind, given, by_account, at) values ($1, $2, $3, 'x', 1, 'x', 1)`)
	tOpinion  = db.Q("erasure_test.opinion", `insert into work_opinion (tenant_id, id, person_id, result_id, year, decided_by, decided_at, sealed)
		select tenant_id, $2, person_id, id, year, 'x', 1, sealed from checkup_result where tenant_id = $1 and person_id = $3 limit 1`)
	tStage = db.Q("erasure_test.stage", `insert into roster_stage (tenant_id, import_id, line, person_id, number_index, identity_index, site_id, dept_id, left_on, sealed)
		select tenant_id, $2, $3, $4, $5, $5, '', '', 0, $5 from tenant where tenant_id = $1`)
	tStageEvent = db.Q("erasure_test.stage_event", `insert into roster_stage_event (tenant_id, import_id, line, event_id, person_id, kind, day, site_id, dept_id, sealed) values ($1, $2, $3, 'e', $4, 'joined', 1, '', '', $5)`)
	tSetting    = db.Q("erasure_test.setting", `insert into identity_settings (tenant_id, screen_minutes, changed_at) values ($1, 30, 1)`)
	tRule       = db.Q("erasure_test.rule", `insert into retention_rule (tenant_id, class, years, sealed, set_by, set_at) values ($1, 'x', 7, $2, 'x', 1)`)
	tRetired    = db.Q("erasure_test.retired", `insert into identity_retired (tenant_id, login_index) values ($1, $2)`)
	tEvent      = db.Q("erasure_test.event", `insert into person_event (tenant_id, person_id, event_id, kind, day, site_id, dept_id, sealed, import_id, account_id, at) values ($1, $2, $3, 'moved', 1, '', '', $4, '', '', 1)`)
	tCanary     = db.Q("erasure_test.canary", `insert into vault_canary (tenant_id, written_at, by_tenant, by_person) values ($1, 1, $2, $2)`)
	tCriteria   = db.Q("erasure_test.criteria", `insert into checkup_criteria (tenant_id, id, state, body, created_by, created_at) values ($1, 'own', 'draft', '{}', 'x', 1)`)
	tImport     = db.Q("erasure_test.import", `select import_id from roster_import where tenant_id = $1 limit 1`)
	tJob        = db.Q("erasure_test.job", `insert into job (tenant_id, job_id, kind, slot, payload, state, run_at, attempt, node, process, lease_until, error, created_at, finished_at)
		values ($1, 'j', 'test.none', '', $2, 'ready', 1, 0, '', '', 0, '', 1, 0)`)
)

var (
	tTOTP     = db.Q("erasure_test.totp", `insert into identity_totp (tenant_id, account_id, secret, step, mac, created_at) values ($1, $2, $3, 1, $3, 1)`)
	tPasskey  = db.Q("erasure_test.passkey", `insert into identity_passkeys (tenant_id, passkey_id, account_id, credential_index, credential, name, created_at) values ($1, $2, $2, $3, $4, $4, 1)`)
	tRecovery = db.Q("erasure_test.recovery", `insert into identity_recovery (tenant_id, account_id, code_mac, created_at) values ($1, $2, $3, 1)`)
	tCeremony = db.Q("erasure_test.ceremony", `insert into identity_ceremonies (tenant_id, ceremony_id, account_id, kind, token_hash, data, created_at, expires_at) values ($1, $2, $2, 'x', $3, $4, 1, 1)`)
	// A tenant may have chosen before the test fills its tables.
	tTwoFactor = db.Q("erasure_test.two_factor", `insert into identity_two_factor (tenant_id, roles, changed_at) values ($1, $2, 1) on conflict (tenant_id) do update set roles = excluded.roles`)
)

func (b *bed) fillRest(t ids.Tenant) {
	b.Helper()
	b.put(t, tenantRows(t))
	var roster string
	b.must(b.e.DB.View(context.Background(), t, func(tx *db.Tx) (err error) {
		roster, err = db.Value[string](tx, tImport, t)
		return err
	}))
	var rows []put
	for i, p := range b.people(t) {
		rows = append(rows, personRows(t, p, ids.New[string](), roster, i)...)
	}
	for some := range slices.Chunk(rows, 10_000) {
		b.put(t, some)
	}
	b.must(b.e.DB.Tx(context.Background(), t, func(tx *db.Tx) error {
		_, err := b.log.Append(tx, audit.Event{Verb: "checkup.view", Actor: actor.System(t, "test"), Subjects: b.people(t)[:1], Kind: "checkup.values"})
		return err
	}))
}

func (b *bed) put(t ids.Tenant, rows []put) {
	b.Helper()
	b.must(b.e.DB.Tx(context.Background(), t, func(tx *db.Tx) error {
		if err := tx.Replan(); err != nil { // or every row of a great many looks for the one it refers to among all
			return err
		}
		for _, r := range rows {
			if _, err := tx.Exec(r.Query, r.args...); err != nil {
				return fmt.Errorf("%s: %w", r.Name(), err)
			}
		}
		return nil
	}))
}
