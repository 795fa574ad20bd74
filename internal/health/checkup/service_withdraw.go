package checkup

import (
	"context"
	"encoding/hex"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/glyph"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/people/access"
)

// Withdraw takes a batch back as a whole: what it had stored is no longer visible, and what it had
// replaced is visible again. Nothing is deleted.
func (s *Service) Withdraw(ctx context.Context, a actor.Actor, id ids.Import, reason string) error {
	if err := s.require(ctx, a, access.ImportWithdraw, "checkup.import.withdraw"); err != nil {
		return err
	}
	reason, err := glyph.Reason(reason, 500, "checkup.reason_missing", "理由")
	if err != nil {
		return err
	}
	b, err := s.batchFor(ctx, a, access.ImportWithdraw, id, false)
	if err != nil {
		return err
	}
	switch {
	case b.state.Running():
		return fault.New(fault.Conflict, "checkup.import_running")
	case b.state == Withdrawn:
		return fault.New(fault.Conflict, "checkup.import_withdrawn")
	}
	return s.withdraw(ctx, b, a, reason)
}

// withdraw takes back what is not under way.
func (s *Service) withdraw(ctx context.Context, b *batch, a actor.Actor, reason string) error {
	b.about.Reason = reason
	k, err := s.vault.Tenant(ctx, a.Tenant)
	if err != nil {
		return err
	}
	aboutCol, err := sealJSON(k, locBatch(b.id, "about"), b.about)
	if err != nil {
		return err
	}
	err = s.db.Tx(ctx, a.Tenant, func(tx *db.Tx) error {
		n, err := tx.Exec(qBatchWithdraw, a.Tenant, b.id, b.state, aboutCol, db.Micros(time.Now()))
		if err != nil {
			return err
		}
		if n != 1 {
			return fault.New(fault.Conflict, "checkup.import_running")
		}
		if _, err := tx.Exec(qBump, a.Tenant); err != nil {
			return err
		}
		_, err = s.audit.Append(tx, audit.Event{Verb: "checkup.import.withdraw", Actor: a, Kind: "checkup.import",
			Detail: map[string]any{"import": b.id, "applied": b.applied, "mac": hex.EncodeToString(b.mac)}})
		return err
	})
	if err != nil {
		return err
	}
	if b.blob == "" { // went with the contents of refused cells
		return nil
	}
	return s.blobs.Delete(context.WithoutCancel(ctx), a.Tenant, b.blob)
}
