package app

import (
	"context"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/job"
	"rakudos/internal/people/identity/scim"
	"rakudos/internal/people/identity/sso"
	"rakudos/internal/people/org"
)

// openFederation builds what ties accounts to the tenants' own identity providers. It needs org for the
// employee numbers.
func (a *App) openFederation() error {
	var err error
	a.SSO, err = sso.New(sso.Options{
		DB: a.DB, Keys: a.Vault, Log: a.Audit, Identity: a.Identity, Tenants: tenantLookup{a.Tenants}, People: numbers{a.Org}, Guard: require,
		Net: sso.Net{AllowPrivate: a.Config.SSO.AllowPrivate, RootsFile: a.Config.SSO.RootsFile}, Logger: a.log, Weak: a.weak(sso.SabotageRequest),
	})
	if err != nil {
		return err
	}
	a.SCIM = scim.New(scim.Options{DB: a.DB, Keys: a.Vault, Log: a.Audit, Identity: a.Identity, Tenants: tenantLookup{a.Tenants}, People: numbers{a.Org}, Guard: require, Logger: a.log, Weak: a.weak(scim.SabotageRevoked)})
	a.Jobs.Handle("sso.sweep", func(ctx context.Context, _ job.Job) error { return a.SSO.Sweep(ctx) }, job.Options{})
	a.Jobs.Schedule("sso.sweep", job.Every(time.Hour), job.NewestOnly())
	return nil
}

// PersonWithEmail is PersonByNumber with the address that the roster has of the person. Who has left is nobody.
func (n numbers) PersonWithEmail(ctx context.Context, t ids.Tenant, number string) (ids.Person, string, error) {
	d, err := n.org.Directory(ctx, t)
	if err != nil {
		return "", "", err
	}
	if p, ok := d.ByNumber(number); ok && p.Left.IsZero() {
		return p.ID, p.Email, nil
	}
	return "", "", fault.New(fault.Missing, "sso.no_person")
}

// numbers finds people by their employee number.
type numbers struct{ org *org.Service }

func (n numbers) PersonByNumber(ctx context.Context, t ids.Tenant, number string) (ids.Person, error) {
	d, err := n.org.Directory(ctx, t)
	if err != nil {
		return "", err
	}
	if p, ok := d.ByNumber(number); ok {
		return p.ID, nil
	}
	return "", fault.New(fault.Missing, "sso.no_person")
}
