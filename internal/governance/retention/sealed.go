package retention

import "rakudos/internal/engine/vault"

// Sealed are the columns that a rotation of keys seals again (clause 3-11a).
var Sealed = []vault.Column{
	vault.TenantColumn("retention_rule", "sealed", "class", ruleAt),
	vault.TenantColumn("retention_candidate", "reason", "candidate_id", reasonAt),
}

func ruleAt(class string) vault.Loc {
	return vault.Loc{Table: "retention_rule", ID: class, Column: "sealed"}
}
