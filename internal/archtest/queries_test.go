package archtest

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	_ "rakudos/internal/app" // reaches every package that declares statements; see TestAppReachesEveryStatement
	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/testdb"
)

// TestStatementsPrepareOnBothEngines: one text, accepted by SQLite and PostgreSQL, in the main database or
// in the key store.
func TestStatementsPrepareOnBothEngines(t *testing.T) {
	queries := db.Queries()
	if len(queries) < 20 {
		t.Fatalf("only %d statements are declared", len(queries))
	}
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		for _, q := range queries {
			if strings.HasPrefix(q.Name(), "archtest.") {
				continue // reads one engine's own catalogue
			}
			errMain := e.DB.Prepare(t.Context(), q)
			if errMain == nil {
				continue
			}
			if err := e.Keys.Prepare(t.Context(), q); err != nil {
				t.Errorf("%s: %v\n%s", q.Name(), errMain, q.Text())
			}
		}
	})
}

// engineWords are accepted by one engine only, or mean something else on the other.
var engineWords = regexp.MustCompile(`(?i)\b(now\(\)|current_timestamp|ilike|for update|greatest\(|least\(|array\[|unnest\(|strftime|datetime\(|rowid)|->>|::`)

func TestStatementTexts(t *testing.T) {
	names := map[string]bool{}
	for _, q := range db.Queries() {
		if names[q.Name()] {
			t.Errorf("%s is declared twice", q.Name())
		}
		names[q.Name()] = true
		if !q.Global() && !strings.Contains(q.Text(), "tenant_id") {
			t.Errorf("%s does not name tenant_id; a statement over tenants is declared with GlobalQ", q.Name())
		}
		if w := engineWords.FindString(q.Text()); w != "" {
			t.Errorf("%s uses %q, which the engines do not share", q.Name(), w)
		}
	}
}

// TestAppReachesEveryStatement: a package that declares statements and is not part of the program would
// escape the tests above.
func TestAppReachesEveryStatement(t *testing.T) {
	imports := map[string][]string{}
	declares := map[string]string{}
	for _, f := range load(t) {
		if f.test {
			continue
		}
		imports[f.pkg] = append(imports[f.pkg], f.own()...)
		if program(f) && len(f.uses(t, "db", func(n string) bool { return n == "Q" || n == "GlobalQ" })) > 0 {
			declares[f.pkg] = f.path
		}
	}
	reached, todo := map[string]bool{}, []string{"internal/app"}
	for len(todo) > 0 {
		p := todo[0]
		todo = todo[1:]
		if !reached[p] {
			reached[p] = true
			todo = append(todo, imports[p]...)
		}
	}
	for p, path := range declares {
		if !reached[p] {
			t.Errorf("%s declares statements, but app does not use %s", path, p)
		}
	}
}

// TestPrimaryKeysBeginWithTheTenant reads the schema.
func TestPrimaryKeysBeginWithTheTenant(t *testing.T) {
	e := testdb.New(t, db.Postgres) // one catalogue is enough: the text is the same
	var tables []string
	err := e.DB.View(t.Context(), db.Global, func(tx *db.Tx) (err error) {
		tables, err = db.Column[string](tx, qLooseKeys)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(tables) > 0 {
		t.Errorf("the primary key of %v does not begin with tenant_id although the table has one", slices.Compact(tables))
	}
}

var qLooseKeys = db.GlobalQ("archtest.loose_keys", `
select c.table_name from information_schema.columns c
where c.table_schema = current_schema() and c.column_name = 'tenant_id' and not exists (
  select 1 from information_schema.table_constraints k
  join information_schema.key_column_usage u on u.constraint_name = k.constraint_name and u.table_name = k.table_name
  where k.constraint_type = 'PRIMARY KEY' and k.table_name = c.table_name and u.column_name = 'tenant_id' and u.ordinal_position = 1)
order by c.table_name`)
