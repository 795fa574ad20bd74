package checkup

import (
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

// Sealed are the columns that a rotation of keys seals again (clause 3-11a).
var Sealed = []vault.Column{
	vault.PersonColumn(resultTable, "sealed", []string{"id"}, "person_id = $2", func(r []any) vault.Loc {
		return locResult(placeOf(r[0], r[1], r[2], r[3]))
	}, "batch_id", "year", "exam_day"),
	vault.PersonColumn(judgementTable, "brief", judgementKey, ofPerson, func(r []any) vault.Loc {
		return locBrief(placeOf(r[0], "", r[2], r[3]), int(r[1].(int64)))
	}, itsYear, itsDay),
	vault.PersonColumn(judgementTable, "sealed", judgementKey, ofPerson, func(r []any) vault.Loc {
		j := judged{seq: int(r[1].(int64)), criteria: r[4].(string), by: ids.Account(r[5].(string)), at: db.Time(r[6].(int64))}
		return locJudgement(placeOf(r[0], "", r[2], r[3]), j)
	}, itsYear, itsDay, "criteria_id", "judged_by", "judged_at"),
	vault.PersonColumn(opinionTable, "sealed", []string{"id"}, "person_id = $2", func(r []any) vault.Loc {
		return locOpinion(&Opinion{
			ID: OpinionID(r[0].(string)), Decision: Decision{Result: ids.Result(r[1].(string))}, Year: int(r[2].(int64)), By: ids.Account(r[3].(string)), At: db.Time(r[4].(int64)),
		})
	}, "result_id", "year", "decided_by", "decided_at"),
	vault.PersonColumn(followUpTable, "sealed", []string{"id"}, "person_id = $2", func(r []any) vault.Loc {
		return locFollowUp(&FollowUp{ID: FollowUpID(r[0].(string)), Result: ids.Result(r[1].(string)), Year: int(r[2].(int64)), By: ids.Account(r[3].(string)), At: db.Time(r[4].(int64))})
	}, "result_id", "year", "noted_by", "noted_at"),
	vault.TenantColumn("import_batch", "about", "id", func(id string) vault.Loc { return locBatch(ids.Import(id), "about") }),
	vault.TenantColumn("import_batch", "detail", "id", func(id string) vault.Loc { return locBatch(ids.Import(id), "detail") }),
	vault.TenantColumn("checkup_mapping", "mapping", "id", locMapping),
}

var judgementKey = []string{"result_id", "seq"}

const (
	ofPerson = "result_id in (select id from checkup_result where tenant_id = $1 and person_id = $2)"
	itsYear  = "(select year from checkup_result r where r.tenant_id = checkup_judgement.tenant_id and r.id = result_id)"
	itsDay   = "(select exam_day from checkup_result r where r.tenant_id = checkup_judgement.tenant_id and r.id = result_id)"
)

// placeOf is the place of a result as its row says it. A day that no one can read gives a place where
// nothing opens.
func placeOf(result, batch, year, day any) place {
	d, _ := jst.ParseDate(day.(string))
	return place{ids.Result(result.(string)), ids.Import(batch.(string)), int(year.(int64)), d}
}
