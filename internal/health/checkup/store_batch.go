package checkup

import (
	"bytes"
	"compress/flate"
	"encoding/json"
	"io"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

const batchColumns = `id, state, runner, mapping_id, blob_key, rows_n, accepted_n, unchanged_n, applied_n, done_n,
	accepted_mac, about, detail, started_by, applied_by, started_at, applied_at, ended_at`

var (
	qBatchAdd = db.Q("checkup.batch_add", `insert into import_batch
		(tenant_id, id, state, runner, mapping_id, blob_key, accepted_mac, about, detail, started_by, started_at)
		values ($1, $2, $3, $4, '', $5, $6, $7, $8, $9, $10)`)
	qBatch        = db.Q("checkup.batch", `select `+batchColumns+` from import_batch where tenant_id = $1 and id = $2`)
	qBatches      = db.Q("checkup.batches", `select `+batchColumns+` from import_batch where tenant_id = $1 order by started_at desc, id desc limit 50`)
	qBatchKeys    = db.Q("checkup.batch_keys", `select blob_key from import_batch where tenant_id = $1 and state in ('reading', 'preview', 'applying', 'failed') and (ended_at = 0 or ended_at > $2)`)
	qBatchMove    = db.Q("checkup.batch_move", `update import_batch set state = $3 where tenant_id = $1 and id = $2 and state = $4`)
	qBatchRunning = db.GlobalQ("checkup.batch_running", `select tenant_id, id from import_batch where state in ('reading', 'applying')`)
	qBatchIdle    = db.GlobalQ("checkup.batch_idle", `select tenant_id, id from import_batch where state = 'preview' and started_at < $1`)
	qBatchState   = db.Q("checkup.batch_state", `select state from import_batch where tenant_id = $1 and id = $2`)
	qBatchTenants = db.GlobalQ("checkup.batch_tenants", `select tenant_id from tenant`)
	qBatchReady   = db.Q("checkup.batch_ready", `update import_batch set state = 'preview', mapping_id = $3, rows_n = $4, accepted_n = $5,
		unchanged_n = $6, accepted_mac = $7, about = $8, detail = $9, done_n = 0 where tenant_id = $1 and id = $2 and state in ('reading', 'applying')`)
	qBatchDone    = db.Q("checkup.batch_done", `update import_batch set done_n = $3 where tenant_id = $1 and id = $2`)
	qBatchPublish = db.Q("checkup.batch_publish", `update import_batch set state = 'applied', mapping_id = $3, rows_n = $4, accepted_n = $5, unchanged_n = $6,
		applied_n = $5, accepted_mac = $7, about = $8, detail = $9, applied_by = $10, applied_at = $11,
		applied_seq = (select coalesce(max(b.applied_seq), 0) + 1 from import_batch b where b.tenant_id = $1)
		where tenant_id = $1 and id = $2 and state = 'applying'`)
	qBatchYear     = db.Q("checkup.batch_year", `insert into import_batch_year (tenant_id, batch_id, year) values ($1, $2, $3)`)
	qBatchConfirm  = db.Q("checkup.batch_confirm", `update import_batch set state = 'applying', applied_by = $3 where tenant_id = $1 and id = $2 and state = 'preview'`)
	qBatchWithdraw = db.Q("checkup.batch_withdraw", `update import_batch set state = 'withdrawn', about = $4, ended_at = $5 where tenant_id = $1 and id = $2 and state = $3`)
	qBatchFail     = db.Q("checkup.batch_fail", `update import_batch set state = 'failed', about = $3, detail = $4, ended_at = $5, done_n = 0
		where tenant_id = $1 and id = $2 and state in ('reading', 'applying')`)
	qBatchLost = db.Q("checkup.batch_lost", `update import_batch set state = 'failed', about = $3, detail = $4, ended_at = $5, done_n = 0
		where tenant_id = $1 and id = $2 and state in ('reading', 'preview', 'applying')`)
	qBatchWaits  = db.Q("checkup.batch_waits", `select id, blob_key from import_batch where tenant_id = $1 and state in ('reading', 'preview', 'applying')`)
	qBatchReread = db.Q("checkup.batch_reread", `update import_batch set state = 'reading', mapping_id = $3 where tenant_id = $1 and id = $2 and state in ('preview', 'failed')`)
	// Of what has ended, the upload's name goes with the contents of refused cells: who has none left is not opened again.
	qBatchSpent = db.GlobalQ("checkup.batch_spent", `select tenant_id, id from import_batch where state in ('applied', 'withdrawn') and blob_key <> ''
		and case when applied_at > 0 then applied_at else ended_at end < $1 order by tenant_id, id limit 500`)
	qBatchEnded = db.Q("checkup.batch_ended", `select id from import_batch where tenant_id = $1 and state in ('applied', 'withdrawn') and blob_key <> ''`)
	qBatchCells = db.Q("checkup.batch_cells", `select blob_key, detail from import_batch where tenant_id = $1 and id = $2 and state in ('applied', 'withdrawn')`)
	qBatchEmpty = db.Q("checkup.batch_empty", `update import_batch set blob_key = '', detail = $4
		where tenant_id = $1 and id = $2 and state in ('applied', 'withdrawn') and detail = $3`)
	qRevision = db.Q("checkup.revision", `select results, opinions from checkup_revision where tenant_id = $1`)
	qBump     = db.Q("checkup.bump", `insert into checkup_revision (tenant_id, results, opinions) values ($1, 1, 0)
		on conflict (tenant_id) do update set results = checkup_revision.results + 1`)
	qBumpOpinions = db.Q("checkup.bump_opinions", `insert into checkup_revision (tenant_id, results, opinions) values ($1, 0, 1)
		on conflict (tenant_id) do update set opinions = checkup_revision.opinions + 1`)
)

// batch is a row of import_batch, opened.
type batch struct {
	tenant                                   ids.Tenant
	id                                       ids.Import
	state                                    State
	runner, mapping, blob                    string
	rows, accepted, unchanged, applied, done int
	mac                                      []byte
	about                                    about
	detail                                   detail
	startedBy, appliedBy                     ids.Account
	startedAt, appliedAt, endedAt            time.Time
}

// about is what a batch is called; it may name a body or a person, so it is sealed.
type about struct {
	File   string   `json:"file"`
	Body   string   `json:"body,omitempty"`
	Header []string `json:"header,omitempty"`
	// Reach is how far who uploaded it reached then: lines about others find nobody.
	Reach  *actor.Reach `json:"reach,omitempty"`
	Reason string       `json:"reason,omitempty"` // of a withdrawal; here, so that withdrawing opens no lines
}

// detail is what was found wrong; it holds cells of the file, so it is sealed.
type detail struct {
	Rejected  []Rejected  `json:"rejected,omitempty"`
	Unmatched []Unmatched `json:"unmatched,omitempty"`
	Ignored   []string    `json:"ignored,omitempty"`

	RejectedMore  int `json:"rejected_more,omitempty"`  // lines beyond those that are kept
	UnmatchedMore int `json:"unmatched_more,omitempty"` // the same
	ReasonsMore   int `json:"reasons_more,omitempty"`   // further reasons of lines that are kept

	Failure *message `json:"failure,omitempty"`
	Note    *message `json:"note,omitempty"`
	Reason  string   `json:"reason,omitempty"`  // of a withdrawal by an earlier version
	Emptied bool     `json:"emptied,omitempty"` // the contents of refused cells are gone
}

func (d *detail) rejected() int  { return len(d.Rejected) + d.RejectedMore }
func (d *detail) unmatched() int { return len(d.Unmatched) + d.UnmatchedMore }

type message struct {
	Kind fault.Kind        `json:"kind"`
	Code string            `json:"code"`
	Args map[string]string `json:"args,omitempty"`
}

func messageOf(f *fault.Fault) *message {
	if f == nil {
		return nil
	}
	return &message{f.Kind, f.Code, f.Args}
}

func (m *message) fault() *fault.Fault {
	if m == nil {
		return nil
	}
	return &fault.Fault{Kind: m.Kind, Code: m.Code, Args: m.Args}
}

func locBatch(id ids.Import, column string) vault.Loc {
	return vault.Loc{Table: "import_batch", ID: string(id), Column: column}
}

// sealJSON seals v packed; lists of refused lines can be long.
func sealJSON(k *vault.Key, l vault.Loc, v any) ([]byte, error) {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestSpeed)
	if err != nil {
		return nil, err
	}
	if err := json.NewEncoder(w).Encode(v); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return k.Seal(l, b.Bytes()), nil
}

func openJSON(k *vault.Key, l vault.Loc, sealed []byte, v any) error {
	plain, err := k.Open(l, sealed)
	if err != nil {
		return err
	}
	return json.NewDecoder(io.LimitReader(flate.NewReader(bytes.NewReader(plain)), 1<<30)).Decode(v)
}

// sealed gives both sealed columns of a batch.
func (b *batch) sealed(k *vault.Key) (aboutCol, detailCol []byte, err error) {
	if aboutCol, err = sealJSON(k, locBatch(b.id, "about"), b.about); err != nil {
		return nil, nil, err
	}
	detailCol, err = sealJSON(k, locBatch(b.id, "detail"), b.detail)
	return aboutCol, detailCol, err
}

// scanBatch opens the sealed columns; whole false leaves the long lists closed.
func scanBatch(t ids.Tenant, k *vault.Key, whole bool) func(db.Scanner) (*batch, error) {
	return func(s db.Scanner) (*batch, error) {
		b := &batch{tenant: t}
		var aboutCol, detailCol []byte
		var started, applied, ended int64
		err := s.Scan(&b.id, &b.state, &b.runner, &b.mapping, &b.blob, &b.rows, &b.accepted, &b.unchanged, &b.applied, &b.done,
			&b.mac, &aboutCol, &detailCol, &b.startedBy, &b.appliedBy, &started, &applied, &ended)
		if err != nil {
			return nil, err
		}
		b.startedAt, b.appliedAt, b.endedAt = db.Time(started), db.Time(applied), db.Time(ended)
		if err := openJSON(k, locBatch(b.id, "about"), aboutCol, &b.about); err != nil {
			return nil, err
		}
		if whole {
			err = openJSON(k, locBatch(b.id, "detail"), detailCol, &b.detail)
		}
		return b, err
	}
}
