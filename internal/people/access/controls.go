package access

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/control"
	"rakudos/internal/engine/probe"
)

// Route is one row of the route table.
type Route struct {
	Method, Path string
	Permission   Permission
}

// Probing is what the probe of least privilege works with.
type Probing struct {
	Stage         probe.Stage
	Tenant, Other string // codes of two probe tenants
	Routes        func() []Route
}

// SabotageOpen names the sandbox in which whoever is signed in gets what is refused.
const SabotageOpen = "access.open"

// Controls gives AC-LEAST (clause 3-2).
func Controls(p Probing) []control.Control {
	return []control.Control{{
		ID: "AC-LEAST", Clauses: []string{"3-2"}, Grades: []control.Grade{control.Real},
		Says: fmt.Sprintf("利用者IDは個人ごとに作り、%d種類の役割と%d種類の権限の表にある操作だけを許します。表にない操作は断り、別の契約先のデータは役割にかかわらず見えません。健康情報は、データの種類と役割の表（%d種類）に従って見える範囲を分けます。",
			len(actor.Roles), len(Matrix), len(Data)),
		NotProven: "検査は自己点検用の契約先で行います。実際の利用者に割り当てた役割がその人の仕事に合っているかどうかは、四半期ごとの見直しで確かめるもので、この検査では示されません。",
		Every:     24 * time.Hour, Fresh: 26 * time.Hour, Owner: "DEV",
		Probe: func(ctx context.Context) (control.Evidence, error) {
			site, err := p.Stage.Live(ctx)
			if err != nil {
				return control.Evidence{}, err
			}
			return p.look(ctx, site, actor.Roles)
		},
		Mutant: func(ctx context.Context) (control.Evidence, error) {
			site, done, err := p.Stage.Sandbox(ctx, SabotageOpen)
			if err != nil {
				return control.Evidence{}, err
			}
			defer done()
			return p.look(ctx, site, []actor.Role{actor.Employee, actor.Auditor})
		},
	}}
}

// walk counts what one look has tried.
type walk struct {
	control.Evidence
	allowed, refused, foreign int
}

// look signs in once per role and asks for every route, with invented identifiers; then for people of the
// own and of the other tenant by their real ones.
func (p Probing) look(ctx context.Context, site *probe.Site, roles []actor.Role) (control.Evidence, error) {
	var w walk
	var own, foreign []string
	if err := p.as(ctx, site, p.Other, actor.HR, func(c *probe.Client) (err error) {
		foreign, err = people(ctx, c)
		return err
	}); err != nil {
		return w.Evidence, err
	}
	if err := p.as(ctx, site, p.Tenant, actor.HR, func(c *probe.Client) (err error) {
		own, err = people(ctx, c)
		return err
	}); err != nil {
		return w.Evidence, err
	}
	if len(own) == 0 || len(foreign) == 0 {
		return w.Evidence, fmt.Errorf("access: the probe tenants have no people to ask for")
	}
	for _, role := range roles {
		if err := p.as(ctx, site, p.Tenant, role, func(c *probe.Client) error {
			if err := w.routes(ctx, c, role, p.Routes()); err != nil {
				return err
			}
			return w.tenants(ctx, c, role, own[0], foreign)
		}); err != nil {
			return w.Evidence, err
		}
	}
	w.OK = len(w.Failed) == 0
	w.Measured = fmt.Sprintf("%d種類の役割で%d件の要求（役割×経路）と、別の契約先の人のページ%d件を試し、許す%d件・断る%d件のうち%d件が表と違いました。",
		len(roles), w.allowed+w.refused, w.foreign, w.allowed, w.refused+w.foreign, len(w.Failed))
	w.Facts = map[string]any{"roles": len(roles), "allowed": w.allowed, "refused": w.refused, "other_tenant": w.foreign, "wrong": len(w.Failed)}
	return w.Evidence, nil
}

// as runs fn as an account of a role and signs out.
func (p Probing) as(ctx context.Context, site *probe.Site, tenant string, role actor.Role, fn func(*probe.Client) error) error {
	a, err := site.Account(tenant, string(role))
	if err != nil {
		return err
	}
	c := site.New()
	defer c.Close()
	if err := c.SignInAs(ctx, a); err != nil {
		return err
	}
	if err := fn(c); err != nil {
		return err
	}
	_, err = c.SignOut(ctx)
	return err
}

var personLink = regexp.MustCompile(`href="/people/([0-9a-f]{8}-[0-9a-f-]{27})[/"]`)

// people reads the identifiers of people off the roster page.
func people(ctx context.Context, c *probe.Client) ([]string, error) {
	page, err := c.Get(ctx, "/people")
	if err != nil {
		return nil, err
	}
	var out []string
	for _, m := range personLink.FindAllStringSubmatch(page.Text(), -1) {
		out = append(out, m[1])
	}
	return out, nil
}

const someID = "00000000-0000-7000-8000-00000000000f"

var parameter = regexp.MustCompile(`\{[^}]*\}`)

// leftAlone are routes whose use would end the walk.
func leftAlone(r Route) bool {
	return r.Permission == Public || strings.HasSuffix(r.Path, "/logout") || r.Path == "/screen/lock"
}

// routes asks for every route and compares with the table: a refusal is 403, everything else is let in,
// whatever the route then makes of an empty form or an identifier that does not exist.
func (w *walk) routes(ctx context.Context, c *probe.Client, role actor.Role, all []Route) error {
	for _, r := range all {
		if leftAlone(r) {
			continue
		}
		want := r.Permission == SignedIn || Allows(actor.Actor{Kind: actor.Human, Tenant: "t", Account: "a", Roles: []actor.Role{role}}, r.Permission)
		path := parameter.ReplaceAllString(strings.ReplaceAll(r.Path, "{$}", ""), someID)
		status, err := ask(ctx, c, r.Method, path)
		if err != nil {
			return err
		}
		if want {
			w.allowed++
		} else {
			w.refused++
		}
		if got := status != http.StatusForbidden; got != want || status == http.StatusUnauthorized || status >= 500 {
			w.Failed = append(w.Failed, fmt.Sprintf("%s: %s %s が %d", role, r.Method, r.Path, status))
		}
	}
	return nil
}

// tenants asks for a person of the own tenant, to know that the identifiers are real, and for those of the
// other one, who must not exist for anybody here.
func (w *walk) tenants(ctx context.Context, c *probe.Client, role actor.Role, own string, foreign []string) error {
	mayRead := Allows(actor.Actor{Kind: actor.Human, Tenant: "t", Account: "a", Roles: []actor.Role{role}}, PersonRead)
	status, err := ask(ctx, c, http.MethodGet, "/people/"+own)
	if err != nil {
		return err
	}
	if got := status == http.StatusOK; got != mayRead {
		w.Failed = append(w.Failed, fmt.Sprintf("%s: 自社の人のページが %d", role, status))
	}
	for _, id := range foreign {
		status, err := ask(ctx, c, http.MethodGet, "/people/"+id)
		if err != nil {
			return err
		}
		w.foreign++
		if status != http.StatusForbidden && status != http.StatusNotFound {
			w.Failed = append(w.Failed, fmt.Sprintf("%s: 別の契約先の人のページが %d", role, status))
		}
	}
	return nil
}

// ask sends a request as a script would, so that a lost session shows as 401 and not as a redirection.
func ask(ctx context.Context, c *probe.Client, method, path string) (int, error) {
	req, err := c.Request(ctx, method, path, strings.NewReader(""))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Accept", "application/json")
	if method != http.MethodGet {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	page, err := c.Do(req)
	if err != nil {
		return 0, err
	}
	return page.Status, nil
}
