package retention

import "rakudos/internal/engine/vault"

// Sealed are the columns that a rotation of keys seals again (clause 3-11a). The reason of a decline is not among
// them: it stands under the service's key in a customer's row, and opens by the version that it names.
var Sealed = []vault.Column{vault.TenantColumn("retention_rule", "sealed", "class", ruleAt)}

func ruleAt(class string) vault.Loc {
	return vault.Loc{Table: "retention_rule", ID: class, Column: "sealed"}
}
