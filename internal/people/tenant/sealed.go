package tenant

import (
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/vault"
)

// Sealed are the columns that a rotation of keys seals again (clause 3-11a).
var Sealed = []vault.Column{
	vault.TenantColumn("tenant", "name", "tenant_id", func(id string) vault.Loc { return nameAt(ids.Tenant(id)) }),
}
