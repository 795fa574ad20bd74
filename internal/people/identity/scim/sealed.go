package scim

import (
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/vault"
)

// Sealed are the columns that a rotation of keys seals again (clause 3-11a).
var Sealed = []vault.Column{
	vault.TenantColumn(tokensTable, "sealed", "token_id", tokenAt),
	vault.TenantColumn(groupsTable, "sealed", "group_id", groupAt),
	vault.TenantColumn(actsTable, "sealed", "act_id", actAt),
	vault.TenantColumn(joinsTable, "sealed", "account_id", func(id string) vault.Loc { return joinAt(ids.Account(id)) }),
	vault.TenantColumn(usersTable, "external", "account_id", func(id string) vault.Loc { return externalAt(ids.Account(id)) }),
}

func tokenAt(id string) vault.Loc { return vault.Loc{Table: tokensTable, ID: id, Column: "sealed"} }

func actAt(id string) vault.Loc { return vault.Loc{Table: actsTable, ID: id, Column: "sealed"} }
