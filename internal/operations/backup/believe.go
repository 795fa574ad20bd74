package backup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
)

// What the tables remember of backups is believed only as far as the audit log says the same: its events are sealed
// and chained with keys that whoever writes into the records does not have (ADR 21). So a receipt that somebody wrote
// in, changed or took away is found out, without a MAC of its own.

const (
	verbMade     = "backup.made"
	verbRestored = "backup.restored"
	verbDrilled  = "backup.drilled"
)

var qDrill = db.Q("backup.drill", `select receipt from backup_drill where tenant_id = $1 and drill_id = $2`)

func receiptSum(text []byte) string { h := sha256.Sum256(text); return hex.EncodeToString(h[:]) }

// NewestDrill is the receipt of the drill that the log tells of last; fault.Missing when there was no drill yet,
// fault.Conflict "backup.receipt_altered" when its receipt is not the one that was written then. A drill of a version
// that did not write the receipt's sum into the log is fault.Conflict "backup.receipt_old".
func (s *Service) NewestDrill(ctx context.Context) (*Receipt, error) {
	e, err := s.newestEvent(ctx, audit.Filter{Verb: verbDrilled})
	if err != nil {
		return nil, err
	}
	if e == nil {
		return nil, fault.New(fault.Missing, "backup.no_drill")
	}
	id, _ := e.Detail["drill"].(string)
	sum, _ := e.Detail["receipt_sha256"].(string)
	if sum == "" {
		return nil, fault.New(fault.Conflict, "backup.receipt_old")
	}
	var text string
	err = s.o.Main.View(ctx, ids.System, func(tx *db.Tx) (err error) {
		text, err = db.Value[string](tx, qDrill, ids.System, id)
		return err
	})
	if missing(err) || err == nil && receiptSum([]byte(text)) != sum {
		return nil, fault.New(fault.Conflict, "backup.receipt_altered", "drill", id)
	}
	if err != nil {
		return nil, err
	}
	r := &Receipt{}
	return r, json.Unmarshal([]byte(text), r)
}

// undrilled tells whether there is no receipt that shows anything: then a drill is due at once.
func undrilled(err error) bool {
	f := fault.Of(err)
	return missing(err) || f != nil && (f.Code == "backup.receipt_old" || f.Code == "backup.receipt_altered")
}

func (s *Service) newestEvent(ctx context.Context, f audit.Filter) (*audit.Entry, error) {
	f.Limit = 1
	all, err := s.o.Log.Find(ctx, actor.System(ids.System, "probe"), f)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return &all[0], nil
}

// sinceSays finds out a row that lets backups be due later than they are: the log tells of a set that was made before,
// and of no restore after it, which alone moves the row.
func (s *Service) sinceSays(ctx context.Context, since time.Time) (string, error) {
	const moved = "バックアップを取り始めた時刻の行が、監査ログの記録と合いません。"
	if since.After(time.Now()) {
		return moved, nil
	}
	made, err := s.newestEvent(ctx, audit.Filter{Verb: verbMade, To: since})
	if err != nil || made == nil {
		return "", err
	}
	restored, err := s.newestEvent(ctx, audit.Filter{Verb: verbRestored, From: made.At})
	if err != nil || restored != nil {
		return "", err
	}
	return moved, nil
}
