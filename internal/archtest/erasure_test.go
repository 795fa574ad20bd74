package archtest

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"rakudos/internal/engine/db"
	"rakudos/internal/governance/erasure"
	"rakudos/internal/testkit/testdb"
)

var (
	qTablesSQLite = db.GlobalQ("archtest.tables_sqlite", `select t.name, c.name, c.pk from sqlite_schema t, pragma_table_info(t.name) c
		where t.type = 'table' and t.name not like 'sqlite\_%' escape '\' order by t.name, c.pk, c.name`)
	qTablesPostgres = db.GlobalQ("archtest.tables_postgres", `select c.table_name, c.column_name, coalesce((
		select u.ordinal_position from information_schema.table_constraints k
		join information_schema.key_column_usage u on u.constraint_name = k.constraint_name and u.table_name = k.table_name
		where k.constraint_type = 'PRIMARY KEY' and k.table_name = c.table_name and u.column_name = c.column_name), 0)
		from information_schema.columns c join information_schema.tables t on t.table_name = c.table_name and t.table_schema = c.table_schema and t.table_type = 'BASE TABLE'
		where c.table_schema = current_schema() order by 1, 3, 2`)
	qRefsSQLite = db.GlobalQ("archtest.refs_sqlite", `select t.name, f."table" from sqlite_schema t, pragma_foreign_key_list(t.name) f where t.type = 'table'`)
)

type realTable struct{ columns, key []string }

func realTables(t *testing.T, d *db.DB) map[string]realTable {
	t.Helper()
	q := qTablesSQLite
	if d.Engine() == db.Postgres {
		q = qTablesPostgres
	}
	out := map[string]realTable{}
	err := d.View(t.Context(), db.Global, func(tx *db.Tx) error {
		return db.Each(tx, q, func(s db.Scanner) error {
			var table, column string
			var pk int
			if err := s.Scan(&table, &column, &pk); err != nil {
				return err
			}
			r := out[table]
			r.columns = append(r.columns, column)
			if pk > 0 && column != "tenant_id" {
				r.key = append(r.key, column)
			}
			out[table] = r
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestEveryStoreIsDeclared: a table that the register of erasure does not know would outlive every erasure. Add
// one line for it to internal/governance/erasure/stores_*.go: children before the tables they refer to, with the
// way to a person (Person or Via) when rows are about people, and with the reason (Why) when it is not emptied.
func TestEveryStoreIsDeclared(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		for place, d := range map[erasure.Place]*db.DB{erasure.Main: e.DB, erasure.Keys: e.Keys} {
			real := realTables(t, d)
			for _, s := range erasure.Tables(place) {
				r, ok := real[s.Name]
				if !ok {
					t.Errorf("%s is declared but not in the schema", s.ID())
					continue
				}
				delete(real, s.Name)
				if slices.Contains(r.columns, "tenant_id") != (s.Tenant == "tenant_id") {
					t.Errorf("%s: the tenant's column is not declared as it is", s.ID())
				}
				slices.Sort(r.key)
				if want := slices.Sorted(slices.Values(s.Key)); !slices.Equal(want, r.key) {
					t.Errorf("%s: declared key %v, the schema has %v", s.ID(), want, r.key)
				}
				if slices.Contains(r.columns, "person_id") != (s.Person == "person_id") {
					t.Errorf("%s has a column person_id that is not declared, or the reverse", s.ID())
				}
				if slices.Contains(r.columns, "account_id") && s.Person == "" && s.Via.Table == "" && s.Tenant != "" && !slices.Contains(accountOnly, s.Name) {
					t.Errorf("%s is about accounts: declare Via: account, so that it goes with the person", s.ID())
				}
				if s.Says == "" || s.Erase == "" || (s.Erase == erasure.Own || s.Erase == erasure.Skeleton || s.Erase == erasure.Expire) && s.Why == "" {
					t.Errorf("%s lacks words, a method or a reason", s.ID())
				}
			}
			for name := range real {
				t.Errorf("table %s of %s is not declared in internal/governance/erasure/stores_*.go: nothing would ever erase it", name, place)
			}
		}
	})
}

// accountOnly name an account only as the one who acted.
var accountOnly = []string{}

// TestChildrenGoFirst: rows are deleted in the order of the register, so a table stands before what it refers to.
func TestChildrenGoFirst(t *testing.T) {
	e := testdb.New(t, db.SQLite)
	at := map[string]int{}
	for i, s := range erasure.Tables(erasure.Main) {
		if s.Erase != erasure.Skeleton && s.Erase != erasure.Own {
			at[s.Name] = i + 1
		}
	}
	err := e.DB.View(t.Context(), db.Global, func(tx *db.Tx) error {
		return db.Each(tx, qRefsSQLite, func(s db.Scanner) error {
			var child, parent string
			err := s.Scan(&child, &parent)
			if child != parent && at[child] > at[parent] && at[parent] > 0 {
				t.Errorf("%s refers to %s and must stand before it in the register", child, parent)
			}
			return err
		})
	})
	if err != nil {
		t.Fatal(err)
	}
}

var deletes = regexp.MustCompile(`(?is)\bdelete\s+from\s+([a-z_]+)`)

// sweepsAllowed are the statements outside of the gateway that delete rows of a declared table: each removes what
// nobody needs any more, and erases nobody.
var sweepsAllowed = map[string]string{
	"checkup.unpublished_judgements": "of an import that was never published",
	"checkup.unpublished_results":    "of an import that was never published",
	"identity.grant_clear":           "roles are replaced",
	"identity.device_end":            "signed out by its owner",
	"identity.devices_end":           "signed out by its owner",
	"identity.email_drop":            "a change taken back or done",
	"identity.failing_drop":          "mail arrives again, or the address is another one",
	"identity.reset_done":            "answered",
	"identity.signins_sweep":         "expired",
	"identity.asserted_end":          "the session has ended, signed out or by its owner",
	"identity.asserted_end_of":       "as above, all of an account",
	"identity.asserted_end_all":      "as above, all of a tenant",
	"identity.asserted_sweep":        "the session has run out",
	"identity.old_sessions":          "of an earlier version, when its rows are bound anew",
	"identity.old_devices":           "as above",
	"identity.old_signins":           "as above",
	"identity.unforged_sessions":     "what a probe has written past the service, about its own account",
	"identity.unforged_grants":       "as above",
	"identity.ceremony_end":          "a question that is asked anew",
	"identity.ceremony_take":         "a question that was answered",
	"identity.ceremonies_sweep":      "expired",
	"identity.passkeys_drop":         "a factor that an administrator takes away from who has lost it",
	"identity.passkey_end":           "a factor that its owner removes",
	"identity.recovery_use":          "a code that was used",
	"identity.recovery_drop":         "codes that are replaced, or left without a factor",
	"identity.totp_drop":             "a factor that its owner removes, or an administrator",
	"identity.sessions_sweep":        "expired",
	"identity.devices_sweep":         "expired",
	"job.forget":                     "done",
	"review.forget":                  "a campaign of the probes",
	"review.lines_drop":              "as above",
	"review.pace_drop":               "as above",
	"sso.connection_delete":          "a setting that its administrator removes",
	"scim.group_delete":              "a group that the personnel system has deleted; its members stay",
	"scim.given_delete":              "a role that the groups no longer give",
	"sso.confirm_delete":             "a confirmation of settings that are others now",
	"sso.link_delete":                "a tie to a provider's account that its owner or administrator undoes",
	"sso.links_delete":               "as above, with the connection",
	"sso.flows_sweep":                "expired",
	"sso.flows_delete":               "with the connection",
	"sso.assertions_sweep":           "expired",
	"sso.only_roles_clear":           "a setting is replaced",
	"org.stage_clear":                "staged rows of an ended import",
	"org.stage_event_clear":          "staged rows of an ended import",
	"vault.tenant_drop":              "destroying a key, which only the gateway calls: see below",
	"vault.person_drop":              "as above",
	"vault.persons_drop":             "as above",
	"vault.tenant_version_drop":      "a superseded version of a key, when nothing stands under it any more",
	"vault.person_version_drop":      "as above",
}

// TestOneWayToErase: no statement but the gateway's deletes what is about people, and nobody else destroys keys.
func TestOneWayToErase(t *testing.T) {
	declared := map[string]bool{}
	for _, s := range erasure.Stores {
		if (s.Place == erasure.Main || s.Place == erasure.Keys) && s.Erase != erasure.Own && s.Erase != erasure.Expire {
			declared[s.Name] = true
		}
	}
	seen := map[string]bool{}
	for _, q := range db.Queries() {
		m := deletes.FindStringSubmatch(q.Text())
		if m == nil || !declared[strings.ToLower(m[1])] || strings.HasPrefix(q.Name(), "erasure.") {
			continue
		}
		if sweepsAllowed[q.Name()] == "" {
			t.Errorf("%s deletes from %s outside of the deletion gateway; if it erases nobody, say why in sweepsAllowed", q.Name(), m[1])
		}
		seen[q.Name()] = true
	}
	for name := range sweepsAllowed {
		if !seen[name] {
			t.Errorf("%s is allowed to delete but does not exist any more", name)
		}
	}
	for _, f := range load(t) {
		if f.test || !program(f) {
			continue
		}
		if f.pkg != "internal/governance/erasure" && strings.Contains(string(f.text), `"erasure.`) && strings.Contains(string(f.text), "db.Q(") {
			t.Errorf("%s declares statements in the gateway's name", f.path)
		}
		if destroys.Match(f.text) && !slices.Contains(mayDestroy, f.pkg) {
			t.Errorf("%s destroys keys outside of the deletion gateway", f.path)
		}
	}
}

var destroys = regexp.MustCompile(`\.Destroy(Persons|Tenant)\(`)

// mayDestroy: the gateway, and the roster for people of an import that was never published: they have no rows, and
// no key of theirs has sealed anything that anybody could have seen. The probe of the keys destroys its own canary.
var mayDestroy = []string{"internal/governance/erasure", "internal/people/org", "internal/engine/vault", "internal/operations/keys"}
