package app

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/vault"
)

// bareColumns are what the sandbox of CR-REST stores unsealed: a person, a user's name, and a result.
var bareColumns = []vault.Place{{Table: "person", Column: "sealed"}, {Table: "identity_accounts", Column: "name"}, {Table: "checkup_result", Column: "sealed"}}

// restDeps are what the probe of encryption looks at: this service, and a sandbox that does not seal.
func (a *App) restDeps() vault.Deps {
	return vault.Deps{
		Vault: a.Vault, DB: a.DB, Dir: a.Config.Data, Tenants: a.probeTenants, Written: a.words.written(a), Broken: bareColumns,
		Sandbox: func(ctx context.Context) (vault.Deps, func(), error) {
			run, stop, err := a.stage.sandbox(ctx, vault.SabotageBare)
			if err != nil {
				return vault.Deps{}, nil, err
			}
			return run.restDeps(), stop, nil
		},
	}
}

// canaryWords are the words that the probe of encryption has had written. They are written anew once a day and at the
// first look of every process, for each writing leaves a record behind that nothing but an erasure removes.
type canaryWords struct {
	mu   sync.Mutex
	last vault.Written
}

const canariesAnew = 24 * time.Hour

func (c *canaryWords) written(a *App) vault.Writer {
	return func(ctx context.Context) (vault.Written, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if !c.last.At.IsZero() && time.Since(c.last.At) < canariesAnew {
			return c.last, nil
		}
		w, err := a.writeCanaries(ctx)
		if err == nil {
			c.last = w
		}
		return w, err
	}
}

const (
	canaryNumber   = "CR0001"
	canaryRoster   = "社員番号,氏名,カナ氏名,性別,生年月日,事業所コード,事業所名,部署,メールアドレス,入社日\n" + canaryNumber + ",点検 %[1]s,テンケン アンゴ,女,1970-04-01,P01,点検事業所,点検部,cr-%[1]s@probe-c.example,2001-04-01\n"
	canaryCheckups = "社員番号,氏名,カナ氏名,性別,生年月日,健診日,健診機関,身長,体重,既往歴\n" + canaryNumber + ",点検 %[1]s,テンケン アンゴ,女,1970-04-01,2024-06-01,点検所%[1]s,160.0,55.0,点検所見%[1]s\n"
)

// writeCanaries imports a roster and a check-up and renames a user in the third tenant of the probes, through what
// the pages call, and gathers the names and addresses that all of them hold.
func (a *App) writeCanaries(ctx context.Context) (w vault.Written, err error) {
	if len(a.probes.tenants) < 3 {
		return w, errNotRunning
	}
	random := make([]byte, 12)
	rand.Read(random)
	mark := hex.EncodeToString(random)
	t := a.probes.tenants[2]
	who := actor.System(t, "probe")
	roster, err := a.Org.ImportNow(ctx, who, "probe-cr.csv", strings.NewReader(fmt.Sprintf(canaryRoster, mark)), true)
	if err != nil {
		return w, err
	}
	checkups, err := a.Checkup.ImportNow(ctx, who, "probe-cr.csv", strings.NewReader(fmt.Sprintf(canaryCheckups, mark)), true)
	if err != nil {
		return w, err
	}
	if len(roster.Rejected)+len(checkups.Rejected)+len(checkups.Unmatched) > 0 {
		return w, errors.New("app: the words of the probe were not taken by an import")
	}
	if err := a.renameCanary(ctx, t, "点検 利用者"+mark); err != nil {
		return w, err
	}
	w = vault.Written{At: time.Now(), Tenants: a.probes.tenants, Fresh: []vault.Text{
		{Kind: "氏名", Text: "点検 " + mark}, {Kind: "メールアドレス", Text: "cr-" + mark}, {Kind: "健診機関", Text: "点検所" + mark},
		{Kind: "既往歴", Text: "点検所見" + mark}, {Kind: "利用者の名前", Text: "点検 利用者" + mark},
	}}
	w.Known, err = a.knownOfProbes(ctx)
	return w, err
}

// renameCanary renames the account that the probes of signing in use least.
func (a *App) renameCanary(ctx context.Context, t ids.Tenant, name string) error {
	by := actor.Actor{Kind: actor.Human, Tenant: t, Account: "probe", Roles: []actor.Role{actor.TenantAdmin}, Purpose: "probe"}
	all, err := a.Identity.Accounts(ctx, by)
	if err != nil {
		return err
	}
	for _, one := range all {
		if strings.HasPrefix(one.LoginID, string(actor.Auditor)+"-") {
			return a.Identity.Rename(ctx, by, one.ID, name, "定期の検査")
		}
	}
	return errors.New("app: the probes have no user to rename")
}

// knownOfProbes are the people and users of the probes' tenants.
func (a *App) knownOfProbes(ctx context.Context) (out []vault.Text, err error) {
	for _, t := range a.probes.tenants {
		dir, err := a.Org.Directory(ctx, t)
		if err != nil {
			return nil, err
		}
		for p := range dir.All() {
			if p.Number == canaryNumber {
				continue
			}
			out = append(out, vault.Text{Kind: "氏名", Text: p.Name}, vault.Text{Kind: "フリガナ", Text: p.Kana}, vault.Text{Kind: "メールアドレス", Text: p.Email})
		}
	}
	for _, p := range a.probes.accounts {
		out = append(out, vault.Text{Kind: "利用者のメールアドレス", Text: p.Email})
	}
	return out, nil
}
