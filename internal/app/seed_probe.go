package app

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/mail"
	"rakudos/internal/engine/probe"
	"rakudos/internal/people/access"
	"rakudos/internal/people/identity"
	"rakudos/internal/people/tenant"
)

// Three tenants exist for the probes alone: two so that "another tenant" can be tried for real, and one
// whose accounts the probes of signing in may lock and unlock. They hold invented people and no customer
// ever sees them.
var probeCodes = []string{"probe-a", "probe-b", "probe-c"}

const (
	probeBlob = "probe/accounts"
	knownBlob = "probe/known" // there when seedKnown is done
)

type probeTenants struct {
	accounts []probe.Account
	tenants  []ids.Tenant
	people   []ids.Person // of the first tenant
}

// seedProbes makes the probe tenants that are missing, all of them at the first start; their passwords are kept sealed and never shown.
func (a *App) seedProbes(ctx context.Context) error {
	kept, err := a.keptProbes(ctx)
	if err != nil {
		return err
	}
	added := false
	for i, code := range probeCodes {
		t, err := a.tenant(ctx, tenant.New{Code: code, Name: "自己点検用 " + code, Kind: tenant.Probe})
		if err != nil {
			return err
		}
		a.probes.tenants = append(a.probes.tenants, t.ID)
		// Per tenant and role: a folder of an earlier version may lack one that has come since.
		if !slices.ContainsFunc(kept, func(p probe.Account) bool { return p.Tenant == code }) {
			if err := a.seedProbePeople(ctx, t, i); err != nil {
				return err
			}
		}
		accounts, err := a.seedProbeAccounts(ctx, t, kept)
		if err != nil {
			return err
		}
		added, kept = added || len(accounts) > 0, append(kept, accounts...)
	}
	if added {
		b, err := json.Marshal(kept)
		if err != nil {
			return err
		}
		if _, err := a.Blobs.Put(ctx, ids.System, probeBlob, strings.NewReader(string(b))); err != nil {
			return err
		}
	}
	a.probes.accounts = kept
	if err := a.seedKnown(ctx, a.probes.tenants[0]); err != nil {
		return err
	}
	dir, err := a.Org.Directory(ctx, a.probes.tenants[0])
	if err != nil {
		return err
	}
	for p := range dir.All() {
		a.probes.people = append(a.probes.people, p.ID)
	}
	return nil
}

func (a *App) keptProbes(ctx context.Context) (out []probe.Account, err error) {
	r, err := a.Blobs.Open(ctx, ids.System, probeBlob)
	if fault.Is(err, fault.Missing) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer r.Close() //nolint:errcheck // read only
	b, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	return out, json.Unmarshal(b, &out)
}

// probePeople are the invented people of a probe tenant.
func probePeople(code string, n int) demoTenant {
	return demoTenant{code: code, prefix: fmt.Sprintf("P%d", n), people: 6, sites: [][2]string{{"P01", "点検事業所"}}, depts: []string{"点検部", "試験部"}, seed: uint64(90 + n)}
}

func (a *App) seedProbePeople(ctx context.Context, t tenant.Tenant, n int) error {
	d := probePeople(t.Code, n)
	who := actor.System(t.ID, "setup")
	if _, err := a.Org.ImportNow(ctx, who, "probe-roster.csv", strings.NewReader(demoRoster(d)), true); err != nil {
		return err
	}
	today := jst.Of(time.Now())
	_, err := a.Checkup.ImportNow(ctx, who, "probe-checkup.csv", strings.NewReader(demoCheckups(d, jst.FiscalYear(today)-1, 1, today)), true)
	return err
}

// seedKnown gives the person behind the employee's account of a probe tenant a check-up with texts that stand nowhere
// else, once in the life of a folder: by them AC-LEAST knows what a role is shown.
func (a *App) seedKnown(ctx context.Context, t ids.Tenant) error {
	r, err := a.Blobs.Open(ctx, ids.System, knownBlob)
	if err == nil {
		return r.Close()
	}
	if !fault.Is(err, fault.Missing) {
		return err
	}
	dir, err := a.Org.Directory(ctx, t)
	if err != nil {
		return err
	}
	for p := range dir.All() { // the first, as newAccount takes it
		day := jst.Of(time.Now())
		file := fmt.Sprintf("社員番号,氏名,カナ氏名,性別,生年月日,健診日,収縮期血圧,拡張期血圧,自覚症状所見,備考\n%s,%s,%s,%s,%s,%s,168,104,%s,%s\n",
			p.Number, p.Name, p.Kana, p.Sex, p.Birth, day, access.MarkValue, access.MarkOther)
		i, err := a.Checkup.ImportNow(ctx, actor.System(t, "setup"), "probe-known.csv", strings.NewReader(file), true)
		if err != nil {
			return err
		}
		if len(i.Rejected)+len(i.Unmatched) > 0 {
			return fmt.Errorf("the known check-up of the probes is not taken: %+v %+v", i.Rejected, i.Unmatched)
		}
		_, err = a.Blobs.Put(ctx, ids.System, knownBlob, strings.NewReader("1"))
		return err
	}
	return nil
}

func (a *App) seedProbeAccounts(ctx context.Context, t tenant.Tenant, kept []probe.Account) (out []probe.Account, err error) {
	for _, role := range actor.Roles {
		if slices.ContainsFunc(kept, func(p probe.Account) bool { return p.Tenant == t.Code && p.Role == string(role) }) {
			continue
		}
		p := probe.Account{
			Tenant: t.Code, Role: string(role), LoginID: fmt.Sprintf("%s-%s", role, suffix()),
			Password: identity.GeneratePassword(), Email: fmt.Sprintf("%s.%s@%s", role, t.Code, mail.ProbeDomain),
		}
		n, err := a.newAccount(ctx, t, role, p.Password)
		if err != nil {
			return nil, err
		}
		n.LoginID, n.Email = p.LoginID, p.Email
		if _, err := a.Identity.CreateAccount(ctx, actor.System(t.ID, "setup"), n); err != nil {
			return nil, fmt.Errorf("probe account %s: %w", role, err)
		}
		out = append(out, p)
	}
	return out, nil
}
