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
func vectors(p Policy, tenantCode, loginID string) map[string]bool {
	filler := strings.Repeat("x", 200)
	out := map[string]bool{
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
		"Zz9#" + loginID + "Qq":                         false,
		"Zz9#" + strings.ToUpper(loginID) + "q1":        false,
		"Kv7#" + filler[:p.PasswordMost-3]:              false, // one too long
	}
	for _, name := range p.ServiceNames {
		out["Zz9#"+name+"Qq"] = false
	}
	return out
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
	for password, good := range vectors(p.Policy, p.Tenant, a.LoginID) {
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
	k.Measured = fmt.Sprintf("パスワード変更の画面へ良い例・悪い例（短い・長い、文字の種類が足りない、よく使われる、契約先・利用者ID・サービスの名前を含む）あわせて%d件を送り、%d件が約束どおりに判定されました。", n, n-len(k.Failed))
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
