package webtest

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"rakudos/internal/app"
	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
	"rakudos/internal/governance/erasure"
	"rakudos/internal/health/checkup"
	"rakudos/internal/operations/asset"
	"rakudos/internal/operations/keys"
	"rakudos/internal/people/identity"
	"rakudos/internal/people/org"
	"rakudos/internal/testkit/testdb"
	"rakudos/migrations"
)

const (
	ofTheMAC   = "the row's MAC covers the bytes as they lie there: the version stays until the row is written again or goes"
	ofMinutes  = "gone within minutes or an hour"
	ofTheHouse = "under the service's own key in a customer's row: opens by the version that it names, which stays as long as the log"
)

// sealedOnce are sealed and no rotation seals them again: they open by the version that they name, and a version
// under which anything stands is never destroyed.
var sealedOnce = map[string]string{
	"audit_event.sealed":  "the log is written once",
	"roster_stage.sealed": ofMinutes, "roster_stage_event.sealed": ofMinutes, "sso_flows.secret": ofMinutes, "sso_flows.answer": ofMinutes, "identity_ceremonies.data": ofMinutes,
	"identity_totp.secret": ofTheMAC, "identity_sealed.codes": ofTheMAC, "identity_sealed.reason": ofTheMAC, "identity_sealed.finding": ofTheMAC, "identity_shared_seen.reason": ofTheMAC,
	"support_accesses.asker": ofTheMAC, "support_accesses.person": ofTheMAC, "support_accesses.reason": ofTheMAC, "support_accesses.decider": ofTheMAC,
	"erasure_run.sealed":     ofTheHouse,
	"vault_canary.by_tenant": "made anew by its probe", "vault_canary.by_person": "made anew by its probe",
}

// notSealed are binary and not sealed: hashes, blind indexes, MACs, signatures, and payloads that are numbers.
var notSealed = []string{
	"audit_chain.hash", "audit_event.commitment", "audit_event.prev", "audit_event.hash", "audit_seal.heads", "audit_seal.signature",
	"identity_accounts.login_index", "identity_accounts.mac", "identity_accounts.grants_mac", "identity_devices.token_hash", "identity_devices.mac",
	"identity_signins.token_hash", "identity_signins.code_mac", "identity_sessions.token_hash", "identity_sessions.mac", "identity_email_changes.mac",
	"identity_totp.mac", "identity_passkeys.credential_index", "identity_recovery.code_mac", "identity_ceremonies.token_hash", "identity_sealed.mac",
	"identity_retired.login_index", "identity_mail_failing.address", "identity_mail_failing.mac", "identity_shared_seen.mac", "tenant.mac",
	"sso_flows.token_hash", "sso_links.subject_index", "sso_assertions.id", "scim_tokens.token_hash", "support_accesses.mac",
	"import_batch.accepted_mac", "checkup_result.digest", "checkup_mapping.fingerprint", "site.code_index", "dept.name_index",
	"person.number_index", "person.identity_index", "roster_stage.number_index", "roster_stage.identity_index",
	"evidence.mac", "review_line.mac", "retention_candidate.mac", "retention_rule.mac", "erasure_run.ledger_hash", "certificate.about", "termination.about", "job.payload", "asset_canary.content",
}

var (
	tableBegins = regexp.MustCompile(`^create table (\w+)`)
	tableGrows  = regexp.MustCompile(`^alter table (\w+) add column (\w+)\s+@blob`)
	blobColumn  = regexp.MustCompile(`^\s+(\w+)\s+@blob`)
)

// binaryColumns reads the migrations.
func binaryColumns(t *testing.T) (out []string) {
	t.Helper()
	files, err := fs.Glob(migrations.Main(), "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := fs.ReadFile(migrations.Main(), file)
		if err != nil {
			t.Fatal(err)
		}
		table := ""
		for line := range strings.Lines(string(text)) {
			if m := tableBegins.FindStringSubmatch(line); m != nil {
				table = m[1]
			} else if m := tableGrows.FindStringSubmatch(line); m != nil {
				out = append(out, m[1]+"."+m[2])
			} else if m := blobColumn.FindStringSubmatch(line); m != nil {
				out = append(out, table+"."+m[1])
			}
		}
	}
	return out
}

func declaredColumns() map[string]vault.Column {
	out := map[string]vault.Column{}
	for _, c := range app.SealedColumns {
		out[c.Table+"."+c.Name] = c
	}
	return out
}

// TestEveryBinaryColumnIsNamed: a new one is declared for the rotation of keys (SealedColumns in internal/app/keys.go),
// or stands above with the reason why it is not sealed again, or is not sealed at all.
func TestEveryBinaryColumnIsNamed(t *testing.T) {
	declared, named := declaredColumns(), map[string]int{}
	for name := range declared {
		named[name]++
	}
	for name := range sealedOnce {
		named[name]++
	}
	for _, name := range notSealed {
		named[name]++
	}
	all := binaryColumns(t)
	if len(all) < 90 {
		t.Fatalf("only %d binary columns were found", len(all))
	}
	for _, name := range all {
		if named[name] != 1 {
			t.Errorf("%s is named %d times: a rotation of keys must know whether it seals it again", name, named[name])
		}
		delete(named, name)
	}
	for name := range named {
		t.Errorf("%s is named and does not exist", name)
	}
}

// TestEverySealedColumnIsSealedAgain fills the tables, by the services and as the services seal, rotates every key, and
// looks at every binary value of every table: what begins like a sealed one and still names the first version must
// stand in sealedOnce, what is declared must have moved and open, and what is said not to be sealed must not be.
func TestEverySealedColumnIsSealedAgain(t *testing.T) {
	for _, engine := range testdb.Engines {
		t.Run(string(engine), func(t *testing.T) {
			h := Start(t, engine)
			who := actor.HostOperator(ids.System, "keys")
			midori, person := furnished(t, h)
			for _, r := range []keys.Request{{Kind: keys.Tenant, Tenant: ids.System}, {Kind: keys.Tenant, Tenant: midori}, {Kind: keys.Person, Tenant: midori, Person: person}} {
				r.Reason = "試験"
				if w, err := h.KeyRing.Now(t.Context(), who, r, nil); err != nil || w.State != keys.Done {
					t.Fatalf("%+v: %+v %v", r, w, err)
				}
			}
			seen := map[string]bool{}
			for _, tenant := range []ids.Tenant{ids.System, midori} {
				for version := range uint32(2) {
					for name := range standing(t, h, tenant, person, version+1) {
						seen[name] = true
						column, ok := declaredColumns()[name]
						switch {
						case slices.Contains(notSealed, name):
							t.Errorf("%s is said not to be sealed, and is", name)
						case sealedOnce[name] == "" && !ok:
							t.Errorf("%s is sealed, and no rotation knows it", name)
						case ok && version == 0 && !column.Person:
							t.Errorf("%s of %s stands under the first version after a rotation", name, tenant)
						}
					}
				}
			}
			for name, c := range declaredColumns() {
				if !seen[name] {
					t.Errorf("%s has no value: the test proves nothing about it", name)
				}
				if c.Person {
					aged(t, h, midori, person, c)
				}
			}
		})
	}
}

// standing counts what begins like something sealed under a version, by column.
func standing(t *testing.T, h *House, tenant ids.Tenant, person ids.Person, version uint32) map[string]int64 {
	t.Helper()
	record, _ := vault.Prefix(version)
	out := map[string]int64{}
	err := h.DB.View(t.Context(), tenant, func(tx *db.Tx) error {
		found, err := tx.Prefixed("", record)
		maps.Copy(out, found)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// aged: nothing of the person stands under the first version, and something under the second.
func aged(t *testing.T, h *House, tenant ids.Tenant, person ids.Person, c vault.Column) {
	t.Helper()
	err := h.DB.View(t.Context(), tenant, func(tx *db.Tx) error {
		old, err := c.Under(tx, tenant, person, 1)
		if err != nil {
			return err
		}
		now, err := c.Under(tx, tenant, person, 2)
		if old > 0 || now == 0 {
			t.Errorf("%s.%s: %d values of the person under the first version, %d under the second", c.Table, c.Name, old, now)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// furnished lets the services write what they easily can, and puts in the rest as they would seal it.
func furnished(t *testing.T, h *House) (ids.Tenant, ids.Person) {
	t.Helper()
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	midori, err := h.Tenants.ByCode(ctx, "midori")
	must(err)
	machine := actor.System(ids.System, "test")
	must(h.Review.OpenNow(ctx))
	admin := actor.Actor{Kind: actor.Human, Tenant: midori.ID, Account: "a", Roles: []actor.Role{actor.TenantAdmin}}
	_, err = h.Leaving.Request(ctx, admin, jst.Of(time.Now()).AddMonths(1))
	must(err)
	_, err = h.Backup.Run(ctx, machine)
	must(err)
	dir, err := h.Org.Directory(ctx, midori.ID)
	must(err)
	var people []ids.Person
	for p := range dir.All() {
		people = append(people, p.ID)
	}
	_, err = h.Erasure.ErasePersons(ctx, machine, midori.ID, people[:1], erasure.Order{Reason: "試験", RequestedBy: "a", ApprovedBy: []string{"a", "b"}})
	must(err)
	certified(t, h, midori.ID)
	must(os.WriteFile(filepath.Join(h.Config.Data, "stray.bin"), []byte("x"), 0o600)) // and is to go
	operator := actor.Actor{Kind: actor.Human, Tenant: ids.System, Account: "a", Roles: []actor.Role{actor.ITSM}}
	must(h.Assets.Claim(ctx, operator, "store:stray.bin", asset.Internal, "SRE"))
	_, err = h.Assets.Ask(ctx, operator, "store:stray.bin", "試験")
	must(err)
	h.Client("midori", "hr") // has a session
	accounts, err := h.Identity.Accounts(ctx, actor.System(midori.ID, "test"))
	must(err)
	for _, a := range accounts {
		if a.LoginID == "nurse" { // came in through the company's provider
			_, _, err = h.Identity.SignInAsserted(ctx, identity.Visit{}, identity.Assertion{Tenant: midori.ID, Account: a.ID, Connection: "c", TwoFactors: true})
			must(err)
		}
	}
	person := asTheyWouldSeal(t, h, midori.ID, people[0])
	return midori.ID, person
}

// certified has a certificate proven, presented and revoked.
func certified(t *testing.T, h *House, tenant ids.Tenant) {
	t.Helper()
	ctx, machine := t.Context(), actor.System(ids.System, "test")
	all, err := h.Certificates.About(ctx, machine, tenant)
	if err != nil || len(all) != 1 {
		t.Fatalf("%d certificates, %v", len(all), err)
	}
	id := all[0].ID
	for range 1000 {
		if _, err = h.Certificates.File(ctx, machine, id); err == nil {
			break
		}
		time.Sleep(50 * time.Millisecond) // until its event is published
	}
	if err != nil {
		t.Fatal(err)
	}
	itsm := h.Client("kyokai", "itsm")
	if p := send(t, itsm, "/certificates/"+id+"/present", "kyokai", "requester", "総務部長", "organisation", "みどり", "checked", "折り返し"); p.Status >= 400 {
		t.Fatalf("presenting: %d", p.Status)
	}
	if err := h.Certificates.Revoke(ctx, machine, id, "試験"); err != nil {
		t.Fatal(err)
	}
}

var (
	qSealedPerson  = db.Q("webtest.sealed_person", `select person_id from checkup_result where tenant_id = $1 and person_id <> $2 order by exam_day desc limit 1`)
	qSealedAccount = db.Q("webtest.sealed_account", `select account_id from identity_accounts where tenant_id = $1 order by account_id limit 1`)
	qSealedChange  = db.Q("webtest.sealed_change", `insert into identity_email_changes (tenant_id, account_id, email, asked_at, due_at) values ($1, $2, $3, 1, 9000000000000000)`)
	qSealedPasskey = db.Q("webtest.sealed_passkey", `insert into identity_passkeys (tenant_id, passkey_id, account_id, credential_index, credential, name, created_at) values ($1, 'p', $2, $3, $4, $5, 1)`)
	qSealedFactor  = db.Q("webtest.sealed_factor", `insert into identity_two_factor (tenant_id, roles, changed_at) values ($1, $2, 1) on conflict (tenant_id) do update set roles = excluded.roles`)
	qSealedConn    = db.Q("webtest.sealed_conn", `insert into sso_connections (tenant_id, connection_id, kind, config, created_at, changed_at) values ($1, 'c', 'oidc', $2, 1, 1)`)
	qSealedLink    = db.Q("webtest.sealed_link", `insert into sso_links (tenant_id, link_id, connection_id, account_id, subject_index, subject, created_at, used_at) values ($1, 'l', 'c', $2, $3, $4, 1, 1)`)
	qSealedConfirm = db.Q("webtest.sealed_confirm", `insert into sso_confirmations (tenant_id, connection_id, sealed, confirmed_at) values ($1, 'c', $2, 1)`)
	qSealedAct     = db.Q("webtest.sealed_act", `insert into scim_acts (tenant_id, act_id, token_id, account_id, what, sealed, done_at) values ($1, 'a', 't', $2, 'renamed', $3, 1)`)
	qSealedJoin    = db.Q("webtest.sealed_join", `insert into scim_joins (tenant_id, account_id, sealed, asked_at) values ($1, $2, $3, 1)`)
	qSealedToken   = db.Q("webtest.sealed_token", `insert into scim_tokens (tenant_id, token_id, token_hash, sealed, created_at, expires_at) values ($1, 't', $2, $3, 1, 1)`)
	qSealedGroup   = db.Q("webtest.sealed_group", `insert into scim_groups (tenant_id, group_id, sealed, version, created_at, changed_at) values ($1, 'g', $2, 1, 1, 1)`)
	qSealedUser    = db.Q("webtest.sealed_user", `insert into scim_users (tenant_id, account_id, external, changed_at) values ($1, $2, $3, 1)`)
	qSealedReason  = db.Q("webtest.sealed_reason", `update review_line set reason = $3 where tenant_id = $1 and campaign_id || '|' || line_no = $2`)
	qSealedLine    = db.Q("webtest.sealed_line", `select campaign_id || '|' || line_no from review_line where tenant_id = $1 order by line_no desc limit 1`)
	qSealedHold    = db.Q("webtest.sealed_hold", `insert into erasure_hold (tenant_id, hold_id, scope, sealed, placed_at, placed_by, review_by) values ($1, 'h', 'tenant', $2, 1, 'x', '2027-03-31')`)
	qSealedDecline = db.Q("webtest.sealed_decline", `insert into retention_candidate (tenant_id, candidate_id, kind, unit, subject, person_id, class, base, keep_until, state, listed_at, reason)
		values ($1, 'd', 'person', '', 'x', 'x', 'x', '2020-01-01', '2025-01-01', 'declined', 1, $2)`)
	qSealedRule = db.Q("webtest.sealed_rule", `insert into retention_rule (tenant_id, class, years, sealed, set_by, set_at) values ($1, '一般健康診断', 7, $2, 'x', 1)`)
)

// asTheyWouldSeal puts in what needs a browser, a provider or a personnel system, and has notes written about a person
// who has results; it gives that person.
func asTheyWouldSeal(t *testing.T, h *House, tenant ids.Tenant, gone ids.Person) ids.Person {
	t.Helper()
	ctx := t.Context()
	k, err := h.Vault.Tenant(ctx, tenant)
	if err != nil {
		t.Fatal(err)
	}
	var person ids.Person
	err = h.DB.Tx(ctx, tenant, func(tx *db.Tx) error {
		var errs []error
		one := func(q db.Query, args ...any) string {
			v, err := db.Value[string](tx, q, append([]any{tenant}, args...)...)
			errs = append(errs, err)
			return v
		}
		account, line := one(qSealedAccount), one(qSealedLine)
		person = ids.Person(one(qSealedPerson, gone))
		seal := func(table, id, column string) []byte {
			return k.Seal(vault.Loc{Table: table, ID: id, Column: column}, []byte("試験"))
		}
		random := []byte(ids.New[string]())
		for _, p := range []struct {
			db.Query
			args []any
		}{
			{qSealedChange, []any{account, seal("identity_email_changes", account, "email")}},
			{qSealedPasskey, []any{account, random, seal("identity_passkeys", "p "+account, "credential"), seal("identity_passkeys", "p "+account, "name")}},
			{qSealedFactor, []any{seal("identity_two_factor", string(tenant), "roles")}},
			{qSealedConn, []any{seal("sso_connections", "c", "config")}}, {qSealedLink, []any{account, random, seal("sso_links", "l", "subject")}},
			{qSealedConfirm, []any{seal("sso_confirmations", "c", "sealed")}}, {qSealedAct, []any{account, seal("scim_acts", "a", "sealed")}}, {qSealedJoin, []any{account, seal("scim_joins", account, "sealed")}},
			{qSealedToken, []any{random, seal("scim_tokens", "t", "sealed")}}, {qSealedGroup, []any{seal("scim_groups", "g", "sealed")}},
			{qSealedUser, []any{account, seal("scim_users", account, "external")}},
			{qSealedReason, []any{line, seal("review_line", line, "reason")}},
			{qSealedRule, []any{seal("retention_rule", "一般健康診断", "sealed")}},
			{qSealedHold, []any{seal("erasure_hold", "h", "sealed")}}, {qSealedDecline, []any{seal("retention_candidate", "d", "reason")}},
		} {
			_, err := tx.Exec(p.Query, append([]any{tenant}, p.args...)...)
			errs = append(errs, err)
		}
		return errors.Join(errs...)
	})
	if err != nil {
		t.Fatal(err)
	}
	noted(t, h, tenant, person)
	return person
}

// noted has the physician write an opinion and a note about a person, and the roster correct the person's name.
func noted(t *testing.T, h *House, tenant ids.Tenant, person ids.Person) {
	t.Helper()
	ctx := t.Context()
	dir, err := h.Org.Directory(ctx, tenant)
	if err != nil {
		t.Fatal(err)
	}
	p, ok := dir.Person(person)
	if !ok {
		t.Fatal("nobody")
	}
	doctor := actor.Actor{Kind: actor.Human, Tenant: tenant, Account: "doctor", Roles: []actor.Role{actor.Physician}}
	v, err := h.Checkup.Person(ctx, doctor, person)
	if err != nil {
		t.Fatal(err)
	}
	of := v.Exams[0].Result
	if err := h.Checkup.Decide(ctx, doctor, checkup.Decision{Result: of, Person: person, Fitness: checkup.Normal, Opinion: "試験", From: jst.Of(time.Now())}); err != nil {
		t.Fatal(err)
	}
	if err := h.Checkup.NoteFollowUp(ctx, doctor, checkup.FollowUp{Result: of, Person: person, Outcome: checkup.Treatment, Day: jst.Of(time.Now()), Note: "試験"}); err != nil {
		t.Fatal(err)
	}
	list := "社員番号,氏名,カナ氏名,性別,生年月日\n" + p.Number + ",改姓 太郎," + p.Kana + "," + map[bool]string{true: "男", false: "女"}[p.Sex == org.Male] + "," + p.Birth.String() + "\n"
	got, err := h.Org.ImportNow(ctx, actor.System(tenant, "test"), "renamed.csv", strings.NewReader(list), true)
	if err != nil || got.Applied != 1 {
		t.Fatalf("%+v %v", got, err)
	}
}
