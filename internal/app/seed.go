package app

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/vault"
	"rakudos/internal/people/identity"
	"rakudos/internal/people/tenant"
)

// customerRoles are the roles of which the demo has one account in each customer tenant.
var customerRoles = []actor.Role{actor.HR, actor.Nurse, actor.Physician, actor.Manager, actor.TenantAdmin, actor.Employee}

// roleTitle names a demo account's holder.
var roleTitle = map[actor.Role]string{
	actor.HR: "人事 花子", actor.Nurse: "保健 みどり", actor.Physician: "産業 一郎", actor.Manager: "所属 次郎", actor.TenantAdmin: "管理 三郎",
	actor.Employee: "従業員", actor.Operator: "運用 四郎", actor.ITSM: "サービス 五郎", actor.Auditor: "監査 六郎",
	actor.StressImplementer: "実施 七郎", actor.StressStaff: "事務 八子", // of the probes alone: the demo has neither
}

// seedDemo fills a new data directory. It is done once: the account file is written last and its presence
// says that everything before it is complete.
func (a *App) seedDemo(ctx context.Context) error {
	file := a.Config.path("demo-accounts.txt")
	if _, err := os.Stat(file); err == nil {
		return nil
	}
	if err := a.mayBeDemo(ctx); err != nil {
		return err
	}
	var lines strings.Builder
	for _, d := range demoTenants {
		t, err := a.tenant(ctx, tenant.New{Code: d.code, Name: d.name, Kind: tenant.Customer})
		if err != nil {
			return err
		}
		if err := a.seedPeople(ctx, t, d); err != nil {
			return err
		}
		if err := a.seedAccounts(ctx, t, customerRoles, &lines); err != nil {
			return err
		}
	}
	t, err := a.tenant(ctx, tenant.New{Code: "kyokai", Name: "保健会", Kind: tenant.Association})
	if err != nil {
		return err
	}
	if err := a.seedAccounts(ctx, t, []actor.Role{actor.Operator, actor.ITSM, actor.Auditor}, &lines); err != nil {
		return err
	}
	return writePrivate(file, lines.String())
}

// mayBeDemo refuses data that somebody else's companies are in: the demo's accounts, whose passwords lie in a
// file, would stay in them for ever. The mark tells a seeding that was cut off from real data.
func (a *App) mayBeDemo(ctx context.Context) error {
	marked, err := a.Vault.Marked(ctx, vault.MarkDemo)
	if err != nil || marked {
		return err
	}
	all, err := a.Tenants.List(ctx)
	if err != nil {
		return err
	}
	for _, t := range all {
		if t.Kind != tenant.Probe {
			return fault.New(fault.Conflict, "app.not_demo", "dir", a.Config.Data, "code", t.Code)
		}
	}
	return a.Vault.SetMark(ctx, vault.MarkDemo)
}

// demoRemains tells that a service without the demo runs on data that have the demo's accounts.
func (a *App) demoRemains(ctx context.Context) (bool, error) {
	if a.Config.Demo {
		return false, nil
	}
	return a.Vault.Marked(ctx, vault.MarkDemo)
}

// tenant finds or registers a tenant of the demo or of the probes. There the literal policy of clause 3-5
// holds, password and mailed code; tenants that people make begin with the policy's two factors.
func (a *App) tenant(ctx context.Context, n tenant.New) (tenant.Tenant, error) {
	t, err := a.Tenants.ByCode(ctx, n.Code)
	if !fault.Is(err, fault.Missing) {
		return t, err
	}
	if t, err = a.Tenants.Create(ctx, actor.System(ids.System, "setup"), n); err != nil {
		return t, err
	}
	return t, a.Identity.SetTwoFactor(ctx, actor.System(t.ID, "setup"), nil)
}

func (a *App) seedPeople(ctx context.Context, t tenant.Tenant, d demoTenant) error {
	who := actor.System(t.ID, "demo")
	v, err := a.Org.ImportNow(ctx, who, "demo-roster.csv", strings.NewReader(demoRoster(d)), true)
	if err != nil {
		return err
	}
	if len(v.Rejected) > 0 {
		return fmt.Errorf("the demo roster has %d bad lines, first: %+v", len(v.Rejected), v.Rejected[0])
	}
	if err := a.demoConsents(ctx, t); err != nil {
		return err
	}
	today := jst.Of(time.Now())
	now := jst.FiscalYear(today)
	for year, share := now-2, 0.97; year <= now; year++ {
		if year == now {
			share = 0.6
		}
		i, err := a.Checkup.ImportNow(ctx, who, fmt.Sprintf("demo-checkup-%d.csv", year), strings.NewReader(demoCheckups(d, year, share, today)), true)
		if err != nil {
			return fmt.Errorf("check-ups of %d: %w", year, err)
		}
		if len(i.Rejected)+len(i.Unmatched) > 0 {
			return fmt.Errorf("the demo check-ups of %d have bad lines: %+v %+v", year, i.Rejected, i.Unmatched)
		}
	}
	return nil
}

// demoConsents: in the demo everybody has agreed that staff see items beyond the statutory ones (decisions.md).
func (a *App) demoConsents(ctx context.Context, t tenant.Tenant) error {
	dir, err := a.Org.Directory(ctx, t.ID)
	if err != nil {
		return err
	}
	var people []ids.Person
	for p := range dir.All() {
		people = append(people, p.ID)
	}
	return a.Checkup.GiveConsents(ctx, actor.System(t.ID, "demo"), people)
}

// seedAccounts makes one account per role with a password that is set, not a first one.
func (a *App) seedAccounts(ctx context.Context, t tenant.Tenant, roles []actor.Role, lines *strings.Builder) error {
	who := actor.System(t.ID, "setup")
	have, err := a.Identity.Accounts(ctx, who)
	if err != nil {
		return err
	}
	old := map[string]ids.Account{}
	for _, x := range have {
		old[x.LoginID] = x.ID
	}
	for _, role := range roles {
		password := identity.GeneratePassword()
		n, err := a.newAccount(ctx, t, role, password)
		if err != nil {
			return err
		}
		if _, there := old[n.LoginID]; there { // an earlier start was cut off before it could write the passwords down
			n.LoginID += "-" + suffix()
		}
		if _, err := a.Identity.CreateAccount(ctx, who, n); err != nil {
			return fmt.Errorf("account %s of %s: %w", role, t.Code, err)
		}
		fmt.Fprintf(lines, "%s %s %s\n", t.Code, n.LoginID, password)
	}
	return nil
}

// newAccount describes the account of a role; an employee's and a manager's need people and departments.
func (a *App) newAccount(ctx context.Context, t tenant.Tenant, role actor.Role, password string) (identity.NewAccount, error) {
	n := identity.NewAccount{
		LoginID: string(role), Name: roleTitle[role], Email: fmt.Sprintf("%s@%s.example", role, t.Code), Password: password,
		Grants: []identity.Grant{{Role: role}},
	}
	if role != actor.Employee && role != actor.Manager {
		return n, nil
	}
	dir, err := a.Org.Directory(ctx, t.ID)
	if err != nil {
		return n, err
	}
	for p := range dir.All() { // by employee number: the first of the roster
		if role == actor.Manager {
			n.Grants = []identity.Grant{{Role: role, Dept: p.Dept}}
		} else {
			n.Person, n.Name = p.ID, p.Name
		}
		return n, nil
	}
	return n, fmt.Errorf("tenant %s has no people", t.Code)
}

func suffix() string {
	b := make([]byte, 3)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return hex.EncodeToString(b)
}

// writePrivate writes a file for the owner alone, whole or not at all.
func writePrivate(path, text string) error {
	tmp := path + ".new"
	if err := os.WriteFile(tmp, []byte(text), 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}
