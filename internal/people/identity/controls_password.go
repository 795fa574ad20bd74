package identity

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"rakudos/internal/base/control"
	"rakudos/internal/engine/probe"
)

// vectors are sent to the real page for changing a password. The good ones come with a wrong old password,
// so that nothing is changed: the rules are judged first, and the answer tells which of both stopped it.
func vectors(p Policy, tenantCode string) map[string]bool {
	filler := strings.Repeat("x", 200)
	return map[string]bool{
		"Abcdef1!" + filler[:max(0, p.PasswordLeast-8)]: true,
		"Kv7#" + filler[:60]:                            true,
		"Abcdef1!x":                                     false, // 9
		"abcdef1!xx":                                    false,
		"ABCDEF1!XX":                                    false,
		"Abcdefg!xx":                                    false,
		"Abcdef12xx":                                    false,
		"Abcdef1！xx":                                    false, // a full-width mark
		"Password1!":                                    false,
		"P@ssw0rd12":                                    false,
		"Zz9#" + tenantCode + "Qq":                      false,
		"Kv7#" + filler[:p.PasswordMost-3]:              false, // one too long
	}
}

// passwordRules sends good and bad passwords to the page for changing one.
func (p Probing) passwordRules(ctx context.Context, site *probe.Site, in Inside) (control.Evidence, error) {
	var k checks
	c, _, err := p.enter(ctx, site, in, "operator")
	if err != nil {
		return k.Evidence, err
	}
	defer c.Close()
	a, err := site.Account(p.Tenant, "operator")
	if err != nil {
		return k.Evidence, err
	}
	n := 0
	for password, good := range vectors(p.Policy, p.Tenant) {
		code, err := tryPassword(ctx, c, "not-"+randomToken()[:8], password)
		if err != nil {
			return k.Evidence, err
		}
		n++
		if good {
			k.want(code == "identity.password_old", fmt.Sprintf("%d文字の良いパスワードが断られる (%s)", len([]rune(password)), code))
		} else {
			k.want(code == "identity.password_rules", fmt.Sprintf("%d文字の悪いパスワードが断られない (%s)", len([]rune(password)), code))
		}
		if err := in.Clear(ctx, a.Tenant, a.LoginID, true); err != nil {
			return k.Evidence, err
		}
	}
	if _, err := c.SignOut(ctx); err != nil {
		return k.Evidence, err
	}
	k.Measured = fmt.Sprintf("パスワード変更の画面へ良い例・悪い例あわせて%d件を送り、%d件が約束どおりに判定されました。", n, n-len(k.Failed))
	k.Facts = map[string]any{"vectors": n, "failed": len(k.Failed)}
	return k.Evidence, nil
}

// tryPassword returns the code of the fault with which the service answers.
func tryPassword(ctx context.Context, c *probe.Client, old, password string) (string, error) {
	form := url.Values{"old": {old}, "new": {password}, "again": {password}}
	req, err := c.Request(ctx, http.MethodPost, "/me/password", strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	page, err := c.Do(req)
	if err != nil {
		return "", err
	}
	var answer struct {
		Code string `json:"code"`
	}
	if err := json.Unmarshal(page.Body, &answer); err != nil {
		return fmt.Sprintf("status %d", page.Status), nil
	}
	return answer.Code, nil
}

// lockAtLimit fails one time less than the limit and gets in; then as often as the limit, and does not.
func (p Probing) lockAtLimit(ctx context.Context, site *probe.Site, in Inside) (control.Evidence, error) {
	var k checks
	a, err := p.account(ctx, site, in, "auditor")
	if err != nil {
		return k.Evidence, err
	}
	defer func() { _ = in.Clear(context.WithoutCancel(ctx), a.Tenant, a.LoginID, true) }()
	limit := min(p.Policy.LockAt, DefaultPolicy().LockAt)
	status, err := p.fail(ctx, site, in, a, limit-1)
	if err != nil {
		return k.Evidence, err
	}
	c, code, err := begin(ctx, site, a)
	if err != nil {
		k.want(false, fmt.Sprintf("%d回の失敗のあと、正しいパスワードが断られる", limit-1))
		return k.Evidence, nil
	}
	defer c.Close()
	if _, err := c.SubmitCode(ctx, code); err != nil {
		return k.Evidence, err
	}
	open, err := inside(ctx, c)
	if err != nil {
		return k.Evidence, err
	}
	k.want(open, fmt.Sprintf("%d回の失敗のあと、サインインできない", limit-1))
	if _, err := p.fail(ctx, site, in, a, limit); err != nil {
		return k.Evidence, err
	}
	locked := site.New()
	defer locked.Close()
	page, err := locked.Password(ctx, a)
	if err != nil {
		return k.Evidence, err
	}
	k.want(page.Status != http.StatusSeeOther, fmt.Sprintf("%d回の失敗のあと、正しいパスワードが通る", limit))
	k.want(page.Status == status, fmt.Sprintf("ロック中の返事が違うパスワードと異なる (%d と %d)", page.Status, status))
	k.Measured = fmt.Sprintf("自己点検用の利用者で、%d回の失敗のあとは正しいパスワードで入れ、%d回の失敗のあとは正しいパスワードでも入れないことなど%d項目を試し、%d項目が約束どおりでした。",
		limit-1, limit, k.tried, k.tried-len(k.Failed))
	k.Facts = map[string]any{"limit": limit, "tried": k.tried, "failed": len(k.Failed)}
	return k.Evidence, nil
}

// fail sends n wrong passwords, letting the waiting time go by in between, and returns the last status.
func (p Probing) fail(ctx context.Context, site *probe.Site, in Inside, a probe.Account, n int) (status int, err error) {
	c := site.New()
	defer c.Close()
	right := a.Password
	a.Password = "Wrong-" + right
	for range n {
		if err := in.Clear(ctx, a.Tenant, a.LoginID, false); err != nil {
			return 0, err
		}
		page, err := c.Password(ctx, a)
		if err != nil {
			return 0, err
		}
		if status = page.Status; status == http.StatusTooManyRequests {
			return 0, fmt.Errorf("identity: the probe was throttled")
		}
	}
	return status, in.Clear(ctx, a.Tenant, a.LoginID, false)
}
