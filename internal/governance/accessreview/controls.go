package accessreview

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/control"
	"rakudos/internal/engine/probe"
)

// SabotageRecord names the sandbox in which a revocation is written down and not carried out.
const SabotageRecord = "review.record_only"

// Probing is what the probe works with.
type Probing struct {
	Stage  probe.Stage
	Tenant string                           // code of a probe tenant
	Inside func(base string) (Inside, bool) // the service behind a site
}

// probeRole is whose right the probe takes away and gives back, probePath a page that it opens.
const (
	probeRole = actor.Nurse
	probePath = "/people"
)

// Controls gives AC-REVIEW-Q (clause 3-1).
func Controls(p Probing) []control.Control {
	live, mutant := probe.Pair(p.Stage, SabotageRecord, p.look)
	return []control.Control{{
		ID: "AC-REVIEW-Q", Clauses: []string{"3-1"}, Grades: []control.Grade{control.Real, control.Human},
		Says: fmt.Sprintf("だれがどの権限を持ち続けるかを、契約先と保健会ごとに四半期（4月始まり）のうちに見直して締め切ります。自分の権限は自分で見直せません。催促は締切の%d日前・%d日前・前日に送り、期限までに判断のない権限は停止します（最後の管理者だけは停止せず、保健会の判断に回します）。外した権限は、実際に使えないことを確かめます。",
			ReminderDays[0], ReminderDays[1]),
		NotProven: "見直した人の判断が正しかったかどうか、別の契約先に同じ人の利用者IDがあるかどうかは分かりません。外した権限が使えないことは、自己点検用の契約先で試しています。最初の締切がまだ来ていない契約先は、締め切った見直しがなくても不適合にせず、その数だけを示します。",
		Every:     24 * time.Hour, Fresh: 26 * time.Hour, Owner: "ITSM",
		Probe: live, Mutant: mutant,
	}}
}

// unproven tells the reader of the statement why a probe that found nothing wrong is no proof yet.
type unproven string

func (u unproven) Error() string  { return "accessreview: " + string(u) }
func (u unproven) Reason() string { return string(u) }

// look runs a tiny campaign over the network, then asks where the real ones stand. Nothing wrong is PASS
// only where people have closed a quarter's campaign; before that it is an open question.
func (p Probing) look(ctx context.Context, site *probe.Site) (e control.Evidence, err error) {
	in, ok := p.Inside(site.Base)
	if !ok {
		return e, fmt.Errorf("accessreview: nobody is behind %s", site.Base)
	}
	tried, err := p.trial(ctx, site, in, &e)
	if err != nil {
		return e, err
	}
	all, err := in.Standings(ctx)
	if err != nil {
		return e, err
	}
	done, waiting, found := 0, 0, map[string]int{}
	for _, s := range all {
		for _, says := range s.Problems { // counted: the page is public, and names no customer
			found[says]++
		}
		if s.Done != "" {
			done++
		} else {
			waiting++
		}
	}
	for _, says := range slices.Sorted(maps.Keys(found)) {
		e.Failed = append(e.Failed, fmt.Sprintf("%s（%d件の契約先または保健会）", says, found[says]))
	}
	e.Measured = fmt.Sprintf("自己点検用の見直しで、外した権限が使えないこと、自分の権限を見直せないことなど%d項目を試しました。契約先と保健会の%d件のうち、人の判断で四半期の見直しを締め切ったことがあるのは%d件、まだないのは%d件、期限を過ぎるなどの問題があるのは%d件です。",
		tried, len(all), done, waiting, wrong(all))
	e.Facts = map[string]any{"tried": tried, "tenants": len(all), "closed_by_people": done, "not_closed_yet": waiting, "wrong": wrong(all), "failed": len(e.Failed)}
	e.OK = len(e.Failed) == 0
	switch {
	case !e.OK:
		return e, nil
	case len(all) == 0:
		e.OK, err = false, unproven("見直しの対象になる契約先がまだないため、締め切った見直しがありません。")
	case done == 0:
		e.OK, err = false, unproven("人の判断で締め切った四半期の見直しがまだないため、確認済とはいえません（最初の見直しの締切を待っています）。")
	}
	return e, err
}

func wrong(all []Standing) (n int) {
	for _, s := range all {
		if len(s.Problems) > 0 {
			n++
		}
	}
	return n
}

// trial revokes a probe account's role in a campaign of the probe tenant and asks for a page with it.
func (p Probing) trial(ctx context.Context, site *probe.Site, in Inside, e *control.Evidence) (tried int, err error) {
	subject, err := site.Account(p.Tenant, string(probeRole))
	if err != nil {
		return 0, err
	}
	admin, err := site.Account(p.Tenant, string(actor.TenantAdmin))
	if err != nil {
		return 0, err
	}
	if err := in.CloseProbe(ctx, p.Tenant, subject.LoginID, probeRole); err != nil { // what a killed run left behind
		return 0, err
	}
	defer func() {
		clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if cerr := in.CloseProbe(clean, p.Tenant, subject.LoginID, probeRole); err == nil {
			err = cerr
		}
	}()
	id, err := in.OpenProbe(ctx, p.Tenant, subject.LoginID, admin.LoginID)
	if err != nil {
		return 0, err
	}
	want := func(ok bool, promise string, args ...any) {
		tried++
		if !ok {
			e.Failed = append(e.Failed, fmt.Sprintf(promise, args...))
		}
	}
	before, err := opens(ctx, site, subject)
	if err != nil {
		return tried, err
	}
	if before != http.StatusOK {
		return tried, fmt.Errorf("accessreview: the probe account cannot open %s: %d", probePath, before)
	}
	c := site.New()
	defer c.Close()
	if err := c.SignInAs(ctx, admin); err != nil {
		return tried, err
	}
	lines, err := sheetOf(ctx, c, id)
	if err != nil {
		return tried, err
	}
	other := lines.of(string(probeRole))
	own := lines.of(string(actor.TenantAdmin))
	status, code, err := decide(ctx, c, id, own, "keep", "自己点検")
	if err != nil {
		return tried, err
	}
	want(status == http.StatusForbidden && code == "review.self", "自分の権限を自分で見直せる（%d）", status)
	if status, _, err = decide(ctx, c, id, other, "revoke", ""); err != nil {
		return tried, err
	}
	want(status == http.StatusUnprocessableEntity, "理由なしで権限を外せる（%d）", status)
	if status, code, err = decide(ctx, c, id, other, "revoke", "自己点検"); err != nil {
		return tried, err
	}
	want(status == http.StatusSeeOther, "割り当てられた人が判断できない（%d %s）", status, code)
	after, err := opens(ctx, site, subject)
	if err != nil {
		return tried, err
	}
	want(after == http.StatusForbidden, "外した権限でまだ画面が開く（%d）", after)
	if lines, err = sheetOf(ctx, c, id); err != nil {
		return tried, err
	}
	want(lines.back(other) == "denied" && after == http.StatusForbidden, "外した権限の確認の記録が、実際と合わない（%q、画面は%d）", lines.back(other), after)
	_, err = c.SignOut(ctx)
	return tried, err
}

// opens signs an account in and asks for the page that its role opens.
func opens(ctx context.Context, site *probe.Site, a probe.Account) (int, error) {
	c := site.New()
	defer c.Close()
	if err := c.SignInAs(ctx, a); err != nil {
		return 0, err
	}
	page, err := c.Get(ctx, probePath)
	if err != nil {
		return 0, err
	}
	_, err = c.SignOut(ctx)
	return page.Status, err
}

// sheetOf reads a campaign as its reviewer may.
func sheetOf(ctx context.Context, c *probe.Client, id string) (out sealed, err error) {
	page, err := c.Get(ctx, "/reviews/"+id+"/report.json")
	if err != nil {
		return out, err
	}
	if page.Status != http.StatusOK {
		return out, fmt.Errorf("accessreview: the report answers %d", page.Status)
	}
	return out, json.Unmarshal(page.Body, &out)
}

func (s *sealed) of(role string) int {
	for _, l := range s.Lines {
		if l.Role == role {
			return l.No
		}
	}
	return 0
}

func (s *sealed) back(no int) string {
	for _, l := range s.Lines {
		if l.No == no {
			return l.ReadBack
		}
	}
	return ""
}

// decide sends a verdict as a script would and gives the status and the code of a refusal.
func decide(ctx context.Context, c *probe.Client, id string, line int, decision, reason string) (int, string, error) {
	form := url.Values{"line": {strconv.Itoa(line)}, "decision": {decision}, "reason": {reason}}
	req, err := c.Request(ctx, http.MethodPost, "/reviews/"+id+"/decide", strings.NewReader(form.Encode()))
	if err != nil {
		return 0, "", err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	page, err := c.Do(req)
	if err != nil {
		return 0, "", err
	}
	var answer struct{ Code string }
	_ = json.Unmarshal(page.Body, &answer) // a redirection has no code
	return page.Status, answer.Code, nil
}
