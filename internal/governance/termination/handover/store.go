package handover

import "rakudos/internal/engine/db"

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
	qDue     = db.GlobalQ("handover.due", `select tenant_id, handover_id from handover where state = 'ready' and expires_at <= $1 order by tenant_id, handover_id limit 100`)
)

func scan(s db.Scanner) (f File, err error) {
	var asked, ready, expires, taken int64
	err = s.Scan(&f.ID, &f.State, &f.AskedBy, &asked, &ready, &expires, &f.Bytes, &f.Rows, &f.Digest, &f.Taken, &taken, &f.Fault)
	f.Asked, f.Ready, f.Expires, f.TakenAt = db.Time(asked), db.Time(ready), db.Time(expires), db.Time(taken)
	return f, err
}
