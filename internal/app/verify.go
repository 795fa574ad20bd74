package app

import (
	"context"
	"errors"

	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

// verifyOffline opens a stopped service's data for reading alone and checks the log. It does not open the
// log itself, which would append to it.
func verifyOffline(ctx context.Context, c Config) (rep audit.Report, err error) {
	_, unlock, err := lockData(c.Data)
	if err != nil {
		return rep, err
	}
	defer unlock()
	main, keys, err := databases(c)
	if err != nil {
		return rep, err
	}
	records, err := db.Open(ctx, main)
	if err != nil {
		return rep, err
	}
	defer func() { err = errors.Join(err, records.Close()) }()
	store, err := db.Open(ctx, keys)
	if err != nil {
		return rep, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	root, err := c.openRoot(ctx, store)
	if err != nil {
		return rep, err
	}
	v, err := vault.Open(ctx, store, root)
	if err != nil {
		return rep, err
	}
	return audit.Verify(ctx, records, v, audit.Config{Dir: c.path("log")})
}
