package asset

import (
	"encoding/json"
	"time"

	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
)

const entryColumns = `asset_id, kind, name, location, facts, class, owner, disposal, created_by, first_seen, last_seen, disposed_at`

var (
	qEntries = db.Q("asset.entries", `select `+entryColumns+` from asset_entry where tenant_id = $1 order by kind, asset_id`)
	qEntry   = db.Q("asset.entry", `select `+entryColumns+` from asset_entry where tenant_id = $1 and asset_id = $2`)
	qAdd     = db.Q("asset.add", `insert into asset_entry (tenant_id, asset_id, kind, name, location, facts, class, owner, disposal, created_by, first_seen, last_seen, disposed_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, 0) on conflict (tenant_id, asset_id) do nothing`)
	qSeen = db.Q("asset.seen", `update asset_entry set name = $3, location = $4, facts = $5, last_seen = $6 where tenant_id = $1 and asset_id = $2 and disposed_at = 0`)
	qGone = db.Q("asset.gone", `update asset_entry set disposed_at = $3 where tenant_id = $1 and asset_id = $2 and disposed_at = 0`)
	qBack = db.Q("asset.back", `update asset_entry set disposed_at = 0, last_seen = $3 where tenant_id = $1 and asset_id = $2 and disposed_at <> 0`)

	qDisposalAdd = db.Q("asset.disposal_add", `insert into asset_disposal (tenant_id, disposal_id, asset_id, reason, reason_sealed, asked_by, asked_at, decided_by, decided_at, state, done_at, record)
		values ($1, $2, $3, '', $4, $5, $6, '', 0, 'asked', 0, '')`)
	qDisposals = db.Q("asset.disposals", `select disposal_id, asset_id, reason_sealed, asked_by, asked_at, decided_by, decided_at, state, done_at, record
		from asset_disposal where tenant_id = $1 order by asked_at desc, disposal_id desc limit 200`)
	qDisposal = db.Q("asset.disposal", `select disposal_id, asset_id, reason_sealed, asked_by, asked_at, decided_by, decided_at, state, done_at, record
		from asset_disposal where tenant_id = $1 and disposal_id = $2`)
	qDisposalOpen = db.Q("asset.disposal_open", `select disposal_id, asset_id, reason_sealed, asked_by, asked_at, decided_by, decided_at, state, done_at, record
		from asset_disposal where tenant_id = $1 and asset_id = $2 and state in ('asked', 'approved')`)
	qDisposalLapse = db.Q("asset.disposal_lapse", `update asset_disposal set state = 'declined' where tenant_id = $1 and disposal_id = $2 and state = 'approved'`)
	// The second person is another one: the database refuses as well.
	qDisposalDecide = db.Q("asset.disposal_decide", `update asset_disposal set decided_by = $3, decided_at = $4, state = $5
		where tenant_id = $1 and disposal_id = $2 and state = 'asked' and asked_by <> $3`)
	qDisposalTake = db.Q("asset.disposal_take", `update asset_disposal set decided_by = $3, decided_at = $4, state = $5
		where tenant_id = $1 and disposal_id = $2 and state = 'asked' and asked_by = $3`)
	qDisposalEnd = db.Q("asset.disposal_end", `update asset_disposal set state = $3, done_at = $4, record = $5
		where tenant_id = $1 and disposal_id = $2 and state = 'approved'`)
)

var (
	qCanaryAdd  = db.Q("asset.canary_add", `insert into asset_canary (tenant_id, canary_id, content) values ($1, $2, $3)`)
	qCanaryDrop = db.Q("asset.canary_drop", `delete from asset_canary where tenant_id = $1 and canary_id = $2`)
)

func scanEntry(s db.Scanner) (e Entry, err error) {
	var first, last, gone int64
	err = s.Scan(&e.ID, &e.Kind, &e.Name, &e.Location, &e.Facts, &e.Class, &e.Owner, &e.Disposal, &e.CreatedBy, &first, &last, &gone)
	e.FirstSeen, e.LastSeen, e.DisposedAt = db.Time(first), db.Time(last), db.Time(gone)
	return e, err
}

func addEntry(tx *db.Tx, e Entry, now time.Time) (bool, error) {
	n, err := tx.Exec(qAdd, ids.System, e.ID, string(e.Kind), e.Name, e.Location, e.Facts, string(e.Class), e.Owner, e.Disposal, e.CreatedBy, db.Micros(now))
	return n > 0, err
}

func scanDisposal(s db.Scanner) (d Disposal, err error) {
	var asked, decided, done int64
	var record string
	if err = s.Scan(&d.ID, &d.Asset, &d.sealed, &d.AskedBy, &asked, &d.DecidedBy, &decided, &d.State, &done, &record); err != nil {
		return d, err
	}
	d.AskedAt, d.DecidedAt, d.DoneAt = db.Time(asked), db.Time(decided), db.Time(done)
	if record != "" {
		d.Record = &Record{}
		err = json.Unmarshal([]byte(record), d.Record)
	}
	return d, err
}
