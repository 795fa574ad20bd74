package app

import (
	"context"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/cli"
	"rakudos/internal/governance/certificate"
)

// openCertificates builds the register of certificates of erasure.
func (a *App) openCertificates() {
	s := a.Config.Service
	a.Certificates = certificate.New(certificate.Deps{
		DB: a.DB, Keys: a.Vault, Log: a.Audit, Guard: a.inHouse, Issuer: s.Association, Service: s.Name, Version: Version,
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
		RotateKey: func(ctx context.Context, o cli.Options) (string, error) {
			return onStopped(ctx, o, func(a *App) (string, error) { return a.Certificates.RotateKey(ctx, who) })
		},
	}
}
