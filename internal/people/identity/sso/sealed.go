package sso

import "rakudos/internal/engine/vault"

// Sealed are the columns that a rotation of keys seals again (clause 3-11a). A flow is over within minutes.
var Sealed = []vault.Column{
	vault.TenantColumn(connectionsTable, "config", "connection_id", func(id string) vault.Loc { return at(connectionsTable, id, "config") }),
	vault.TenantColumn(confirmationsTable, "sealed", "connection_id", func(id string) vault.Loc { return at(confirmationsTable, id, "sealed") }),
	vault.TenantColumn(linksTable, "subject", "link_id", func(id string) vault.Loc { return at(linksTable, id, "subject") }),
}
