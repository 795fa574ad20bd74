package app

import (
	"context"
	"strings"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/control"
	"rakudos/internal/base/ids"
	"rakudos/internal/governance/accessreview"
	"rakudos/internal/people/access"
	"rakudos/internal/people/identity"
	"rakudos/internal/people/identity/sso"
	"rakudos/internal/people/support"
	"rakudos/internal/web"
)

// peopleControls are the promises about signing in and permissions. The probes of signing in use the
// accounts of the third probe tenant alone, so that nobody else takes their mails.
func (a *App) peopleControls() []control.Control {
	out := identity.Controls(identity.Probing{
		Stage: a.stage, Tenant: probeCodes[2], Routes: identityRoutes, Inside: a.stage.insideOf, Policy: a.Identity.Policy(),
	})
	out = append(out, identity.SealedControls(identity.Probing{Stage: a.stage, Tenant: probeCodes[2], Inside: a.stage.insideOf, Policy: a.Identity.Policy()})...)
	out = append(out, sso.Controls(a.federationProbing())...)
	out = append(out, support.Controls(support.Probing{Stage: a.stage, Home: probeCodes[0], To: probeCodes[1]})...)
	out = append(out, accessreview.Controls(accessreview.Probing{Stage: a.stage, Tenant: probeCodes[1], Inside: a.stage.reviewsOf})...)
	return append(out, access.Controls(access.Probing{
		Stage: a.stage, Tenant: probeCodes[0], Other: probeCodes[1], Routes: accessRoutes,
	})...)
}

// federationProbing: whoever carries out stress checks in the probes' tenants does nothing there for any other probe.
func (a *App) federationProbing() sso.Probing {
	return sso.Probing{Stage: a.stage, Tenant: probeCodes[2], Other: probeCodes[1], Role: actor.StressStaff}
}

func identityRoutes() (out []identity.Route) {
	for _, r := range accessRoutes() {
		out = append(out, identity.Route{Method: r.Method, Path: r.Path, Public: r.Permission == access.Public})
	}
	return out
}

func accessRoutes() (out []access.Route) {
	for _, r := range web.Table() {
		method, path, _ := strings.Cut(r.Pattern, " ")
		out = append(out, access.Route{Method: method, Path: path, Permission: r.Permission})
	}
	return out
}

// insideOf finds the identity service behind a site, for what a probe may do to its own accounts.
func (s *stage) insideOf(base string) (identity.Inside, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	in, ok := s.inside[base]
	return in, ok
}

// behind remembers, or with nil forgets, the service behind a site.
func (s *stage) behind(base string, in identity.Inside) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.inside == nil {
		s.inside = map[string]identity.Inside{}
	}
	if in == nil {
		delete(s.inside, base)
		return
	}
	s.inside[base] = in
}

// handlingRule is the employer's written rule for health data; nil is the default. The sandbox of AC-LEAST shows HR
// the values, which the default keeps from it: pages, lists and exports follow as they would follow a mistake.
func (a *App) handlingRule() func(context.Context, ids.Tenant) (access.TenantRule, error) {
	if !a.Config.sabotage[access.SabotageShown] {
		return nil
	}
	return func(context.Context, ids.Tenant) (access.TenantRule, error) {
		rule := access.DefaultRule()
		rule.HRValues = true
		return rule, nil
	}
}
