package identity

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"rakudos/internal/base/control"
	"rakudos/internal/engine/probe"
)

// someID stands for the parameters of a route.
const someID = "00000000-0000-7000-8000-00000000000f"

var parameter = regexp.MustCompile(`\{[^}]*\}`)

// at fills a route's path.
func (r Route) at() string {
	return parameter.ReplaceAllString(strings.ReplaceAll(r.Path, "{$}", ""), someID)
}

// authn asks for every page as a stranger, compares the answers to a wrong password, an unknown ID and an
// unknown tenant, and counts the stored hashes.
func (p Probing) authn(ctx context.Context, site *probe.Site, in Inside) (control.Evidence, error) {
	var e control.Evidence
	refused, err := p.strangers(ctx, site, &e)
	if err != nil {
		return e, err
	}
	known, unknown, err := p.answers(ctx, site, in, &e)
	if err != nil {
		return e, err
	}
	all, weak, err := in.Census(ctx)
	if err != nil {
		return e, err
	}
	if weak > 0 {
		e.Failed = append(e.Failed, fmt.Sprintf("決めた強さに満たないパスワードの保存が%d件", weak))
	}
	e.Measured = fmt.Sprintf("公開以外の%d経路のうち%d経路がサインインなしの要求を断り、違うパスワードと無いIDへの返事（%d ms と %d ms）を比べ、保存中のパスワード%d件のうち%d件がArgon2idの決めた強さでした。",
		p.private(), refused, known.Milliseconds(), unknown.Milliseconds(), all, all-weak)
	e.Facts = map[string]any{"routes": p.private(), "refused": refused, "known_ms": known.Milliseconds(), "unknown_ms": unknown.Milliseconds(), "hashes": all, "weak_hashes": weak}
	return e, nil
}

func (p Probing) private() (n int) {
	for _, r := range p.Routes() {
		if !r.Public {
			n++
		}
	}
	return n
}

// strangers asks for every route that is not public without a session.
func (p Probing) strangers(ctx context.Context, site *probe.Site, e *control.Evidence) (refused int, err error) {
	c := site.New()
	defer c.Close()
	for _, r := range p.Routes() {
		if r.Public {
			continue
		}
		req, err := c.Request(ctx, r.Method, r.at(), strings.NewReader(""))
		if err != nil {
			return refused, err
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		page, err := c.Do(req)
		if err != nil {
			return refused, err
		}
		if !turnedAway(page) {
			e.Failed = append(e.Failed, fmt.Sprintf("サインインなしで開く: %s %s (%d)", r.Method, r.Path, page.Status))
			continue
		}
		refused++
	}
	return refused, nil
}

func turnedAway(p *probe.Page) bool {
	switch p.Status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return true
	case http.StatusSeeOther:
		return p.Location == probe.PathLogin || strings.HasPrefix(p.Location, probe.PathLogin+"?")
	}
	return false
}

// noise is what differs between two answers without telling anything.
var noise = regexp.MustCompile(`nonce="[^"]*"|[A-Za-z0-9_-]{16,}|[0-9]+`)

func plainBody(page *probe.Page, typed ...string) string {
	b := page.Text()
	for _, t := range typed {
		b = strings.ReplaceAll(b, t, "#")
	}
	return noise.ReplaceAllString(b, "#")
}

// rounds of wrong answers; one less than the failure at which waiting begins.
const rounds = 4

// answers compares what three kinds of wrong input get: status, words and the shortest of a few times.
func (p Probing) answers(ctx context.Context, site *probe.Site, in Inside, e *control.Evidence) (known, unknown time.Duration, err error) {
	a, err := p.account(ctx, site, in, "hr")
	if err != nil {
		return 0, 0, err
	}
	defer func() { _ = in.Clear(context.WithoutCancel(ctx), a.Tenant, a.LoginID, true) }()
	times := map[string]time.Duration{}
	var first *probe.Page
	var body string
	for i := range rounds {
		ghost := "ghost-" + strings.ToLower(randomToken()[:8])
		for what, try := range map[string]probe.Account{
			"違うパスワード": {Tenant: a.Tenant, LoginID: a.LoginID, Password: "Wrong-" + randomToken()[:8] + "1!"},
			"無い利用者ID": {Tenant: a.Tenant, LoginID: ghost, Password: a.Password},
			"無い契約先":   {Tenant: ghost, LoginID: a.LoginID, Password: a.Password},
		} {
			c := site.New()
			start := time.Now()
			page, err := c.Password(ctx, try)
			took := time.Since(start)
			c.Close()
			if err != nil {
				return 0, 0, err
			}
			if i > 0 && (times[what] == 0 || took < times[what]) {
				times[what] = took
			}
			text := plainBody(page, try.LoginID, try.Tenant)
			if first == nil {
				first, body = page, text
			}
			if page.Status != first.Status || text != body || page.Status == http.StatusSeeOther {
				e.Failed = append(e.Failed, fmt.Sprintf("返事が異なる: %s (%d)", what, page.Status))
			}
		}
	}
	known = times["違うパスワード"]
	for _, what := range []string{"無い利用者ID", "無い契約先"} {
		unknown = times[what]
		if ratio := float64(unknown) / float64(known); ratio < 0.5 || ratio > 2 {
			e.Failed = append(e.Failed, fmt.Sprintf("返事の時間が異なる: %s (%d ms と %d ms)", what, unknown.Milliseconds(), known.Milliseconds()))
		}
	}
	return known, unknown, nil
}
