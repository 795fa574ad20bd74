package identity

import "rakudos/internal/engine/vault"

// SealedColumns are the columns that a rotation of keys seals again (clause 3-11a). Not among them is what a row's
// MAC covers as it lies there, and what lives for minutes: it opens by the version that it names.
var SealedColumns = []vault.Column{
	sealedColumn(accountsTable, "login", "account_id"), sealedColumn(accountsTable, "name", "account_id"), sealedColumn(accountsTable, "email", "account_id"),
	sealedColumn(sessionsTable, "addr", "session_id"), sealedColumn(sessionsTable, "agent", "session_id"),
	sealedColumn(assertedTable, "sealed", "id"),
	sealedColumn(emailTable, "email", "account_id"),
	sealedColumn(passkeysTable, "credential", passkeyKey), sealedColumn(passkeysTable, "name", passkeyKey),
	sealedColumn(twoFactorTable, "roles", "tenant_id"),
}

// passkeyKey names a passkey as its place does.
const passkeyKey = "passkey_id || ' ' || account_id"

func sealedColumn(table, column, key string) vault.Column {
	return vault.TenantColumn(table, column, key, func(id string) vault.Loc { return at(table, id, column) })
}
