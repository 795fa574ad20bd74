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
		NotProven: "検査は自己点検用の契約先で、会社の規程がはじめのままのときの表と比べます。比べる健康情報は健診のもの（法定の値、法定外の項目、判定、意見、保健指導の記録）です。ストレスチェック・面接・残業時間の記録と集団分析は、まだ扱っていないため比べていません。事業所や部署による範囲と、別の契約先の消去証明書・解約の受け渡しのファイルは、この検査では試していません（試験で確かめています）。実際の利用者に割り当てた役割がその人の仕事に合っているかどうかは、四半期ごとの見直しで確かめるもので、この検査では示されません。",
		Every:     24 * time.Hour, Fresh: 26 * time.Hour, Owner: "DEV",
		Probe: func(ctx context.Context) (control.Evidence, error) {
			site, err := p.Stage.Live(ctx)
			if err != nil {
				return control.Evidence{}, err
			}
			return p.look(ctx, site, actor.Roles)
		},
		Mutant: func(ctx context.Context) (control.Evidence, error) {
			return p.mutants(ctx)
		},
	}}
}

// mutants looks at two broken copies; one that passes is the evidence, since it proves that the look sees nothing.
func (p Probing) mutants(ctx context.Context) (all control.Evidence, err error) {
	for _, m := range []struct {
		sabotage string
		roles    []actor.Role
	}{{SabotageOpen, []actor.Role{actor.Employee, actor.Auditor}}, {SabotageShown, []actor.Role{actor.HR}}} {
		e, err := p.broken(ctx, m.sabotage, m.roles)
		if err != nil || e.OK {
			return e, err
		}
		all.Failed = append(all.Failed, e.Failed...)
	}
	return all, nil
}

func (p Probing) broken(ctx context.Context, sabotage string, roles []actor.Role) (control.Evidence, error) {
	site, done, err := p.Stage.Sandbox(ctx, sabotage)
	if err != nil {
		return control.Evidence{}, err
	}
	defer done()
	return p.look(ctx, site, roles)
}

// walk counts what one look has tried.
type walk struct {
	control.Evidence
	allowed, refused, foreign, shown, searched int
}

// look signs in once per role and asks for every route, for the person whose record the probe knows by the real
// identifiers, and for what another tenant has.
func (p Probing) look(ctx context.Context, site *probe.Site, roles []actor.Role) (control.Evidence, error) {
	var w walk
	f, err := p.theirs(ctx, site)
	if err != nil {
		return w.Evidence, err
	}
	var own, loads []string
	if err := p.as(ctx, site, p.Tenant, actor.HR, func(c *probe.Client) (err error) {
		if own, err = links(ctx, c, "/people", personLink); err == nil {
			loads, err = links(ctx, c, "/imports", loadLink)
		}
		return err
	}); err != nil {
		return w.Evidence, err
	}
	k, err := p.meet(ctx, site, own, &w)
	if err != nil {
		return w.Evidence, err
	}
	k.others = f.numbers
	if len(loads) > 0 {
		k.load = loads[0]
	}
	for _, role := range roles {
		if err := p.as(ctx, site, p.Tenant, role, func(c *probe.Client) error {
			if err := w.routes(ctx, c, role, p.Routes(), k); err != nil {
				return err
			}
			return w.tenants(ctx, c, role, own[0], f)
		}); err != nil {
			return w.Evidence, err
		}
	}
	w.OK = len(w.Failed) == 0
	w.Measured = fmt.Sprintf("%d種類の役割で%d件の要求（役割×経路）を試し、許す%d件・断る%d件を表と比べました。値・判定・意見・保健指導など%d種類の健康情報が分かっている架空の一人を、どの役割のどのページと書き出しに出るかで表と比べたのは、同意の前後を含めて%d件です。別の契約先の記録（名簿の%d人、取り込み%d件、権限の見直し%d件）を%d回求め、名簿と健診のページと書き出し%d件に別の契約先の社員番号%d件を探しました。違いは%d件でした。",
		len(roles), w.allowed+w.refused, w.allowed, w.refused, len(marks), w.shown, f.people, f.loads, f.reviews, w.foreign, w.searched, len(f.numbers), len(w.Failed))
	w.Facts = map[string]any{"roles": len(roles), "allowed": w.allowed, "refused": w.refused, "shown": w.shown, "other_tenant": w.foreign, "searched": w.searched, "wrong": len(w.Failed)}
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

const someID = "00000000-0000-7000-8000-00000000000f"

var parameter = regexp.MustCompile(`\{[^}]*\}`)

// leftAlone are routes whose use would end the walk.
func leftAlone(r Route) bool {
	return r.Permission == Public || strings.HasSuffix(r.Path, "/logout") || r.Path == "/screen/lock"
}

// routes asks for every route and compares with the table: a refusal is 403, everything else is let in, whatever the
// route then makes of an empty form or an identifier that does not exist. What a page shows is kept for compare.
func (w *walk) routes(ctx context.Context, c *probe.Client, role actor.Role, all []Route, k known) error {
	s := seen{}
	for _, r := range all {
		if leftAlone(r) {
			continue
		}
		want := r.Permission == SignedIn || Allows(actor.Actor{Kind: actor.Human, Tenant: "t", Account: "a", Roles: []actor.Role{role}}, r.Permission)
		page, err := ask(ctx, c, r.Method, k.fill(r))
		if err != nil {
			return err
		}
		if want {
			w.allowed++
		} else {
			w.refused++
		}
		if got := page.Status != http.StatusForbidden; got != want || page.Status == http.StatusUnauthorized || page.Status >= 500 {
			w.Failed = append(w.Failed, fmt.Sprintf("%s: %s %s が %d", role, r.Method, r.Path, page.Status))
		}
		text, err := textOf(page)
		if err != nil {
			return err
		}
		s.look(r.Path, text)
		w.strangers(role, r, page.Status, text, k.others)
	}
	w.compare(role, s)
	return nil
}

// ask sends a request as a script would, so that a lost session shows as 401 and not as a redirection.
func ask(ctx context.Context, c *probe.Client, method, path string) (*probe.Page, error) {
	req, err := c.Request(ctx, method, path, strings.NewReader(""))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	if method != http.MethodGet {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return c.Do(req)
}
