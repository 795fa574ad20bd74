package db

import (
	"context"
	"database/sql"
	"slices"
	"strconv"
)

// logSettings decide whether the server writes the values that a statement binds into its own log. A server before 13
// has no length, and writes them whole.
const logSettings = `select current_setting('log_statement'), current_setting('log_min_duration_statement'),
	coalesce(current_setting('log_min_duration_sample', true), '-1'), coalesce(current_setting('log_statement_sample_rate', true), '0'),
	coalesce(current_setting('log_transaction_sample_rate', true), '0'),
	coalesce(current_setting('log_parameter_max_length', true), '-1'), coalesce(current_setting('log_parameter_max_length_on_error', true), '0')`

// LogsBinds names the settings, as name=value, by which PostgreSQL's log may come to hold values that this database's
// statements bind. It asks a session of the pool, which keeps the settings of its beginning, and a new one, as the
// service's role. What extensions log (pgaudit, auto_explain) is not looked at. There is nothing to name on SQLite.
func (d *DB) LogsBinds(ctx context.Context) ([]string, error) {
	if d.cfg.Engine != Postgres {
		return nil, nil
	}
	fresh, err := pgPool(d.cfg.DSN, d.cfg.Schema)
	if err != nil {
		return nil, err
	}
	defer fresh.Close() //nolint:errcheck // nothing is pending on it
	var out []string
	for _, pool := range []*sql.DB{d.read, fresh} {
		found, err := logsBinds(ctx, pool)
		if err != nil {
			return nil, d.wrap("log settings", err)
		}
		out = append(out, found...)
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

func logsBinds(ctx context.Context, pool *sql.DB) (out []string, err error) {
	var statement, slow, sample, rate, transactions, length, onError string
	err = pool.QueryRowContext(ctx, logSettings).Scan(&statement, &slow, &sample, &rate, &transactions, &length, &onError)
	if err != nil {
		return nil, err
	}
	name := func(setting, value string) { out = append(out, setting+"="+value) }
	if statement == "mod" || statement == "all" {
		name("log_statement", statement)
	}
	if slow != "-1" { // with a unit otherwise
		name("log_min_duration_statement", slow)
	}
	if sample != "-1" && some(rate) {
		name("log_min_duration_sample", sample)
	}
	if some(transactions) {
		name("log_transaction_sample_rate", transactions)
	}
	if length == "0" {
		out = nil // statements without their values
	} else if len(out) > 0 {
		name("log_parameter_max_length", length)
	}
	if onError != "0" {
		name("log_parameter_max_length_on_error", onError)
	}
	return out, nil
}

// some tells whether a rate is not zero.
func some(rate string) bool {
	f, err := strconv.ParseFloat(rate, 64)
	return err != nil || f > 0
}
