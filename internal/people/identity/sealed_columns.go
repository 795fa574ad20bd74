package identity

import "rakudos/internal/engine/vault"

// SealedColumns are the columns that a rotation of keys seals again (clause 3-11a).
var SealedColumns = []vault.Column{
	sealedColumn(accountsTable, "login", "account_id"), sealedColumn(accountsTable, "name", "account_id"), sealedColumn(accountsTable, "email", "account_id"),
	sealedColumn(sessionsTable, "addr", "session_id"), sealedColumn(sessionsTable, "agent", "session_id"),
	sealedColumn(emailTable, "email", "account_id"),
}

func sealedColumn(table, column, key string) vault.Column {
	return vault.TenantColumn(table, column, key, func(id string) vault.Loc { return at(table, id, column) })
}
