package erasure

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

// verbEntered is the event that carries the ledger's head: number and hash of the entry that a run has written.
const verbEntered = "erasure." + stepEntered

var qLedgerSeen = db.GlobalQ("erasure.ledger_seen", `select ledger_n, ledger_hash from erasure_run where ledger_n > 0 order by ledger_n`)

// agrees holds the ledger against what others remember of it: the key store (Read has done that), every run of the
// database, and the newest head in the audit log, which nobody writes without the service's own key and the log's
// chain. A ledger that is shorter, or that has another entry in the same place, is refused: whoever exchanges it
// together with the key store brings back whom it no longer names.
func agrees(ctx context.Context, main *db.DB, v *vault.Vault, all []Entry) error {
	check := func(n int64, hash string) error {
		switch {
		case n > int64(len(all)):
			return fault.New(fault.Conflict, "erasure.ledger_short", "have", itoa(int64(len(all))), "want", itoa(n))
		case n > 0 && all[n-1].hash() != hash:
			return fault.New(fault.Conflict, "erasure.ledger_exchanged", "entry", itoa(n))
		}
		return nil
	}
	err := main.View(ctx, db.Global, func(tx *db.Tx) error {
		return db.Each(tx, qLedgerSeen, func(s db.Scanner) error {
			var n int64
			var hash []byte
			if err := s.Scan(&n, &hash); err != nil {
				return err
			}
			return check(n, hex.EncodeToString(hash))
		})
	})
	if err != nil {
		return err
	}
	e, ok, err := audit.Latest(ctx, main, v, ids.System, verbEntered)
	if err != nil || !ok {
		return err
	}
	n, hash, ok := headOf(e)
	if !ok {
		return fault.New(fault.Internal, "erasure.ledger_head")
	}
	return check(n, hash)
}

func headOf(e audit.Entry) (n int64, hash string, ok bool) {
	hash, ok = e.Detail["ledger_hash"].(string)
	switch v := e.Detail["ledger_entry"].(type) {
	case float64:
		n = int64(v)
	case json.Number:
		n, _ = v.Int64()
	}
	return n, hash, ok && n > 0 && len(hash) == 2*sha256.Size
}
