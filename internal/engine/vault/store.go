package vault

import (
	"fmt"
	"strings"

	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
)

// Bulk statements have a fixed number of places, since a statement's text is constant; a shorter batch
// repeats its last value (look-up) or goes row by row (insert).
const (
	insertRows = 100
	lookupNear = 20
	pageRows   = 1000
)

// KeyTables hold wrapped keys: what is replaced or destroyed in them has to leave the store's files too.
var KeyTables = []string{"key_root", "key_tenant", "key_person"}

var (
	qRoot    = db.GlobalQ("vault.root", `select wrapped from key_root where id = 1`)
	qRootAdd = db.GlobalQ("vault.root_add", `insert into key_root (id, wrapped, created_at) values (1, $1, $2)`)

	qTenant = db.Q("vault.tenant", `select version, wrapped from key_tenant where tenant_id = $1 order by version`)
	// The destroyed are left alone: their tombstone keeps a key from coming back.
	qTenantAdd = db.Q("vault.tenant_add", `insert into key_tenant (tenant_id, version, wrapped, created_at)
		values ($1, $2, $3, $4) on conflict (tenant_id, version) do nothing`)
	qTenantBlank = db.Q("vault.tenant_blank", `update key_tenant set wrapped = $2 where tenant_id = $1`)
	qTenantDrop  = db.Q("vault.tenant_drop", `delete from key_tenant where tenant_id = $1`)

	qPersonAdd   = db.Q("vault.person_add", personInsert(1))
	qPersonsAdd  = db.Q("vault.persons_add", personInsert(insertRows))
	qPersonsNear = db.Q("vault.persons_near", personLookup(lookupNear))
	qPersonsFrom = db.Q("vault.persons_from", `select person_id, version, wrapped from key_person
		where tenant_id = $1 and person_id >= $2 order by person_id, version limit 1000`)
	qPersonsAll   = db.Q("vault.persons_all", `select person_id, version, wrapped from key_person where tenant_id = $1 order by person_id, version`)
	qPersonBlank  = db.Q("vault.person_blank", `update key_person set wrapped = $3 where tenant_id = $1 and person_id = $2`)
	qPersonDrop   = db.Q("vault.person_drop", `delete from key_person where tenant_id = $1 and person_id = $2`)
	qPersonsBlank = db.Q("vault.persons_blank", `update key_person set wrapped = $2 where tenant_id = $1`)
	qPersonsDrop  = db.Q("vault.persons_drop", `delete from key_person where tenant_id = $1`)
	qDestroyed    = db.Q("vault.destroyed", `insert into key_destroyed (tenant_id, person_id, destroyed_at, proof)
		values ($1, $2, $3, $4) on conflict (tenant_id, person_id) do nothing`)
	qTenantGone  = db.Q("vault.tenant_gone", `select person_id, destroyed_at, proof from key_destroyed where tenant_id = $1 and person_id = ''`)
	qPersonsGone = db.Q("vault.persons_gone", `select person_id from key_destroyed where tenant_id = $1 and person_id <> ''`)

	qInventory = db.GlobalQ("vault.inventory", `
		select 'tenant' as kind, tenant_id, version, count(*), min(created_at), max(created_at) from key_tenant group by tenant_id, version
		union all
		select 'person' as kind, tenant_id, version, count(*), min(created_at), max(created_at) from key_person group by tenant_id, version
		union all
		select 'destroyed' as kind, tenant_id, 0, count(*), min(destroyed_at), max(destroyed_at) from key_destroyed group by tenant_id
		order by 1, 2, 3`)
)

// personInsert makes an insert of n rows: $1 tenant, $2 created at, then person and wrapped key by turns.
func personInsert(n int) string {
	var b strings.Builder
	b.WriteString(`insert into key_person (tenant_id, person_id, version, wrapped, created_at) values `)
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "($1, $%d, 1, $%d, $2)", 3+2*i, 4+2*i)
	}
	b.WriteString(` on conflict (tenant_id, person_id, version) do nothing`)
	return b.String()
}

// personLookup makes a look-up of n people: $1 tenant, then the people.
func personLookup(n int) string {
	var b strings.Builder
	b.WriteString(`select person_id, version, wrapped from key_person where tenant_id = $1 and person_id in (`)
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "$%d", 2+i)
	}
	b.WriteString(`) order by person_id, version`)
	return b.String()
}

type wrappedKey struct {
	person  ids.Person
	version uint32
	wrapped []byte
}

type tombstone struct {
	person ids.Person
	at     int64
	proof  []byte
}

func scanBytes(s db.Scanner) (b []byte, err error) { return b, s.Scan(&b) }

func scanWrapped(s db.Scanner) (w wrappedKey, err error) { return w, s.Scan(&w.version, &w.wrapped) }

func scanPersonKey(s db.Scanner) (w wrappedKey, err error) {
	return w, s.Scan(&w.person, &w.version, &w.wrapped)
}

func scanTombstone(s db.Scanner) (d tombstone, err error) {
	return d, s.Scan(&d.person, &d.at, &d.proof)
}
