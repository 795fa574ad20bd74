package support

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/control"
	"rakudos/internal/engine/probe"
)

// Probing is what the probe works with: two probe tenants, of which the first plays the association.
type Probing struct {
	Stage    probe.Stage
	Home, To string // codes
}

// Controls gives the extension AC-OPERATOR.
func Controls(p Probing) []control.Control {
	live, mutant := probe.Pair(p.Stage, SabotageApproval, p.run)
	return []control.Control{{
		ID: "AC-OPERATOR", Grades: []control.Grade{control.Real}, Owner: "CISO", Every: 24 * time.Hour, Fresh: 26 * time.Hour,
		Says: fmt.Sprintf("保健会の担当者は、契約先の健康情報をふだんは見られません。必要なときは、理由と受付番号を書いて申し込み、別の人が承認したときだけ、最長%d時間、見るだけの権限で入れます。契約先には同時に知らされ、見たものは契約先の記録に残り、契約先の管理者はいつでも終わらせられます。",
			int(Most.Hours())),
		NotProven: "承認した人の判断が正しかったことは分かりません。決めた時刻に終わることは、検査ではなく試験で確かめています。検査は自己点検用の契約先のあいだで行います。",
		Probe:     live, Mutant: mutant,
	}}
}

// look is one run with the browsers that it opens.
type look struct {
	control.Evidence
	p      Probing
	site   *probe.Site
	tried  int
	opened []*probe.Client
}

func (p Probing) run(ctx context.Context, site *probe.Site) (control.Evidence, error) {
	k := &look{p: p, site: site}
	err := k.all(ctx)
	for _, c := range k.opened {
		_, _ = c.SignOut(context.WithoutCancel(ctx)) // ends what is still open
		c.Close()
	}
	k.OK = err == nil && len(k.Failed) == 0
	k.Measured = fmt.Sprintf("申込みなし、承認の前、本人による承認、承認の後、範囲の外、変更の操作、契約先が終わらせた後など%d項目を試し、%d項目が約束どおりでした。", k.tried, k.tried-len(k.Failed))
	k.Facts = map[string]any{"tried": k.tried, "failed": len(k.Failed)}
	return k.Evidence, err
}

func (k *look) want(ok bool, promise string) {
	k.tried++
	if !ok {
		k.Failed = append(k.Failed, promise)
	}
}

// in opens a browser signed in as a probe account.
func (k *look) in(ctx context.Context, tenant string, role actor.Role) (*probe.Client, error) {
	a, err := k.site.Account(tenant, string(role))
	if err != nil {
		return nil, err
	}
	c := k.site.New()
	k.opened = append(k.opened, c)
	return c, c.SignInAs(ctx, a)
}

// send posts a form as a script and tells status, code and id of the answer.
func send(ctx context.Context, c *probe.Client, path string, form url.Values) (status int, code, id string, err error) {
	req, err := c.Request(ctx, http.MethodPost, path, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, "", "", err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	page, err := c.Do(req)
	if err != nil {
		return 0, "", "", err
	}
	var a struct{ Code, ID string }
	_ = json.Unmarshal(page.Body, &a) // a redirection has no body
	return page.Status, a.Code, a.ID, nil
}

// status asks for a page as a script, so that a lost session is not taken for an answer.
func status(ctx context.Context, c *probe.Client, path string) (int, error) {
	p, err := c.GetJSON(ctx, path)
	if err != nil {
		return 0, err
	}
	return p.Status, nil
}

var (
	personRow = regexp.MustCompile(`<th scope="row">([^<]+)</th><td data-label="氏名"><a href="/people/([0-9a-f-]{36})/record"`)
	ownAccess = regexp.MustCompile(`action="/support/([0-9a-f-]{36})/end"`)
)

// target is what the probe tries to see: two employees of the other probe tenant, read as its own HR.
type target struct{ number, person, other string }

func (k *look) target(ctx context.Context) (target, error) {
	hr, err := k.in(ctx, k.p.To, actor.HR)
	if err != nil {
		return target{}, err
	}
	page, err := hr.Get(ctx, "/people")
	if err != nil {
		return target{}, err
	}
	rows := personRow.FindAllStringSubmatch(page.Text(), 2)
	if len(rows) < 2 {
		return target{}, fmt.Errorf("support: the probe tenant's register shows %d people", len(rows))
	}
	return target{rows[0][1], rows[0][2], rows[1][2]}, nil
}

func (k *look) all(ctx context.Context) error {
	to, err := k.target(ctx)
	if err != nil {
		return err
	}
	operator, err := k.in(ctx, k.p.Home, actor.Operator)
	if err != nil {
		return err
	}
	itsm, err := k.in(ctx, k.p.Home, actor.ITSM)
	if err != nil {
		return err
	}
	for _, c := range []*probe.Client{operator, itsm} { // what a run that was cut off has left
		page, err := c.Get(ctx, "/support")
		if err != nil {
			return err
		}
		for _, m := range ownAccess.FindAllStringSubmatch(page.Text(), -1) {
			if _, _, _, err := send(ctx, c, "/support/"+m[1]+"/end", nil); err != nil {
				return err
			}
		}
	}
	ticket := "CHECK-" + time.Now().UTC().Format("0102-150405")
	ask := url.Values{"tenant": {k.p.To}, "scope": {string(Person)}, "number": {to.number}, "reason": {"自己点検"}, "ticket": {ticket}, "minutes": {"15"}}
	id, closed, err := k.before(ctx, operator, itsm, to, ask)
	if err != nil || !closed {
		return err
	}
	return k.after(ctx, operator, itsm, to, id, ticket)
}

// before tries everything that must be refused as long as nobody else has approved. closed is false when
// the door stood open: there is nothing to approve then.
func (k *look) before(ctx context.Context, operator, itsm *probe.Client, to target, ask url.Values) (id string, closed bool, err error) {
	got, err := status(ctx, operator, "/people/"+to.person)
	if err != nil {
		return "", false, err
	}
	k.want(got == http.StatusForbidden, fmt.Sprintf("申込みがないのに、契約先の人のページが %d", got))
	got, _, id, err = send(ctx, operator, "/support", ask)
	if err != nil || id == "" {
		return "", false, fmt.Errorf("support: asking answers %d: %w", got, err)
	}
	got, code, _, err := send(ctx, operator, "/support/"+id+"/enter", nil)
	if err != nil {
		return "", false, err
	}
	k.want(code == "support.not_open", fmt.Sprintf("承認の前に入れる（%d）", got))
	if got, err = status(ctx, operator, "/people/"+to.person); err != nil {
		return "", false, err
	}
	k.want(got == http.StatusForbidden, fmt.Sprintf("承認の前に、契約先の人のページが %d", got))
	if got != http.StatusForbidden {
		return id, false, nil
	}
	_, _, own, err := send(ctx, itsm, "/support", ask)
	if err != nil {
		return "", false, err
	}
	got, code, _, err = send(ctx, itsm, "/support/"+own+"/approve", nil)
	if err != nil {
		return "", false, err
	}
	k.want(code == "support.own", fmt.Sprintf("自分の申込みを自分で承認できる（%d）", got))
	_, _, _, err = send(ctx, itsm, "/support/"+own+"/end", nil)
	return id, true, err
}

// after approves, uses the access, and lets the tenant end it.
func (k *look) after(ctx context.Context, operator, itsm *probe.Client, to target, id, ticket string) error {
	asked := time.Now()
	got, _, _, err := send(ctx, itsm, "/support/"+id+"/approve", nil)
	if err != nil {
		return err
	}
	k.want(got == http.StatusSeeOther, fmt.Sprintf("別の人が承認できない（%d）", got))
	told, err := k.told(ctx, asked, ticket)
	if err != nil {
		return err
	}
	k.want(told, "契約先の管理者へのメールがない")
	if got, _, _, err = send(ctx, operator, "/support/"+id+"/enter", nil); err != nil {
		return err
	}
	k.want(got == http.StatusSeeOther, fmt.Sprintf("承認の後に入れない（%d）", got))
	page, err := operator.Get(ctx, "/people/"+to.person)
	if err != nil {
		return err
	}
	k.want(page.Status == http.StatusOK && strings.Contains(page.Text(), ticket), fmt.Sprintf("承認の後の人のページが %d、または受付番号がない", page.Status))
	if got, err = status(ctx, operator, "/people/"+to.other); err != nil {
		return err
	}
	k.want(got == http.StatusNotFound, fmt.Sprintf("範囲の外の人のページが %d", got))
	if got, _, _, err = send(ctx, operator, "/people/"+to.person+"/leave", nil); err != nil {
		return err
	}
	k.want(got == http.StatusForbidden, fmt.Sprintf("変更の操作が %d", got))
	return k.tenantSide(ctx, operator, to, id, ticket)
}

// told waits for the mail to the tenant's administrator.
func (k *look) told(ctx context.Context, since time.Time, ticket string) (bool, error) {
	a, err := k.site.Account(k.p.To, string(actor.TenantAdmin))
	if err != nil {
		return false, err
	}
	ctx, cancel := context.WithTimeout(ctx, probe.Timeout)
	defer cancel()
	for {
		text, err := k.site.Mail.Newest(ctx, a.Email, since)
		if err != nil {
			return false, nil //nolint:nilerr // no mail in time is what was measured
		}
		if strings.Contains(text, ticket) {
			return true, nil
		}
	}
}

// tenantSide: the administrator sees the access and what was read, ends it, and it is over.
func (k *look) tenantSide(ctx context.Context, operator *probe.Client, to target, id, ticket string) error {
	admin, err := k.in(ctx, k.p.To, actor.TenantAdmin)
	if err != nil {
		return err
	}
	home, err := admin.Get(ctx, "/")
	if err != nil {
		return err
	}
	k.want(strings.Contains(home.Text(), "/visits/"+id), "契約先の管理者のホームに出ない")
	page, err := admin.Get(ctx, "/visits/"+id)
	if err != nil {
		return err
	}
	k.want(strings.Contains(page.Text(), "サポート入室での閲覧") && strings.Contains(page.Text(), ticket), "契約先の記録に、見たことが残らない")
	if _, _, _, err := send(ctx, admin, "/visits/"+id+"/stop", nil); err != nil {
		return err
	}
	got, err := status(ctx, operator, "/people/"+to.person)
	if err != nil {
		return err
	}
	k.want(got == http.StatusForbidden, fmt.Sprintf("契約先が終わらせた後の人のページが %d", got))
	return nil
}
