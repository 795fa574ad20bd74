package vault

import "rakudos/internal/engine/db"

// Statements of rotations. Every exchange names what it replaces, so that a key that was exchanged or
// destroyed by somebody else meanwhile is left as it is.
var (
	qUnderRoot = db.GlobalQ("vault.under_root", `
		select 'gone' as kind, tenant_id, 0 as version, proof from key_destroyed where person_id = ''
		union all select 'tenant', tenant_id, version, wrapped from key_tenant
		union all select 'root', '', id, wrapped from key_root order by 1, 2, 3`)
	qRootSwap   = db.GlobalQ("vault.root_swap", `update key_root set wrapped = $2 where id = $1 and wrapped = $3`)
	qTenantSwap = db.GlobalQ("vault.tenant_swap", `update key_tenant set wrapped = $3 where tenant_id = $1 and version = $2 and wrapped = $4`)
	qGoneSwap   = db.GlobalQ("vault.gone_swap", `update key_destroyed set proof = $2 where tenant_id = $1 and person_id = '' and proof = $3`)

	qPersonsStale = db.Q("vault.persons_stale", `select person_id, version, wrapped from key_person
		where tenant_id = $1 and person_id >= $2 and substr(wrapped, 1, 4) <> $3 order by person_id, version limit 1000`)
	qPersonsStaleCount = db.Q("vault.persons_stale_count", `select count(*) from key_person where tenant_id = $1 and substr(wrapped, 1, 4) <> $2`)
	qPersonsUnder      = db.Q("vault.persons_under", `select count(*) from key_person where tenant_id = $1 and substr(wrapped, 1, 4) = $2`)
	qPersonSwap        = db.Q("vault.person_swap", `update key_person set wrapped = $4 where tenant_id = $1 and person_id = $2 and version = $3 and wrapped = $5`)

	qTenantHas  = db.Q("vault.tenant_count", `select count(*) from key_tenant where tenant_id = $1`)
	qPersonHas  = db.Q("vault.person_has", `select count(*) from key_person where tenant_id = $1 and person_id = $2`)
	qPersonNext = db.Q("vault.person_next", `insert into key_person (tenant_id, person_id, version, wrapped, created_at)
		values ($1, $2, $3, $4, $5) on conflict (tenant_id, person_id, version) do nothing`)
	qTenantMade     = db.Q("vault.tenant_made", `select version, created_at from key_tenant where tenant_id = $1 order by version`)
	qPersonMade     = db.Q("vault.person_versions", `select version, created_at from key_person where tenant_id = $1 and person_id = $2 order by version`)
	qPersonsRotated = db.Q("vault.persons_rotated", `select person_id from key_person where tenant_id = $1 group by person_id having count(*) > 1 order by person_id`)

	qRetired = db.Q("vault.retired", `insert into key_retired (tenant_id, person_id, version, retired_at, proof)
		values ($1, $2, $3, $4, $5) on conflict (tenant_id, person_id, version) do nothing`)
	qTenantVersionBlank = db.Q("vault.tenant_version_blank", `update key_tenant set wrapped = $3 where tenant_id = $1 and version = $2`)
	qTenantVersionDrop  = db.Q("vault.tenant_version_drop", `delete from key_tenant where tenant_id = $1 and version = $2`)
	qPersonVersionBlank = db.Q("vault.person_version_blank", `update key_person set wrapped = $4 where tenant_id = $1 and person_id = $2 and version = $3`)
	qPersonVersionDrop  = db.Q("vault.person_version_drop", `delete from key_person where tenant_id = $1 and person_id = $2 and version = $3`)
)
