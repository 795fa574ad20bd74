package identity

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"rakudos/internal/base/control"
	"rakudos/internal/engine/probe"
)

// sessions ages its own sessions to both sides of each limit, replays one after sign-out, and looks at
// the cookies.
func (p Probing) sessions(ctx context.Context, site *probe.Site, in Inside) (control.Evidence, error) {
	var k checks
	idle, most := p.Policy.promised()
	c, page, err := p.enter(ctx, site, in, "employee")
	if err != nil {
		return k.Evidence, err
	}
	defer c.Close()
	k.cookies(page)
	token := cookie(c, CookieSession)
	if err := k.aged(ctx, c, func() error { return in.AgeSession(ctx, token, idle-time.Second, 0) }, true, "操作がないまま"+clock(idle-time.Second)+"で終わってしまう"); err != nil {
		return k.Evidence, err
	}
	if err := k.aged(ctx, c, func() error { return in.AgeSession(ctx, token, time.Second, 0) }, false, "操作がないまま"+clock(idle)+"たっても使える"); err != nil {
		return k.Evidence, err
	}
	c2, _, err := p.enter(ctx, site, in, "employee")
	if err != nil {
		return k.Evidence, err
	}
	defer c2.Close()
	token = cookie(c2, CookieSession)
	if err := k.aged(ctx, c2, func() error { return in.AgeSession(ctx, token, 0, most-time.Minute) }, true, "上限の前に終わってしまう"); err != nil {
		return k.Evidence, err
	}
	kept := c2.Cookies()
	if _, err := c2.SignOut(ctx); err != nil {
		return k.Evidence, err
	}
	replay := site.New()
	defer replay.Close()
	for _, one := range kept {
		one.Path, one.Secure = "/", true
	}
	replay.SetCookies(kept)
	open, err := inside(ctx, replay)
	if err != nil {
		return k.Evidence, err
	}
	k.want(!open, "サインアウトのあとも、控えたクッキーで入れる")
	c3, _, err := p.enter(ctx, site, in, "employee")
	if err != nil {
		return k.Evidence, err
	}
	defer c3.Close()
	token = cookie(c3, CookieSession)
	if err := k.aged(ctx, c3, func() error { return in.AgeSession(ctx, token, 0, most) }, false, spanJA(most)+"たっても使える"); err != nil {
		return k.Evidence, err
	}
	k.Measured = fmt.Sprintf("自己点検用のサインインで、操作がないまま%s（使える）と%s（使えない）、サインインから%s（使えない）、サインアウト後の再利用、クッキーの属性など%d項目を試し、%d項目が約束どおりでした。",
		clock(idle-time.Second), clock(idle), clock(most), k.tried, k.tried-len(k.Failed))
	k.Facts = map[string]any{"tried": k.tried, "failed": len(k.Failed), "idle_seconds": int(idle.Seconds()), "most_seconds": int(most.Seconds())}
	return k.Evidence, nil
}

// promised are the limits to be probed: those of the policy, and never later than the clause.
func (p Policy) promised() (idle, most time.Duration) {
	d := DefaultPolicy()
	return min(p.SessionIdle, d.SessionIdle), min(p.SessionMost, 24*time.Hour)
}

func clock(d time.Duration) string {
	return fmt.Sprintf("%d:%02d:%02d", int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60)
}

// enter goes through both steps in a new browser and returns the answer that set the session cookie.
func (p Probing) enter(ctx context.Context, site *probe.Site, in Inside, role string) (*probe.Client, *probe.Page, error) {
	a, err := p.account(ctx, site, in, role)
	if err != nil {
		return nil, nil, err
	}
	c, code, err := begin(ctx, site, a)
	if err != nil {
		return nil, nil, err
	}
	page, err := c.SubmitCode(ctx, code)
	if err == nil && (page.Status != http.StatusSeeOther || cookie(c, CookieSession) == "") {
		err = fmt.Errorf("identity: code step of %s: status %d", a.Role, page.Status)
	}
	if err != nil {
		c.Close()
		return nil, nil, err
	}
	return c, page, nil
}

// aged moves a session in time and tells whether it is open as it should be.
func (k *checks) aged(ctx context.Context, c *probe.Client, age func() error, want bool, promise string) error {
	if err := age(); err != nil {
		return err
	}
	open, err := inside(ctx, c)
	k.want(open == want, promise)
	return err
}

// cookies demands of every cookie what keeps it in this browser, on this host and away from scripts.
func (k *checks) cookies(page *probe.Page) {
	k.want(len(page.SetCookie) > 0, "クッキーが渡されない")
	for _, c := range page.SetCookie {
		k.want(c.Secure && c.HttpOnly && c.Path == "/" && c.Domain == "" && strings.HasPrefix(c.Name, "__Host-") && c.SameSite != http.SameSiteNoneMode && c.SameSite != http.SameSiteDefaultMode,
			"クッキーの属性が足りない: "+c.Name)
	}
}
