package app

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/probe"
)

// scenes lets the probe of the access log act over the network and then read that service's own log.
type scenes struct{ stage *stage }

func (s scenes) Live(ctx context.Context) (audit.Scene, error) {
	site, err := s.stage.Live(ctx)
	return scene{s.stage.app, site}, err
}

func (s scenes) Sandbox(ctx context.Context, sabotage string) (audit.Scene, func(), error) {
	run, stop, err := s.stage.sandbox(ctx, sabotage)
	if err != nil {
		return nil, nil, err
	}
	return scene{run.App, run.site()}, stop, nil
}

type scene struct {
	app  *App
	site *probe.Site
}

// Act implements audit.Scene: a probe nurse signs in and opens an invented person's page.
func (s scene) Act(ctx context.Context) (audit.Act, error) {
	out := audit.Act{Tenant: s.app.probes.tenants[0], From: time.Now()}
	who, err := s.site.Account(probeCodes[0], string(actor.Nurse))
	if err != nil {
		return out, err
	}
	c := s.site.New()
	defer c.Close()
	if err := c.SignInAs(ctx, who); err != nil {
		return out, err
	}
	person := s.app.probes.people[0]
	page, err := c.Get(ctx, "/people/"+string(person))
	if err != nil {
		return out, err
	}
	if page.Status != http.StatusOK {
		return out, fmt.Errorf("app: probe: a person's page answers %d", page.Status)
	}
	if _, err := c.SignOut(ctx); err != nil {
		return out, err
	}
	out.Traces = []audit.Trace{
		{What: "サインイン", Verbs: []string{"auth.signed_in"}},
		{What: "閲覧", Verbs: []string{"checkup.view"}, Person: person},
	}
	return out, nil
}

// Find implements audit.Scene.
func (s scene) Find(ctx context.Context, a actor.Actor, f audit.Filter) ([]audit.Entry, error) {
	return s.app.Audit.Find(ctx, a, f)
}
