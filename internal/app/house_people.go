package app

import (
	"context"
	"errors"
	"log/slog"
	"os"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/cli"
	"rakudos/internal/people/identity"
	"rakudos/internal/people/tenant"
)

// housePassword decides a password by the rules of the configuration, without any data.
func housePassword(o cli.Options, c cli.PasswordCheck) ([]identity.RuleResult, error) {
	conf, err := configure(o)
	if err != nil {
		return nil, err
	}
	p := conf.passwords()
	if file := conf.Identity.BlocklistFile; file != "" {
		if p.Leaked, err = identity.LoadBlocklist(file); err != nil {
			return nil, fault.New(fault.Invalid, "cli.config", "detail", err.Error())
		}
	}
	return identity.CheckPassword(p, c.Context, c.Password), nil
}

func houseUsers() cli.Users {
	return cli.Users{
		List: func(ctx context.Context, o cli.Options, code string) (out []identity.Account, err error) {
			err = inTenant(ctx, o, code, func(a *App, who actor.Actor) error {
				out, err = a.Identity.Accounts(ctx, who)
				return err
			})
			return out, err
		},
		Create: func(ctx context.Context, o cli.Options, code, site string, n identity.NewAccount) (out identity.Account, err error) {
			err = inTenant(ctx, o, code, func(a *App, who actor.Actor) error {
				id, err := a.siteByCode(ctx, who.Tenant, site)
				if err != nil {
					return err
				}
				for i := range n.Grants {
					n.Grants[i].Site = id
				}
				out, err = a.Identity.CreateAccount(ctx, who, n)
				return err
			})
			return out, err
		},
		Act: houseUserAct,
		Personnel: func(ctx context.Context, o cli.Options, code, login, say, reason string) (out identity.Account, err error) {
			err = inTenant(ctx, o, code, func(a *App, who actor.Actor) error {
				id, err := a.accountByLogin(ctx, who, login)
				if err == nil {
					err = a.Identity.SetPersonnel(ctx, who, id, actor.Personnel(say), reason)
				}
				if err == nil {
					out, err = a.Identity.Account(ctx, who, id)
				}
				return err
			})
			return out, err
		},
		Seal: func(ctx context.Context, o cli.Options, code, login, name string) (out identity.Envelope, err error) {
			err = inTenant(ctx, o, code, func(a *App, who actor.Actor) error {
				out, err = a.Identity.Seal(ctx, who, login, name)
				return err
			})
			return out, err
		},
	}
}

func houseUserAct(ctx context.Context, o cli.Options, code, login, act, reason string) (out identity.Account, err error) {
	err = inTenant(ctx, o, code, func(a *App, who actor.Actor) error {
		id, err := a.accountByLogin(ctx, who, login)
		if err != nil {
			return err
		}
		first := ""
		switch act {
		case "unlock":
			err = a.Identity.Unlock(ctx, who, id, reason)
		case "disable":
			err = a.Identity.Disable(ctx, who, id, reason)
		case "enable":
			err = a.Identity.Enable(ctx, who, id, reason)
		case "vouch":
			err = a.Identity.Vouch(ctx, who, who.Tenant, id, reason)
		case "factors":
			err = a.Identity.ResetFactors(ctx, who, id, reason)
		case "reset":
			first, err = a.Identity.ResetPassword(ctx, who, id, reason)
		default:
			err = fault.New(fault.Invalid, "cli.verb", "verb", "user "+act)
		}
		if err == nil {
			out, err = a.Identity.Account(ctx, who, id)
			out.FirstPassword = first
		}
		return err
	})
	return out, err
}

// inTenant opens a stopped service's data and acts in one tenant as the host's operator.
func inTenant(ctx context.Context, o cli.Options, code string, act func(*App, actor.Actor) error) (err error) {
	a, err := stopped(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close(context.WithoutCancel(ctx))) }()
	t, err := a.Tenant(ctx, code)
	if err != nil {
		return err
	}
	return act(a, actor.HostOperator(t.ID, "account"))
}

func (a *App) accountByLogin(ctx context.Context, who actor.Actor, login string) (ids.Account, error) {
	all, err := a.Identity.Accounts(ctx, who)
	if err != nil {
		return "", err
	}
	for _, x := range all {
		if x.LoginID == identity.NormalLogin(login) {
			return x.ID, nil
		}
	}
	return "", fault.New(fault.Missing, "identity.no_account")
}

// siteByCode finds a site of a tenant; no code is every site.
func (a *App) siteByCode(ctx context.Context, t ids.Tenant, code string) (ids.Site, error) {
	if code == "" {
		return "", nil
	}
	d, err := a.Org.Directory(ctx, t)
	if err != nil {
		return "", err
	}
	for _, s := range d.Sites() {
		if s.Code == code {
			return s.ID, nil
		}
	}
	return "", fault.New(fault.Missing, "app.no_site", "site", code)
}

func houseTenants() cli.Tenants {
	return cli.Tenants{
		TwoFactor: func(ctx context.Context, o cli.Options, code string, set bool, roles []actor.Role) (out []actor.Role, err error) {
			err = inTenant(ctx, o, code, func(a *App, who actor.Actor) error {
				if set {
					if err := a.Identity.SetTwoFactor(ctx, who, roles); err != nil {
						return err
					}
				}
				out, err = a.Identity.TwoFactor(ctx, who.Tenant)
				return err
			})
			return out, err
		},
		List: func(ctx context.Context, o cli.Options) (out []tenant.Tenant, err error) {
			a, err := stopped(ctx, o)
			if err != nil {
				return nil, err
			}
			defer func() { err = errors.Join(err, a.Close(context.WithoutCancel(ctx))) }()
			return a.Tenants.List(ctx)
		},
		Create: func(ctx context.Context, o cli.Options, n tenant.New) (out tenant.Tenant, err error) {
			c, err := configure(o)
			if err != nil {
				return out, err
			}
			c.Demo = false
			a, err := Open(ctx, c, slog.New(slog.NewJSONHandler(os.Stderr, nil)))
			if err != nil {
				return out, err
			}
			defer func() { err = errors.Join(err, a.Close(context.WithoutCancel(ctx))) }()
			return a.Tenants.Create(ctx, actor.HostOperator(ids.System, "setup"), n)
		},
	}
}
