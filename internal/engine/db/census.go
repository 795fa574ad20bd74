package db

import (
	"database/sql"
	"fmt"
	"slices"

	"rakudos/internal/base/ids"
)

// Prefixed counts, over every table that belongs to tenants, the binary values of the scope that begin with
// the given bytes; with a person, only in tables whose rows name a person, and only that person's. Key
// rotation asks it whether a version is still in use: what nobody declared is counted too. The names in its
// SQL come from the schema itself, quoted; it takes none from outside.
func (t *Tx) Prefixed(person ids.Person, prefix []byte) (map[string]int64, error) {
	tables, err := t.tables()
	if err != nil {
		return nil, err
	}
	out := map[string]int64{}
	for _, table := range tables {
		has := func(name string) bool {
			return slices.ContainsFunc(table.Columns, func(c column) bool { return c.Name == name })
		}
		if !has("tenant_id") || person != "" && !has("person_id") {
			continue
		}
		for _, c := range table.Columns {
			if c.Type != "blob" && c.Type != "bytea" {
				continue
			}
			text := fmt.Sprintf("select count(*) from %s where tenant_id = $1 and substr(%s, 1, %d) = $2", quoted(table.Name), quoted(c.Name), len(prefix))
			args := []any{string(t.scope), prefix}
			if person != "" {
				text, args = text+" and person_id = $3", append(args, string(person))
			}
			var n int64
			if err := t.tx.QueryRowContext(t.ctx, text, args...).Scan(&n); err != nil {
				return nil, t.db.wrap("prefixed", err)
			}
			if n > 0 {
				out[table.Name+"."+c.Name] = n
			}
		}
	}
	return out, nil
}

// Texts hands out every value, of every table that belongs to tenants, in the rows of the scope that can hold a text:
// the binary and the text columns. The probe of encryption looks for plaintext in them; a column that nobody declared
// is looked at too. fn must not keep the value.
func (t *Tx) Texts(fn func(table, column string, value []byte)) error {
	tables, err := t.tables()
	if err != nil {
		return err
	}
	for _, table := range tables {
		if !slices.ContainsFunc(table.Columns, func(c column) bool { return c.Name == "tenant_id" }) {
			continue
		}
		table.Columns = slices.DeleteFunc(table.Columns, func(c column) bool {
			return c.Type != "blob" && c.Type != "bytea" && c.Type != "text"
		})
		if err := t.texts(table, fn); err != nil {
			return err
		}
	}
	return nil
}

func (t *Tx) texts(of table, fn func(table, column string, value []byte)) error {
	rows, err := t.tx.QueryContext(t.ctx, fmt.Sprintf("select %s from %s where tenant_id = $1", of.columns(), quoted(of.Name)), string(t.scope))
	if err != nil {
		return t.db.wrap("texts", err)
	}
	defer rows.Close() //nolint:errcheck // the error that matters is rows.Err below
	values, to := make([]sql.RawBytes, len(of.Columns)), make([]any, len(of.Columns))
	for i := range values {
		to[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(to...); err != nil {
			return t.db.wrap("texts", err)
		}
		for i, c := range of.Columns {
			fn(of.Name, c.Name, values[i])
		}
	}
	return t.db.wrap("texts", rows.Err())
}

func (t *Tx) tables() ([]table, error) {
	all, err := tablesOf(t.ctx, t.tx, t.db.cfg.Engine)
	return all, t.db.wrap("tables", err)
}
