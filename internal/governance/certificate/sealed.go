package certificate

import "rakudos/internal/engine/vault"

// Sealed are the columns that a rotation of the service's own key seals again (clause 3-11a).
var Sealed = []vault.Column{
	column("certificate", "sealed", "certificate_id"), column("certificate", "proof", "certificate_id"), column("certificate", "revocation", "certificate_id"),
	column("certificate_key", "sealed", "key_id"), column("certificate_presentation", "sealed", "presentation_id"),
}

func column(table, name, key string) vault.Column {
	return vault.TenantColumn(table, name, key, func(id string) vault.Loc { return at(table, id, name) })
}
