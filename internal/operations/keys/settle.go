package keys

import (
	"context"

	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

// settle takes wrapped keys that were replaced or destroyed out of the files of the key store and of its server, and
// tells why the server's log may still hold them.
func settle(ctx context.Context, store *db.DB) (db.LogKept, error) {
	if err := store.Scrub(ctx, vault.KeyTables...); err != nil {
		return "", err
	}
	return store.OverwriteLog(ctx)
}

// withLog adds to an event what stays.
func withLog(detail map[string]any, kept db.LogKept) map[string]any {
	if kept != "" {
		detail["log_kept"] = string(kept)
	}
	return detail
}
