package app

import (
	"context"
	"errors"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/cli"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
	"rakudos/internal/governance/certificate"
	"rakudos/internal/governance/erasure"
)

func houseErasures() cli.Erasures {
	return cli.Erasures{
		Verify: houseLedger,
		Status: func(ctx context.Context, o cli.Options, code string) ([]erasure.Record, error) {
			return onStopped(ctx, o, func(a *App) ([]erasure.Record, error) {
				who := actor.HostOperator(ids.System, "erasure")
				if code == "" {
					return a.Erasure.All(ctx, who, 1000)
				}
				t, err := a.Tenant(ctx, code)
				if err != nil {
					return nil, err
				}
				return a.Erasure.Runs(ctx, who, t.ID, 1000)
			})
		},
	}
}

// houseLedger opens the databases alone: a service whose ledger does not hold refuses to open as a whole.
func houseLedger(ctx context.Context, o cli.Options) (out cli.LedgerCheck, err error) {
	c, err := configure(o)
	if err != nil {
		return out, err
	}
	if !HasData(c.Data) {
		return out, fault.New(fault.Missing, "app.no_data", "dir", c.Data)
	}
	_, unlock, err := lockData(c.Data)
	if err != nil {
		return out, err
	}
	defer unlock()
	main, keys, err := databases(c)
	if err != nil {
		return out, err
	}
	records, err := db.Open(ctx, main)
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, records.Close()) }()
	store, err := db.Open(ctx, keys)
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	root, err := c.openRoot(ctx, store)
	if err != nil {
		return out, err
	}
	v, err := vault.Open(ctx, store, root)
	if err != nil {
		return out, err
	}
	got, err := c.ledger().Check(ctx, records, v)
	if err != nil {
		return out, err
	}
	certificates, err := certificate.Check(ctx, records, v)
	return cli.LedgerCheck{OK: err == nil, Certificates: certificates, Entries: got.Entries, Head: got.Head, File: got.File, Copy: got.Copy, Waiting: got.Waiting}, err
}
