package checkup

import (
	"context"
	"encoding/hex"

	"rakudos/internal/base/fault"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
)

// read makes the preview.
func (s *Service) read(ctx context.Context, b *batch) error {
	if b.state != Reading {
		return nil // a job delivered twice
	}
	m, err := s.mappingFor(ctx, b)
	if err != nil {
		return err
	}
	out, err := s.run(ctx, b, m, false, s.opener(ctx, b))
	if err != nil {
		return err
	}
	return s.ready(ctx, b, out, nil)
}

// ready writes the preview and, when there was none, the mapping that was guessed.
func (s *Service) ready(ctx context.Context, b *batch, out *outcome, note *fault.Fault) error {
	k, err := s.vault.Tenant(ctx, b.tenant)
	if err != nil {
		return err
	}
	b.about.Body, b.about.Header = out.info.Body, out.info.Header
	b.detail = out.detail
	b.detail.Note = messageOf(note)
	aboutCol, detailCol, err := b.sealed(k)
	if err != nil {
		return err
	}
	return s.db.Tx(ctx, b.tenant, func(tx *db.Tx) error {
		mapping, err := s.saveMapping(tx, k, b, out.info.Mapping, b.startedBy)
		if err != nil {
			return err
		}
		n, err := tx.Exec(qBatchReady, b.tenant, b.id, mapping, out.info.Rows, out.accepted, out.unchanged, out.mac[:], aboutCol, detailCol)
		if err != nil || n != 1 {
			return err // somebody else was quicker
		}
		_, err = s.audit.Append(tx, audit.Event{Verb: "checkup.import.preview", Actor: b.by(b.startedBy), Kind: "checkup.import", Detail: out.counts(b)})
		return err
	})
}

func (o *outcome) counts(b *batch) map[string]any {
	return map[string]any{
		"import": b.id, "rows": o.info.Rows, "accepted": o.accepted, "unchanged": o.unchanged,
		"rejected": o.detail.rejected(), "unmatched": o.detail.unmatched(), "mac": hex.EncodeToString(o.mac[:]),
	}
}
