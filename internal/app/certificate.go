package app

import (
	"context"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/cli"
	"rakudos/internal/governance/certificate"
	"rakudos/internal/operations/backup"
)

// openCertificates builds the register of certificates of erasure.
func (a *App) openCertificates() {
	s := a.Config.Service
	a.Certificates = certificate.New(certificate.Deps{
		DB: a.DB, Store: a.Keys, Keys: a.Vault, Log: a.Audit, Guard: a.inHouse, Issuer: s.Association, Service: s.Name, Version: Version,
	})
}

func houseCertificates() cli.Certificates {
	who := actor.HostOperator(ids.System, "certificate")
	return cli.Certificates{
		List: func(ctx context.Context, o cli.Options) ([]certificate.Entry, error) {
			return onStopped(ctx, o, func(a *App) ([]certificate.Entry, error) { return a.Certificates.List(ctx, who, 1000) })
		},
		Show: func(ctx context.Context, o cli.Options, id string) (*certificate.File, error) {
			return onStopped(ctx, o, func(a *App) (*certificate.File, error) { return a.Certificates.File(ctx, who, id) })
		},
		Keys: func(ctx context.Context, o cli.Options) (certificate.Trust, error) {
			return onStopped(ctx, o, func(a *App) (certificate.Trust, error) { return a.Certificates.Trust(ctx) })
		},
		Revoke: func(ctx context.Context, o cli.Options, id, reason string) error {
			_, err := onStopped(ctx, o, func(a *App) (struct{}, error) {
				if err := a.Certificates.Revoke(ctx, who, id, reason); err != nil {
					return struct{}{}, err
				}
				return struct{}{}, a.copyCertificates(ctx, who)
			})
			return err
		},
		RotateKey: func(ctx context.Context, o cli.Options) (string, error) {
			return onStopped(ctx, o, func(a *App) (string, error) {
				public, err := a.Certificates.RotateKey(ctx, who)
				if err != nil {
					return "", err
				}
				return public, a.copyCertificates(ctx, who)
			})
		},
	}
}

// copyCertificates takes a fresh copy of the key store, which keeps certificates, keys and revocations: only so does a
// restore know what was just done. What was done stands when the copy can't be taken: fault.Busy "certificate.uncopied".
func (a *App) copyCertificates(ctx context.Context, who actor.Actor) error {
	if err := a.Backup.RenewKeys(ctx, who); err != nil {
		return fault.New(fault.Busy, "certificate.uncopied").Because(err)
	}
	return nil
}

// copyNewest takes a fresh copy of the key store when a certificate was issued after the newest one: those of
// erased people are not copied one by one, and a kill may come between a customer's and its copy.
func (a *App) copyNewest(ctx context.Context) error {
	who := actor.System(ids.System, "certificate")
	all, err := a.Certificates.List(ctx, who, 1)
	if err != nil || len(all) == 0 {
		return err
	}
	sets, err := a.Backup.List(ctx)
	if err != nil {
		return err
	}
	var copied time.Time
	for _, g := range sets {
		if g.Kind == backup.Keys && !g.Damaged && g.Taken.After(copied) {
			copied = g.Taken
		}
	}
	if copied.IsZero() || copied.After(all[0].IssuedAt.Add(time.Second)) { // certificates tell whole seconds; before the first backup there is nothing to be restored
		return nil
	}
	return a.copyCertificates(ctx, who)
}
