package accessreview

import "rakudos/internal/engine/vault"

// Sealed are the columns that a rotation of keys seals again (clause 3-11a). The snapshot's hash is over what they
// say, not over how it lies there.
var Sealed = []vault.Column{lineColumn("subject"), lineColumn("reason")}

func lineColumn(column string) vault.Column {
	return vault.TenantColumn("review_line", column, "campaign_id || '|' || line_no", func(line string) vault.Loc {
		return vault.Loc{Table: "review_line", ID: line, Column: column}
	})
}
