package app

import (
	"context"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/job"
	"rakudos/internal/people/identity"
	"rakudos/internal/people/org"
	"rakudos/internal/people/support"
	"rakudos/internal/people/tenant"
)

// openSupport builds the association's access to tenants. Writing down what the clock has ended is a job;
// that it has ended does not wait for it.
func (a *App) openSupport() (err error) {
	a.Support, err = support.New(support.Options{
		DB: a.DB, Keys: a.Vault, Log: a.Audit, Tenants: supportTenants{a.Tenants}, People: supportPeople{a.Identity, a.Org}, Guard: require, Second: a.Identity.Second,
		Weak: a.Config.sabotage[support.SabotageApproval], Sandbox: a.Config.sandbox(),
	})
	if err != nil {
		return err
	}
	a.Jobs.Handle("support.sweep", func(ctx context.Context, _ job.Job) error { return a.Support.Sweep(ctx) }, job.Options{})
	a.Jobs.Schedule("support.sweep", job.Every(time.Minute), job.NewestOnly())
	return nil
}

// supportTenants shows support what it needs of the register of tenants.
type supportTenants struct{ tenants *tenant.Service }

func (l supportTenants) TenantByCode(ctx context.Context, code string) (support.TenantInfo, error) {
	t, err := l.tenants.ByCode(ctx, code)
	return supportTenant(t), err
}

func (l supportTenants) TenantByID(ctx context.Context, id ids.Tenant) (support.TenantInfo, error) {
	t, err := l.tenants.ByID(ctx, id)
	return supportTenant(t), err
}

func (l supportTenants) Tenants(ctx context.Context) (out []support.TenantInfo, err error) {
	all, err := l.tenants.List(ctx)
	for _, t := range all {
		out = append(out, supportTenant(t))
	}
	return out, err
}

func supportTenant(t tenant.Tenant) support.TenantInfo {
	return support.TenantInfo{ID: t.ID, Code: t.Code, Name: t.Name, Closed: t.Closed, Probe: t.Kind == tenant.Probe, Association: t.Kind == tenant.Association}
}

// supportPeople knows accounts by identity and employees by org.
type supportPeople struct {
	*identity.Service
	org *org.Service
}

func (p supportPeople) ByNumber(ctx context.Context, t ids.Tenant, number string) (ids.Person, error) {
	d, err := p.org.Directory(ctx, t)
	if err != nil {
		return "", err
	}
	if found, ok := d.ByNumber(number); ok {
		return found.ID, nil
	}
	return "", fault.New(fault.Missing, "support.no_person")
}
