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
	differ := len(e.Failed)
	times, err := p.answers(ctx, site, in, &e)
	if err != nil {
		return e, err
	}
	differ = len(e.Failed) - differ
	all, weak, err := in.Census(ctx)
	if err != nil {
		return e, err
	}
	if weak > 0 {
		e.Failed = append(e.Failed, fmt.Sprintf("決めた強さに満たないパスワードの保存が%d件", weak))
	}
	ms := func(what string) int64 { return times[what].Milliseconds() }
	e.Measured = fmt.Sprintf("公開以外の%d経路のうち%d経路がサインインなしの要求を断りました。違うパスワード・無い利用者ID・無い契約先への返事の番号・文面・時間の違いは%d件でした（最も短い時間は%d ms・%d ms・%d ms。違うパスワードの2倍以内、2分の1以上を同じとします）。保存中のパスワード%d件のうち%d件がArgon2idの決めた強さでした。",
		p.private(), refused, differ, ms(wrongPassword), ms(unknownID), ms(unknownTenant), all, all-weak)
	e.Facts = map[string]any{"routes": p.private(), "refused": refused, "wrong_password_ms": ms(wrongPassword), "unknown_id_ms": ms(unknownID), "unknown_tenant_ms": ms(unknownTenant), "times_apart_most": 2, "answers_differ": differ, "hashes": all, "weak_hashes": weak}
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

// A batch of wrong answers stays below the failure at which waiting begins; batches are repeated until the
// times are seen to be alike, because a machine that is busy otherwise can make any single one long.
const (
	batch   = 4
	batches = 5
)

// answers compares what three kinds of wrong input get: status, words and the shortest time.
func (p Probing) answers(ctx context.Context, site *probe.Site, in Inside, e *control.Evidence) (shortest map[string]time.Duration, err error) {
	a, err := p.account(ctx, site, in, "hr")
	if err != nil {
		return nil, err
	}
	defer func() { _ = in.Clear(context.WithoutCancel(ctx), a.Tenant, a.LoginID, true) }()
	var first *probe.Page
	var body, apart string
	shortest = map[string]time.Duration{}
	for range batches {
		for range batch {
			ghost := "ghost-" + strings.ToLower(randomToken()[:8])
			for what, try := range map[string]probe.Account{
				wrongPassword: {Tenant: a.Tenant, LoginID: a.LoginID, Password: "Wrong-" + randomToken()[:8] + "1!"},
				unknownID:     {Tenant: a.Tenant, LoginID: ghost, Password: a.Password},
				unknownTenant: {Tenant: ghost, LoginID: a.LoginID, Password: a.Password},
			} {
				page, took, err := timed(ctx, site, try)
				if err != nil {
					return nil, err
				}
				text := plainBody(page, try.LoginID, try.Tenant)
				if first == nil {
					first, body = page, text
				}
				if page.Status != first.Status || text != body || page.Status == http.StatusSeeOther {
					e.Failed = append(e.Failed, fmt.Sprintf("返事が異なる: %s (%d)", what, page.Status))
				}
				if shortest[what] == 0 || took < shortest[what] {
					shortest[what] = took
				}
			}
		}
		if _, _, apart = compare(shortest); apart == "" || len(e.Failed) > 0 {
			break
		}
		if err := in.Clear(ctx, a.Tenant, a.LoginID, true); err != nil {
			return nil, err
		}
	}
	if apart != "" {
		e.Failed = append(e.Failed, apart)
	}
	return shortest, nil
}

const (
	wrongPassword = "違うパスワード"
	unknownID     = "無い利用者ID"
	unknownTenant = "無い契約先"
)

// compare gives the two times furthest apart, and in words that they are when one is twice the other.
func compare(shortest map[string]time.Duration) (known, unknown time.Duration, apart string) {
	known, unknown = shortest[wrongPassword], shortest[unknownID]
	far := func(d time.Duration) float64 { return max(float64(d)/float64(known), float64(known)/float64(d)) }
	what := unknownID
	if far(shortest[unknownTenant]) > far(unknown) {
		what, unknown = unknownTenant, shortest[unknownTenant]
	}
	if far(unknown) > 2 {
		apart = fmt.Sprintf("返事の時間が異なる: %s (%d ms と %d ms)", what, unknown.Milliseconds(), known.Milliseconds())
	}
	return known, unknown, apart
}

// timed tries a password in a browser of its own; the connection stands before the clock starts.
func timed(ctx context.Context, site *probe.Site, a probe.Account) (*probe.Page, time.Duration, error) {
	c := site.New()
	defer c.Close()
	if _, err := c.Get(ctx, probe.PathLogin); err != nil {
		return nil, 0, err
	}
	start := time.Now()
	page, err := c.Password(ctx, a)
	return page, time.Since(start), err
}
