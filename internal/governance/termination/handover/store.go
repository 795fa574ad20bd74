package handover

import (
	"context"
	"strconv"

	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
)

const columns = `handover_id, state, asked_by, asked_at, ready_at, expires_at, bytes, rows_n, digest, taken_n, taken_at, fault`

var (
	qInsert = db.Q("handover.insert", `insert into handover (tenant_id, handover_id, state, asked_by, asked_at) values ($1, $2, 'making', $3, $4)`)
	qMaking = db.Q("handover.making", `select handover_id from handover where tenant_id = $1 and state = 'making' order by handover_id`)
	qBegun  = db.GlobalQ("handover.begun", `select tenant_id, handover_id from handover where state = 'making' order by tenant_id, handover_id limit 100`)
	qOne    = db.Q("handover.one", `select `+columns+` from handover where tenant_id = $1 and handover_id = $2`)
	qList   = db.Q("handover.list", `select `+columns+` from handover where tenant_id = $1 order by handover_id desc limit 20`)
	qReady  = db.Q("handover.ready", `update handover set state = 'ready', ready_at = $3, expires_at = $4, bytes = $5, rows_n = $6, digest = $7
		where tenant_id = $1 and handover_id = $2 and state = 'making'`)
	qFailed  = db.Q("handover.failed", `update handover set state = 'failed', fault = $3 where tenant_id = $1 and handover_id = $2 and state = 'making'`)
	qTaken   = db.Q("handover.taken", `update handover set taken_n = taken_n + 1, taken_at = $3 where tenant_id = $1 and handover_id = $2 and state = 'ready'`)
	qExpired = db.Q("handover.expired", `update handover set state = 'expired' where tenant_id = $1 and handover_id = $2 and state = 'ready'`)
	qWaiting = db.Q("handover.waiting", `select tenant_id, handover_id from handover where tenant_id = $1 and state = 'ready' order by handover_id`)
	qOlder   = db.Q("handover.older", `select o.tenant_id, o.handover_id from handover o join handover n on n.tenant_id = o.tenant_id and n.handover_id = $2
		where o.tenant_id = $1 and o.state = 'ready' and o.handover_id <> n.handover_id and o.asked_at <= n.asked_at order by o.handover_id`)
	qToday = db.Q("handover.today", `select count(*) from handover where tenant_id = $1 and asked_at > $2 and state <> 'failed'`)
	qDue   = db.GlobalQ("handover.due", `select tenant_id, handover_id from handover where state = 'ready' and expires_at <= $1 order by tenant_id, handover_id limit 100`)
)

func scan(s db.Scanner) (f File, err error) {
	var asked, ready, expires, taken int64
	err = s.Scan(&f.ID, &f.State, &f.AskedBy, &asked, &ready, &expires, &f.Bytes, &f.Rows, &f.Digest, &f.Taken, &taken, &f.Fault)
	f.Asked, f.Ready, f.Expires, f.TakenAt = db.Time(asked), db.Time(ready), db.Time(expires), db.Time(taken)
	return f, err
}

// What the records hold, counted where they lie: the probe knows by it whether a package is whole.
var qStored = map[string]db.Query{
	"people":         db.Q("handover.stored_people", `select count(*) from person where tenant_id = $1`),
	"people_history": db.Q("handover.stored_history", `select count(*) from person_event where tenant_id = $1`),
	"sites":          db.Q("handover.stored_sites", `select count(*) from site where tenant_id = $1`),
	"accounts":       db.Q("handover.stored_accounts", `select count(*) from identity_accounts where tenant_id = $1`),
	"results":        db.Q("handover.stored_results", `select count(*) from checkup_result where tenant_id = $1`),
	"judgements":     db.Q("handover.stored_judgements", `select count(*) from checkup_judgement where tenant_id = $1`),
	"opinions":       db.Q("handover.stored_opinions", `select count(*) from work_opinion where tenant_id = $1`),
	"followups":      db.Q("handover.stored_followups", `select count(*) from checkup_followup where tenant_id = $1`),
	"consents":       db.Q("handover.stored_consents", `select count(*) from consent where tenant_id = $1`),
}

var qStoredEvents = db.Q("handover.stored_events", `select seq from audit_event where tenant_id = $1 order by seq`)

// keyOf tells the records apart of which one takes several rows.
var keyOf = map[string]func(map[string]string) string{
	"results":    func(row map[string]string) string { return row["結果の番号"] },
	"judgements": func(row map[string]string) string { return row["結果の番号"] + " " + row["判定の回"] },
}

// Stored is what a tenant's records hold where they lie: how many there are of each table, and the operations up to now.
func (s *Service) Stored(ctx context.Context, t ids.Tenant) (x Expect, err error) {
	err = s.DB.View(ctx, t, func(tx *db.Tx) error {
		for table, q := range qStored {
			n, err := db.Value[int](tx, q, t)
			if err != nil {
				return err
			}
			x.Counts = append(x.Counts, Count{table, n, keyOf[table]})
		}
		events, err := db.Column[int64](tx, qStoredEvents, t)
		for _, seq := range events {
			x.Lines = append(x.Lines, Line{"operations", map[string]string{"番号": strconv.FormatInt(seq, 10)}})
		}
		return err
	})
	return x, err
}
