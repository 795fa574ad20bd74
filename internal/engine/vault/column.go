package vault

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
)

// Column is a column of sealed values that can be sealed again under the newest version of their key. The
// subject that owns the table declares it. Make one only in a package-level var.
type Column struct {
	Table, Name string
	Person      bool // sealed with a person's key, else with the tenant's

	keys             []string
	more             int // columns that are read for the place alone, after those of the key
	at               func(row []any) Loc
	page, swap, left db.Query
}

// TenantColumn is sealed with the tenant's key; key is the text column that names a row of the tenant.
func TenantColumn(table, name, key string, at func(id string) Loc) Column {
	c := Column{Table: table, Name: name, keys: []string{key}}
	c.at = func(k []any) Loc { return at(text(k[0])) }
	c.page = db.Q("vault.page_"+table+"_"+name, fmt.Sprintf(`select %s, %s from %s where tenant_id = $1 and %s > $2 and substr(%s, 2, 4) <> $3
		and length(%s) > 0 order by %s limit 500`, key, name, table, key, name, name, key))
	c.left = db.Q("vault.left_"+table+"_"+name, fmt.Sprintf(`select count(*) from %s where tenant_id = $1 and substr(%s, 2, 4) <> $2 and length(%s) > 0`, table, name, name))
	c.swap = swapQuery(c)
	return c
}

// PersonColumn is sealed with a person's key. owner is the condition, on $2, that picks the person's rows;
// keys name a row, and more is what else its place is made of.
func PersonColumn(table, name string, keys []string, owner string, at func(row []any) Loc, more ...string) Column {
	c := Column{Table: table, Name: name, Person: true, keys: keys, more: len(more), at: at}
	c.page = db.Q("vault.page_"+table+"_"+name, fmt.Sprintf(`select %s, %s from %s where tenant_id = $1 and %s and substr(%s, 2, 4) <> $3 and length(%s) > 0`,
		strings.Join(append(slices.Clone(keys), more...), ", "), name, table, owner, name, name))
	c.left = db.Q("vault.left_"+table+"_"+name, fmt.Sprintf(`select count(*) from %s where tenant_id = $1 and %s and substr(%s, 2, 4) = $3`, table, owner, name))
	c.swap = swapQuery(c)
	return c
}

func swapQuery(c Column) db.Query {
	var b strings.Builder
	fmt.Fprintf(&b, "update %s set %s = $2 where tenant_id = $1 and %s = $3", c.Table, c.Name, c.Name)
	for i, k := range c.keys {
		fmt.Fprintf(&b, " and %s = $%d", k, 4+i)
	}
	return db.Q("vault.swap_"+c.Table+"_"+c.Name, b.String())
}

func text(v any) string {
	if b, ok := v.([]byte); ok {
		return string(b)
	}
	return fmt.Sprint(v)
}

// sealedRow is a row as read.
type sealedRow struct {
	key    []any
	sealed []byte
}

func (c Column) scan(s db.Scanner) (r sealedRow, err error) {
	r.key = make([]any, len(c.keys)+c.more)
	to := make([]any, 0, len(r.key)+1)
	for i := range r.key {
		to = append(to, &r.key[i])
	}
	return r, s.Scan(append(to, &r.sealed)...)
}

// Reseal seals a tenant's values of the column, or one person's, under the newest version of the key. A
// value that somebody changed meanwhile stays as they wrote it. It may be broken off and begun again.
func (c Column) Reseal(ctx context.Context, main *db.DB, k *Key) (n int64, err error) {
	now := binary.BigEndian.AppendUint32(nil, k.Version())
	for from := ""; ; {
		var rows []sealedRow
		after := any(from)
		if c.Person {
			after = k.person
		}
		err := main.View(ctx, k.tenant, func(tx *db.Tx) (err error) {
			rows, err = db.All(tx, c.page, c.scan, k.tenant, after, now)
			return err
		})
		if err != nil || len(rows) == 0 {
			return n, err
		}
		done, err := c.exchange(ctx, main, k, rows)
		if n += done; err != nil || c.Person {
			return n, err
		}
		from = text(rows[len(rows)-1].key[0])
	}
}

func (c Column) exchange(ctx context.Context, main *db.DB, k *Key, rows []sealedRow) (n int64, err error) {
	fresh := make([][]byte, len(rows))
	for i, r := range rows {
		plain, err := k.Open(c.at(r.key), r.sealed)
		if f := fault.Of(err); f != nil && (f.Code == "vault.open" || f.Code == "vault.key_missing") {
			continue // a row that the service did not write stays as it is: whoever reads it finds that out
		}
		if err != nil {
			return 0, fmt.Errorf("vault: %s.%s: %w", c.Table, c.Name, err)
		}
		fresh[i] = k.Seal(c.at(r.key), plain)
		clear(plain)
	}
	err = main.Tx(ctx, k.tenant, func(tx *db.Tx) error {
		n = 0
		for i, r := range rows {
			if fresh[i] == nil {
				continue
			}
			got, err := tx.Exec(c.swap, append([]any{k.tenant, fresh[i], r.sealed}, r.key[:len(c.keys)]...)...)
			if err != nil {
				return err
			}
			n += got
		}
		return nil
	})
	return n, err
}

// Prefix is how every record sealed under a version of a key begins, and Stream how a file does.
func Prefix(version uint32) (record, stream []byte) {
	v := binary.BigEndian.AppendUint32(nil, version)
	return append([]byte{formatRecord}, v...), append([]byte{formatStream}, v...)
}

// Under counts the values of a person's column that stand under a version of the person's key.
func (c Column) Under(tx *db.Tx, t ids.Tenant, p ids.Person, version uint32) (int64, error) {
	return db.Value[int64](tx, c.left, t, p, binary.BigEndian.AppendUint32(nil, version))
}
