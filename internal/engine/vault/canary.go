package vault

import (
	"context"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
)

const canaryTable = "vault_canary"

// The canary person belongs to the probe tenant and to nobody.
const canaryPerson ids.Person = "00000000-0000-7000-8000-00000000ca00"

var (
	canaryByTenant = Loc{Table: canaryTable, ID: "canary", Column: "by_tenant"}
	canaryByPerson = Loc{Table: canaryTable, ID: "canary", Column: "by_person"}

	qCanaryWrite = db.Q("vault.canary_write", `insert into vault_canary (tenant_id, written_at, by_tenant, by_person) values ($1, $2, $3, $4)
		on conflict (tenant_id) do update set written_at = excluded.written_at, by_tenant = excluded.by_tenant, by_person = excluded.by_person`)
	qCanary = db.Q("vault.canary", `select by_tenant, by_person from vault_canary where tenant_id = $1`)
)

// shelf is a row of the probe's own: what it holds must open with its keys and with nobody else's.
type shelf struct {
	db     *db.DB
	tenant ids.Tenant
	own    *Key
	person *Key
	other  *Key

	stranger ids.Tenant // whose key other is
}

func sealedShelf(ctx context.Context, d Deps) (*shelf, error) {
	own, other, err := d.Tenants()
	if err != nil {
		return nil, err
	}
	s := &shelf{db: d.DB, tenant: own, stranger: other}
	if s.own, err = d.Vault.Tenant(ctx, own); err != nil {
		return nil, err
	}
	if s.other, err = d.Vault.Tenant(ctx, other); err != nil {
		return nil, err
	}
	if err := d.Vault.CreatePersons(ctx, own, []ids.Person{canaryPerson}); err != nil {
		return nil, err
	}
	keys, err := d.Vault.Persons(ctx, own, []ids.Person{canaryPerson})
	if err != nil {
		return nil, err
	}
	if s.person = keys[canaryPerson]; s.person == nil {
		return nil, fault.New(fault.Missing, "vault.key_missing")
	}
	return s, nil
}

func (s *shelf) write(ctx context.Context, plain []byte) error {
	return s.db.Tx(ctx, s.tenant, func(tx *db.Tx) error {
		_, err := tx.Exec(qCanaryWrite, s.tenant, db.Micros(time.Now()), s.own.Seal(canaryByTenant, plain), s.person.Seal(canaryByPerson, plain))
		return err
	})
}

func (s *shelf) raw(ctx context.Context) (out [][]byte, err error) {
	err = s.db.View(ctx, s.tenant, func(tx *db.Tx) error {
		out, err = db.One(tx, qCanary, func(r db.Scanner) ([][]byte, error) {
			var a, b []byte
			err := r.Scan(&a, &b)
			return [][]byte{a, b}, err
		}, s.tenant)
		return err
	})
	return out, err
}

func (s *shelf) read(ctx context.Context) ([][]byte, error) {
	raw, err := s.raw(ctx)
	if err != nil {
		return nil, err
	}
	a, err := s.own.Open(canaryByTenant, raw[0])
	if err != nil {
		return nil, err
	}
	b, err := s.person.Open(canaryByPerson, raw[1])
	return [][]byte{a, b}, err
}

func (s *shelf) trespass(ctx context.Context) (opened int, err error) {
	raw, err := s.raw(ctx)
	if err != nil {
		return 0, err
	}
	for _, l := range []Loc{canaryByTenant, canaryByPerson} {
		for _, b := range raw {
			if _, err := s.other.Open(l, b); err == nil {
				opened++
			}
		}
	}
	return opened, nil
}

// moved tries each value, with the key that closed it, in another table, another row and another column.
func (s *shelf) moved(ctx context.Context) (tried, opened int, err error) {
	raw, err := s.raw(ctx)
	if err != nil {
		return 0, 0, err
	}
	for i, v := range []struct {
		key         *Key
		home, other Loc
	}{{s.own, canaryByTenant, canaryByPerson}, {s.person, canaryByPerson, canaryByTenant}} {
		table, row := v.home, v.home
		table.Table, row.ID = canaryTable+"_moved", "moved"
		for _, l := range []Loc{table, row, v.other} {
			tried++
			if _, err := v.key.Open(l, raw[i]); err == nil {
				opened++
			}
		}
	}
	return tried, opened, nil
}
