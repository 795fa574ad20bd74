package app

import (
	"context"
	"slices"
	"strings"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/control"
	"rakudos/internal/base/fault"
	"rakudos/internal/governance/erasure"
	"rakudos/internal/governance/retention"
)

// retentionControls: the probe erases in a service of its own, as those of the gateway do.
func (a *App) retentionControls() []control.Control {
	return retention.Controls(retention.Probing{
		Live: a.Retention, Apart: erasure.Apart, Whole: erasure.SabotageNone, Broken: []string{retention.SabotageOne, erasure.SabotageKeys},
		Sandbox: func(ctx context.Context, sabotage string) (retention.Scene, func(), error) {
			run, stop, err := a.stage.sandbox(ctx, sabotage)
			if err != nil {
				return nil, nil, err
			}
			return &retentionScene{app: run.App}, stop, nil
		},
	})
}

// retentionScene is a sandbox with somebody whose every period has ended.
type retentionScene struct {
	app     *App
	witness *erasure.Witness
}

func (s *retentionScene) Service() *retention.Service { return s.app.Retention }

const (
	expiredRoster   = "社員番号,氏名,カナ氏名,性別,生年月日,事業所コード,事業所名,部署,入社日,退職日\nX0001,点検 退子,テンケン タイコ,女,1960-04-01,P01,点検事業所,点検部,2001-04-01,%s\n"
	expiredCheckups = "社員番号,氏名,カナ氏名,性別,生年月日,健診日,健診機関,身長,体重,収縮期血圧,拡張期血圧\nX0001,点検 退子,テンケン タイコ,女,1960-04-01,2015-06-01,点検所,160.0,55.0,120,70\n"
)

// Canary enters somebody with a check-up of long ago, and then the end of the employment, also long ago.
func (s *retentionScene) Canary(ctx context.Context) (c retention.Canary, err error) {
	if len(s.app.probes.tenants) < 2 {
		return c, errNotRunning
	}
	c.Tenant = s.app.probes.tenants[1]
	who := actor.System(c.Tenant, "probe")
	accounts, err := s.app.Identity.Accounts(ctx, who) // real ones: two made-up names are no two people
	if err != nil {
		return c, err
	}
	for _, a := range accounts {
		for _, g := range a.Grants {
			human := actor.Actor{Kind: actor.Human, Tenant: c.Tenant, Account: a.ID, Roles: []actor.Role{g.Role}, Purpose: "probe"}
			switch g.Role {
			case actor.TenantAdmin:
				c.Customer = human
			case actor.ITSM:
				c.Desk = human
			}
		}
	}
	if _, err := s.app.Org.ImportNow(ctx, who, "expired.csv", strings.NewReader(strings.Replace(expiredRoster, "%s", "", 1)), true); err != nil {
		return c, err
	}
	if _, err := s.app.Checkup.ImportNow(ctx, who, "expired.csv", strings.NewReader(expiredCheckups), true); err != nil {
		return c, err
	}
	if _, err := s.app.Org.ImportNow(ctx, who, "expired.csv", strings.NewReader(strings.Replace(expiredRoster, "%s", "2016-03-31", 1)), true); err != nil {
		return c, err
	}
	dir, err := s.app.Org.Directory(ctx, c.Tenant)
	if err != nil {
		return c, err
	}
	for p := range dir.All() {
		if p.Number == "X0001" {
			c.Person = p.ID
		}
	}
	if c.Person == "" {
		return c, fault.New(fault.Missing, "erasure.hold_nobody")
	}
	s.witness, err = s.app.Erasure.Witness(ctx, c.Tenant, c.Person)
	return c, err
}

// Remains looks with today's keys, in every table, and for the certificate.
func (s *retentionScene) Remains(ctx context.Context, c retention.Canary) (r retention.Remains, err error) {
	if r.Readable, r.Rows, err = s.witness.Look(ctx); err != nil {
		return r, err
	}
	runs, err := s.app.Erasure.Runs(ctx, actor.System(c.Tenant, "probe"), c.Tenant, 100)
	if err != nil {
		return r, err
	}
	for _, run := range runs {
		if slices.Contains(run.People, c.Person) {
			r.Certified, err = s.app.certified(ctx, run)
		}
	}
	return r, err
}
