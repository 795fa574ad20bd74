package identity

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"rakudos/internal/base/control"
	"rakudos/internal/engine/probe"
)

// recycled is the login ID that the probe gives once, stops, and then tries to give again.
const recycled = "recycle-check"

// answer is what the page of accounts tells a script.
type answer struct {
	status   int
	Code, ID string
}

// post sends a form as a script would.
func post(ctx context.Context, c *probe.Client, path string, form url.Values) (answer, error) {
	var a answer
	req, err := c.Request(ctx, http.MethodPost, path, strings.NewReader(form.Encode()))
	if err != nil {
		return a, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	page, err := c.Do(req)
	if err != nil {
		return a, err
	}
	_ = json.Unmarshal(page.Body, &a) // a page that is no JSON has no code
	a.status = page.Status
	return a, nil
}

// unique tries, as an administrator of the probe tenant, to give a stopped account's login ID again.
func (p Probing) unique(ctx context.Context, site *probe.Site, in Inside) (control.Evidence, error) {
	var k checks
	c, _, err := p.enter(ctx, site, in, "tenantadmin")
	if err != nil {
		return k.Evidence, err
	}
	defer c.Close()
	give := func(login string) (answer, error) {
		return post(ctx, c, "/users", url.Values{"login_id": {login}, "name": {"自己点検"}, "email": {"recycle@probe.invalid"}, "role": {"auditor"}})
	}
	first, err := give(recycled)
	if err != nil {
		return k.Evidence, err
	}
	if first.ID != "" { // the first run ever: made, and now stopped for good
		if _, err := post(ctx, c, "/users/"+first.ID+"/disable", url.Values{"reason": {"自己点検"}}); err != nil {
			return k.Evidence, err
		}
	} else if first.Code != "identity.login_taken" {
		return k.Evidence, fmt.Errorf("identity: the page of accounts answers %d %q", first.status, first.Code)
	}
	refused := 0
	for _, login := range []string{recycled, strings.ToUpper(recycled), " ｒｅｃｙｃｌｅ-check "} {
		again, err := give(login)
		if err != nil {
			return k.Evidence, err
		}
		if again.Code == "identity.login_taken" {
			refused++
		}
		k.want(again.Code == "identity.login_taken", fmt.Sprintf("停止した利用者のIDをもう一度作れる: %q (%d)", login, again.status))
	}
	accounts, twice, shared, err := in.Uniqueness(ctx)
	if err != nil {
		return k.Evidence, err
	}
	k.want(twice == 0, fmt.Sprintf("同じIDまたは同じ人の利用者が%d件重なっている", twice))
	if _, err := c.SignOut(ctx); err != nil {
		return k.Evidence, err
	}
	k.Measured = fmt.Sprintf("停止した利用者のIDを%d通りの書き方でもう一度作ろうとして%d回断られ、利用者%d件のうち、IDまたは人の重なりは%d件、共用の疑い（1週間に%d台以上の端末）は%d件でした。",
		k.tried-1, refused, accounts, twice, sharedDevices, shared)
	k.Facts = map[string]any{"accounts": accounts, "twice": twice, "maybe_shared": shared, "tried": k.tried, "failed": len(k.Failed)}
	return k.Evidence, nil
}

// screen ages its own session to both sides of the limit, locks by hand, and opens with the password.
func (p Probing) screen(ctx context.Context, site *probe.Site, in Inside) (control.Evidence, error) {
	var k checks
	after := min(p.Policy.ScreenLock, DefaultPolicy().ScreenLock)
	c, _, err := p.enter(ctx, site, in, "itsm")
	if err != nil {
		return k.Evidence, err
	}
	defer c.Close()
	a, err := site.Account(p.Tenant, "itsm")
	if err != nil {
		return k.Evidence, err
	}
	token := cookie(c, CookieSession)
	shows := func(want bool, promise string) error {
		for _, path := range []string{"/", "/me/security", "/me/password"} {
			page, err := c.Get(ctx, path)
			if err != nil {
				return err
			}
			k.want((page.Status == http.StatusOK) == want, promise+"（"+path+"）")
		}
		page, err := c.GetJSON(ctx, "/me/security")
		if err != nil {
			return err
		}
		k.want((page.Status == http.StatusOK) == want, promise+"（JSON）")
		if want {
			return nil
		}
		a, err := post(ctx, c, "/me/password", nil) // an empty form changes nothing, should it come through
		k.want(a.Code == "web.screen_locked" || a.status == http.StatusSeeOther, promise+"（送信）")
		return err
	}
	for _, step := range []func() error{
		func() error { return in.AgeSession(ctx, token, after-5*time.Second, 0) },
		func() error { return shows(true, "決めた時間の前に画面がロックされる") },
		func() error { return in.AgeSession(ctx, token, after, 0) },
		func() error { return shows(false, spanJA(after)+"操作がなくても画面が開く") },
		func() error { return k.unlock(ctx, c, "Wrong-"+a.Password, false) },
		func() error { return shows(false, "違うパスワードで画面が開く") },
		func() error { return k.unlock(ctx, c, a.Password, true) },
		func() error { return shows(true, "正しいパスワードでも画面が開かない") },
		func() error { _, err := post(ctx, c, "/screen/lock", nil); return err },
		func() error { return shows(false, "自分でロックした画面が開く") },
	} {
		if err := step(); err != nil {
			return k.Evidence, err
		}
	}
	if _, err := c.SignOut(ctx); err != nil {
		return k.Evidence, err
	}
	k.Measured = fmt.Sprintf("自己点検用のサインインで、操作がないまま%s（開く）と%s（ロック）、違うパスワード、正しいパスワード、手動のロックなど%d項目を試し、%d項目が約束どおりでした。",
		clock(after-5*time.Second), clock(after), k.tried, k.tried-len(k.Failed))
	k.Facts = map[string]any{"tried": k.tried, "failed": len(k.Failed), "after_seconds": int(after.Seconds())}
	return k.Evidence, nil
}

// unlock sends a password to the form of a locked screen.
func (k *checks) unlock(ctx context.Context, c *probe.Client, password string, right bool) error {
	a, err := post(ctx, c, "/unlock", url.Values{"password": {password}})
	if err == nil && !right {
		k.want(a.Code == "identity.screen_wrong", fmt.Sprintf("違うパスワードの返事が %d", a.status))
	}
	return err
}
