package checkup

import (
	"fmt"
	"strings"

	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/db"
)

// insertRows is how many rows one statement inserts; what is left over goes one by one.
const insertRows = 40

var (
	qResultAdd     = db.Q("checkup.result_add", insert("checkup_result", resultColumns, 1))
	qResultsAdd    = db.Q("checkup.results_add", insert("checkup_result", resultColumns, insertRows))
	qJudgementAdd  = db.Q("checkup.judgement_add", insert("checkup_judgement", judgementColumns, 1))
	qJudgementsAdd = db.Q("checkup.judgements_add", insert("checkup_judgement", judgementColumns, insertRows))

	// The digests of the results that are visible, per fiscal year; the newest batch comes last and wins.
	qDigests = db.Q("checkup.digests", `select r.person_id, r.exam_day, r.digest from checkup_result r
		join import_batch b on b.tenant_id = r.tenant_id and b.id = r.batch_id
		where r.tenant_id = $1 and r.year = $2 and b.state = 'applied' order by b.applied_seq`)
	qUnpublishedJudgements = db.Q("checkup.unpublished_judgements", `delete from checkup_judgement where tenant_id = $1 and result_id in
		(select r.id from checkup_result r join import_batch b on b.tenant_id = r.tenant_id and b.id = r.batch_id
		 where r.tenant_id = $1 and r.batch_id = $2 and b.applied_seq = 0 order by r.id limit 2000)`)
	qUnpublishedResults = db.Q("checkup.unpublished_results", `delete from checkup_result where tenant_id = $1 and id in
		(select r.id from checkup_result r join import_batch b on b.tenant_id = r.tenant_id and b.id = r.batch_id
		 where r.tenant_id = $1 and r.batch_id = $2 and b.applied_seq = 0 order by r.id limit 2000)`)
)

const (
	resultColumns    = "tenant_id, id, batch_id, person_id, year, exam_day, digest, sealed"
	judgementColumns = "tenant_id, result_id, seq, criteria_id, judged_by, judged_at, brief, sealed"
)

// insert writes the text of a statement for n rows; the tenant is $1 of all of them.
func insert(table, columns string, n int) string {
	width := strings.Count(columns, ",")
	var b strings.Builder
	fmt.Fprintf(&b, "insert into %s (%s) values ", table, columns)
	at := 2
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString("($1")
		for range width {
			fmt.Fprintf(&b, ", $%d", at)
			at++
		}
		b.WriteString(")")
	}
	return b.String()
}

// stored is one result ready to be written.
type stored struct {
	id        ids.Result
	person    ids.Person
	year      int
	day       jst.Date
	digest    []byte
	sealed    []byte
	brief     []byte
	judgement []byte
}

// insertAll writes results and their first judgements.
func insertAll(tx *db.Tx, t ids.Tenant, batch ids.Import, criteria string, now int64, rows []stored) error {
	args := make([]any, 0, 1+7*insertRows)
	for rest := rows; len(rest) > 0; {
		n, q := insertRows, qResultsAdd
		if len(rest) < n {
			n, q = 1, qResultAdd
		}
		args = append(args[:0], t)
		for i := range rest[:n] {
			r := &rest[i]
			args = append(args, r.id, batch, r.person, r.year, r.day.String(), r.digest, r.sealed)
		}
		if _, err := tx.Exec(q, args...); err != nil {
			return err
		}
		rest = rest[n:]
	}
	for rest := rows; len(rest) > 0; {
		n, q := insertRows, qJudgementsAdd
		if len(rest) < n {
			n, q = 1, qJudgementAdd
		}
		args = append(args[:0], t)
		for i := range rest[:n] {
			r := &rest[i]
			args = append(args, r.id, 1, criteria, "", now, r.brief, r.judgement)
		}
		if _, err := tx.Exec(q, args...); err != nil {
			return err
		}
		rest = rest[n:]
	}
	return nil
}
