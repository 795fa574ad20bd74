package db_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/pg"
	"rakudos/internal/testkit/testdb"
)

// TestSettingsThatLogValuesAreNamed sets each of them for the test's own database.
func TestSettingsThatLogValuesAreNamed(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		ctx := t.Context()
		look := func(d *db.DB, want ...string) {
			t.Helper()
			if got, err := d.LogsBinds(ctx); err != nil || !slices.Equal(got, want) {
				t.Errorf("%q %v, want %q", got, err, want)
			}
		}
		look(e.Keys)
		if e.Engine == db.SQLite {
			return
		}
		set := alterDatabase(t, e.Keys)
		for settings, want := range map[string]string{
			"log_statement=ddl":                                       "",
			"log_statement=mod":                                       "log_parameter_max_length=-1 log_statement=mod",
			"log_statement=all":                                       "log_parameter_max_length=-1 log_statement=all",
			"log_min_duration_statement=0":                            "log_min_duration_statement=0 log_parameter_max_length=-1",
			"log_min_duration_statement=250":                          "log_min_duration_statement=250ms log_parameter_max_length=-1",
			"log_min_duration_sample=100":                             "log_min_duration_sample=100ms log_parameter_max_length=-1",
			"log_transaction_sample_rate=0.001":                       "log_parameter_max_length=-1 log_transaction_sample_rate=0.001",
			"log_parameter_max_length=64":                             "",
			"log_min_duration_sample=100 log_statement_sample_rate=0": "",
			"log_statement=all log_parameter_max_length=64":           "log_parameter_max_length=64B log_statement=all",
			"log_statement=all log_min_duration_statement=0 log_parameter_max_length=0":                      "",
			"log_parameter_max_length_on_error=-1":                                                           "log_parameter_max_length_on_error=-1",
			"log_statement=all log_parameter_max_length=0 log_parameter_max_length_on_error=16":              "log_parameter_max_length_on_error=16B",
			"log_min_duration_sample=0 log_statement_sample_rate=0 log_min_duration_statement=-1":            "",
			"log_transaction_sample_rate=1 log_parameter_max_length=0 log_parameter_max_length_on_error=0":   "",
			"log_min_duration_statement=0 log_parameter_max_length=0 log_parameter_max_length_on_error=1024": "log_parameter_max_length_on_error=1kB",
		} {
			set("reset all")
			for _, s := range strings.Fields(settings) {
				name, value, _ := strings.Cut(s, "=")
				set("set " + name + " = '" + value + "'")
			}
			look(e.Keys, strings.Fields(want)...) // its pool is older than the setting: a new session tells
		}
		// A session keeps the settings under which it began.
		set("reset all")
		set("set log_statement=mod")
		old, err := db.Open(ctx, e.KeyStore)
		if err != nil {
			t.Fatal(err)
		}
		defer old.Close() //nolint:errcheck // read only
		set("reset all")
		look(e.Keys)
		look(old, "log_parameter_max_length=-1", "log_statement=mod")
	})
}

// alterDatabase changes settings of the database alone, as the superuser.
func alterDatabase(t *testing.T, d *db.DB) func(change string) {
	t.Helper()
	c, err := d.Cluster(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	dsn, err := pg.Admin()
	if err != nil {
		t.Fatal(err)
	}
	super, err := pgx.Connect(t.Context(), dsn+" dbname=postgres")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = super.Close(context.WithoutCancel(t.Context())) })
	return func(change string) {
		t.Helper()
		if _, err := super.Exec(t.Context(), "alter database "+c.Database+" "+change); err != nil {
			t.Fatal(err)
		}
	}
}
