package asset

import (
	"context"

	"rakudos/internal/base/ids"
	"rakudos/internal/engine/vault"
)

// Sealed are the columns that a rotation of the service's own key seals again (clause 3-11a).
var Sealed = []vault.Column{vault.TenantColumn("asset_disposal", "reason_sealed", "disposal_id", reasonAt)}

func reasonAt(id string) vault.Loc {
	return vault.Loc{Table: "asset_disposal", ID: id, Column: "reason_sealed"}
}

// openReasons fills in what people gave as their reason. One that does not open says so: the rest of the ledger stays
// readable.
func (s *Service) openReasons(ctx context.Context, all []*Disposal) error {
	key, err := s.o.Keys.Tenant(ctx, ids.System)
	if err != nil {
		return err
	}
	for _, d := range all {
		if d.sealed == nil {
			continue
		}
		if text, err := key.Open(reasonAt(d.ID), d.sealed); err == nil {
			d.Reason = string(text)
		} else {
			d.Reason = "（理由の記録を読めません）"
		}
	}
	return nil
}
