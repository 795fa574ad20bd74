package org

import (
	"fmt"
	"strings"

	"rakudos/internal/engine/db"
)

var (
	qRevision     = db.Q("org.revision", `select revision from org_revision where tenant_id = $1`)
	qRevisionInit = db.Q("org.revision_init", `insert into org_revision (tenant_id, revision) values ($1, 0) on conflict (tenant_id) do nothing`)
	qRevisionUp   = db.Q("org.revision_up", `update org_revision set revision = revision + 1 where tenant_id = $1`)
	// The condition keeps two imports that were planned on the same state from both taking effect.
	qRevisionUpFrom = db.Q("org.revision_up_from", `update org_revision set revision = revision + 1 where tenant_id = $1 and revision = $2`)

	qSites  = db.Q("org.sites", `select site_id, sealed from site where tenant_id = $1`)
	qDepts  = db.Q("org.depts", `select dept_id, sealed from dept where tenant_id = $1`)
	qPeople = db.Q("org.people", `
select person_id, coalesce(site_id, ''), coalesce(dept_id, ''), left_on, sealed from person where tenant_id = $1`)
	qHistory = db.Q("org.history", `
select kind, day, site_id, dept_id, import_id, account_id, at from person_event
where tenant_id = $1 and person_id = $2 order by day, event_id`)

	qSitePut = db.Q("org.site_put", `
insert into site (tenant_id, site_id, code_index, sealed) values ($1, $2, $3, $4)
on conflict (tenant_id, site_id) do update set code_index = excluded.code_index, sealed = excluded.sealed`)
	qDeptPut = db.Q("org.dept_put", `
insert into dept (tenant_id, dept_id, name_index, sealed) values ($1, $2, $3, $4)
on conflict (tenant_id, dept_id) do nothing`)

	qLeave = db.Q("org.leave", `
update person set left_on = $3, import_id = '', updated_at = $4 where tenant_id = $1 and person_id = $2`)
	qMove = db.Q("org.move", `
update person set site_id = nullif(cast($3 as text), ''), dept_id = nullif(cast($4 as text), ''), import_id = '', updated_at = $5
where tenant_id = $1 and person_id = $2`)
	qEventAdd = db.Q("org.event_add", `
insert into person_event (tenant_id, person_id, event_id, kind, day, site_id, dept_id, sealed, import_id, account_id, at)
values ($1, $2, $3, $4, $5, $6, $7, $8, '', $9, $10)`)

	qPublish = db.Q("org.publish", `
insert into person (tenant_id, person_id, number_index, identity_index, site_id, dept_id, left_on, sealed, import_id, created_at, updated_at)
select tenant_id, person_id, number_index, identity_index, nullif(site_id, ''), nullif(dept_id, ''), left_on, sealed, import_id, $3, $3
from roster_stage where tenant_id = $1 and import_id = $2
on conflict (tenant_id, person_id) do update set
  number_index = excluded.number_index, identity_index = excluded.identity_index, site_id = excluded.site_id, dept_id = excluded.dept_id,
  left_on = excluded.left_on, sealed = excluded.sealed, import_id = excluded.import_id, updated_at = excluded.updated_at`)
	qPublishEvents = db.Q("org.publish_events", `
insert into person_event (tenant_id, person_id, event_id, kind, day, site_id, dept_id, sealed, import_id, account_id, at)
select tenant_id, person_id, event_id, kind, day, site_id, dept_id, sealed, import_id, cast($3 as text), $4
from roster_stage_event where tenant_id = $1 and import_id = $2`)

	qStage1  = db.Q("org.stage_1", valuesText(stageInto, 8, 1))
	qStageN  = db.Q("org.stage_n", valuesText(stageInto, 8, stageRows))
	qStageE1 = db.Q("org.stage_event_1", valuesText(stageEventInto, 8, 1))
	qStageEN = db.Q("org.stage_event_n", valuesText(stageEventInto, 8, stageRows))

	qStageClear = db.Q("org.stage_clear", `
delete from roster_stage where tenant_id = $1 and import_id = $2 and line <= (
  select max(line) from (select line from roster_stage where tenant_id = $1 and import_id = $2 order by line limit 2000) f)`)
	qStageEClear = db.Q("org.stage_event_clear", `
delete from roster_stage_event where tenant_id = $1 and import_id = $2 and line <= (
  select max(line) from (select line from roster_stage_event where tenant_id = $1 and import_id = $2 order by line limit 2000) f)`)
	qStagePeople = db.Q("org.stage_people", `select person_id from roster_stage where tenant_id = $1 and import_id = $2`)
	qKnownPeople = db.Q("org.known_people", `
select p.person_id from person p join roster_stage s on s.tenant_id = p.tenant_id and s.person_id = p.person_id
where s.tenant_id = $1 and s.import_id = $2`)
)

// stageRows is how many rows one statement stages.
const stageRows = 40

const (
	stageInto = "insert into roster_stage " +
		"(tenant_id, import_id, line, person_id, number_index, identity_index, site_id, dept_id, left_on, sealed)"
	stageEventInto = "insert into roster_stage_event " +
		"(tenant_id, import_id, line, event_id, person_id, kind, day, site_id, dept_id, sealed)"
)

// valuesText makes the text of a statement that inserts several rows: $1 and $2 stand in each, the other
// columns follow row by row.
func valuesText(into string, columns, rows int) string {
	var b strings.Builder
	b.WriteString(into)
	b.WriteString(" values")
	n := 3
	for i := range rows {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(" ($1, $2")
		for range columns {
			fmt.Fprintf(&b, ", $%d", n)
			n++
		}
		b.WriteByte(')')
	}
	return b.String()
}

// The imports.
var (
	qImportAdd = db.Q("org.import_add", `
insert into roster_import (tenant_id, import_id, state, attended, created_at, updated_at, base_revision, round, done, total,
  line_count, accepted, unchanged, added, changed, applied, failure, leftovers, head, report)
values ($1, $2, 'receiving', $3, $4, $4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, '', 1, $5, $6)`)

	qImportGet = db.Q("org.import_get", importColumns+` where tenant_id = $1 and import_id = $2`)

	qImportList = db.Q("org.import_list", importColumns+` where tenant_id = $1 order by created_at desc, import_id desc limit $2`)

	qImportMove = db.Q("org.import_move", `
update roster_import set state = $4, updated_at = $5, round = round + 1, done = 0, total = $6
where tenant_id = $1 and import_id = $2 and state = $3`)

	qImportDone = db.Q("org.import_done", `
update roster_import set done = $3, updated_at = $4 where tenant_id = $1 and import_id = $2`)

	qImportPreview = db.Q("org.import_preview", `
update roster_import set state = 'preview', updated_at = $3, base_revision = $4, line_count = $5, accepted = $6, unchanged = $7,
  added = $8, changed = $9, report = $10, done = total
where tenant_id = $1 and import_id = $2 and state = 'reading'`)

	qImportApplied = db.Q("org.import_applied", `
update roster_import set state = 'applied', updated_at = $3, applied = accepted, done = total
where tenant_id = $1 and import_id = $2 and state = 'applying'`)

	qImportEnd = db.Q("org.import_end", `
update roster_import set state = $3, failure = $4, updated_at = $5, report = $6
where tenant_id = $1 and import_id = $2 and state not in ('applied', 'withdrawn', 'failed')`)

	qImportFailedAway = db.Q("org.import_failed_away", `
update roster_import set state = 'withdrawn', updated_at = $3 where tenant_id = $1 and import_id = $2 and state = 'failed'`)

	qImportHead = db.Q("org.import_head", `update roster_import set head = $3 where tenant_id = $1 and import_id = $2`)

	qImportClean = db.Q("org.import_clean", `update roster_import set leftovers = 0 where tenant_id = $1 and import_id = $2`)

	// What the sweep looks at: ended imports with leftovers, and unfinished ones that nobody has moved for long.
	qSweep = db.GlobalQ("org.sweep", `
select tenant_id, import_id, state from roster_import
where leftovers = 1 and (state in ('applied', 'withdrawn', 'failed')
  or attended = 1 and updated_at < $1
  or attended = 0 and state <> 'preview' and updated_at < $2
  or state = 'preview' and updated_at < $3)`)
)

const importColumns = `
select import_id, state, attended, created_at, base_revision, round, done, total, line_count, accepted, unchanged, added, changed, applied,
  failure, leftovers, head, report from roster_import`
