package identity

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"rakudos/internal/base/control"
	"rakudos/internal/engine/probe"
)

// checks collects what a probe tried and what did not hold.
type checks struct {
	control.Evidence
	tried int
}

func (c *checks) want(ok bool, promise string) {
	c.tried++
	if !ok {
		c.Failed = append(c.Failed, promise)
	}
}

// steppers are the accounts that the probe of the second step takes turns with, so that none reaches the
// daily ceiling of codes.
var steppers = []string{"nurse", "physician", "manager"}

// begin is the password step in a new browser, with the code that was mailed.
func begin(ctx context.Context, site *probe.Site, a probe.Account) (*probe.Client, string, error) {
	c := site.New()
	asked := time.Now()
	page, err := c.Password(ctx, a)
	if err == nil && (page.Status != http.StatusSeeOther || page.Location != probe.PathCode) {
		err = fmt.Errorf("identity: password step of %s: status %d, location %q", a.Role, page.Status, page.Location)
	}
	var code string
	if err == nil {
		code, err = site.Code(ctx, a, asked)
	}
	if err != nil {
		c.Close()
		return nil, "", err
	}
	return c, code, nil
}

// otherCode is a code that is not the one given.
func otherCode(code string, n int) string {
	b := []byte(code)
	b[len(b)-1] = '0' + (b[len(b)-1]-'0'+byte(n)%9+1)%10
	return string(b)
}

// twoSteps signs in as people do and as they must not be able to.
func (p Probing) twoSteps(ctx context.Context, site *probe.Site, in Inside) (control.Evidence, error) {
	var k checks
	a, err := p.account(ctx, site, in, steppers[time.Now().Unix()/900%int64(len(steppers))])
	if err != nil {
		return k.Evidence, err
	}
	started := time.Now()
	guess, code, err := begin(ctx, site, a)
	if err != nil {
		return k.Evidence, err
	}
	delivered := time.Since(started)
	defer guess.Close()
	for _, path := range []string{"/", "/me", "/checkups"} {
		page, err := guess.Get(ctx, path)
		if err != nil {
			return k.Evidence, err
		}
		k.want(turnedAway(page), "コードの入力前に画面が開く: "+path)
	}
	for i := range p.Policy.CodeTries {
		if _, err := guess.SubmitCode(ctx, otherCode(code, i)); err != nil {
			return k.Evidence, err
		}
	}
	if err := k.refused(ctx, guess, code, fmt.Sprintf("%d回間違えたあとの正しいコードが通る", p.Policy.CodeTries)); err != nil {
		return k.Evidence, err
	}
	if err := p.transactions(ctx, site, in, a, &k); err != nil {
		return k.Evidence, err
	}
	if err := p.resends(ctx, site, in, a, &k); err != nil {
		return k.Evidence, err
	}
	k.Measured = fmt.Sprintf("自己点検用の利用者でサインインし、コードは%d msで届きました。コード入力前の画面、%d回の間違い、使用済み、別のサインイン、期限切れ（%s超）のコード、%sたたないうちの再送、%d回の再送とその次の再送、再送の前のコードなど%d項目を試し、%d項目が約束どおりでした。",
		delivered.Milliseconds(), p.Policy.CodeTries, spanJA(p.Policy.CodeFor), spanJA(p.Policy.ResendAfter), p.Policy.Resends, k.tried, k.tried-len(k.Failed))
	k.Facts = map[string]any{"tried": k.tried, "failed": len(k.Failed), "delivered_ms": delivered.Milliseconds()}
	return k.Evidence, nil
}

// refused submits a code that must not open anything.
func (k *checks) refused(ctx context.Context, c *probe.Client, code, promise string) error {
	if _, err := c.SubmitCode(ctx, code); err != nil {
		return err
	}
	open, err := inside(ctx, c)
	k.want(!open, promise)
	return err
}

// transactions tries codes in transactions that are not theirs, too late, and twice.
func (p Probing) transactions(ctx context.Context, site *probe.Site, in Inside, a probe.Account, k *checks) error {
	one, code1, err := begin(ctx, site, a)
	if err != nil {
		return err
	}
	defer one.Close()
	two, code2, err := begin(ctx, site, a)
	if err != nil {
		return err
	}
	defer two.Close()
	if code1 != code2 {
		if err := k.refused(ctx, two, code1, "別のサインインのコードが通る"); err != nil {
			return err
		}
	}
	if err := in.AgeCode(ctx, cookie(two, CookieSignIn), p.Policy.CodeFor+time.Millisecond); err != nil {
		return err
	}
	if err := k.refused(ctx, two, code2, "期限の切れたコードが通る"); err != nil {
		return err
	}
	half := one.Cookies()
	if _, err := one.SubmitCode(ctx, code1); err != nil {
		return err
	}
	open, err := inside(ctx, one)
	if err != nil {
		return err
	}
	k.want(open, "正しいコードでサインインできない")
	again := site.New()
	defer again.Close()
	for _, c := range half {
		c.Path, c.Secure = "/", true
	}
	again.SetCookies(half)
	if err := k.refused(ctx, again, code1, "使用済みのコードがもう一度通る"); err != nil {
		return err
	}
	_, err = one.SignOut(ctx)
	return err
}

// resends asks for another code too soon, then as often as it may and once more, and tries every code
// before the newest. The gap is let go by for the sign-in's own row.
func (p Probing) resends(ctx context.Context, site *probe.Site, in Inside, a probe.Account, k *checks) error {
	c, code, err := begin(ctx, site, a)
	if err != nil {
		return err
	}
	defer c.Close()
	codes := []string{code}
	again := func() (*probe.Page, time.Time, error) {
		asked := time.Now()
		page, err := c.PostForm(ctx, probe.PathCode+"/resend", nil)
		return page, asked, err
	}
	soon, _, err := again()
	if err != nil {
		return err
	}
	wait, _ := strconv.Atoi(soon.Header.Get("Retry-After"))
	k.want(soon.Status == http.StatusTooManyRequests && wait >= 1 && wait <= int(p.Policy.ResendAfter.Seconds()),
		fmt.Sprintf("%sたたないうちに再送できる (%d、%d秒)", spanJA(p.Policy.ResendAfter), soon.Status, wait))
	if soon.Status == http.StatusSeeOther {
		return nil // one resend is used up: what follows would say something else
	}
	for n := range p.Policy.Resends + 1 {
		if err := in.AgeCode(ctx, cookie(c, CookieSignIn), p.Policy.ResendAfter); err != nil {
			return err
		}
		page, asked, err := again()
		if err != nil {
			return err
		}
		if n == p.Policy.Resends {
			k.want(page.Status != http.StatusSeeOther, fmt.Sprintf("%d回目の再送ができる", n+1))
			break
		}
		k.want(page.Status == http.StatusSeeOther, fmt.Sprintf("%d回目の再送ができない (%d)", n+1, page.Status))
		if page.Status == http.StatusSeeOther {
			if code, err = site.Code(ctx, a, asked); err != nil {
				return err
			}
			codes = append(codes, code)
		}
	}
	newest := codes[len(codes)-1]
	for _, older := range codes[:len(codes)-1] {
		if older == newest {
			continue
		}
		if err := k.refused(ctx, c, older, "再送の前のコードが通る"); err != nil {
			return err
		}
	}
	if _, err := c.SubmitCode(ctx, newest); err != nil {
		return err
	}
	open, err := inside(ctx, c)
	if err != nil {
		return err
	}
	k.want(open, "いちばん新しいコードでサインインできない")
	_, err = c.SignOut(ctx)
	return err
}
