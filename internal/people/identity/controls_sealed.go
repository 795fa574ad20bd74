package identity

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"rakudos/internal/base/control"
	"rakudos/internal/engine/probe"
)

// SealedControls gives the extension AC-BREAKGLASS. Its probe needs the pages of the whole service.
func SealedControls(p Probing) []control.Control {
	says := fmt.Sprintf("ほかのだれもサインインできないときのために、緊急用の利用者IDのパスワードと%d個のコードを封筒に入れて保管します。パスワードを使うとすぐに管理者・監査者・ITサービスマネジャーへ知らせ、使えるのは一度だけ、長くて%sで、できるのは理由の記録とロックの解除だけです。使ったあとは停止し、使用の確認を記録して、別の人が封をし直すまで使えません。訓練を四半期ごとに行い、記録します。",
		SealedCodes, spanJA(SealedFor))
	c := p.control("AC-BREAKGLASS", "", says, "封筒が鍵のかかる場所に保管されていることは分かりません。知らせは、自己点検用の管理者・監査者・ITサービスマネジャー1人ずつに届くかを調べます。"+spanJA(SealedFor)+"で終わることは、この検査では試していません。訓練を実際に行ったかどうかは「緊急用の利用者ID」の画面に表示し、この検査では示しません。検査は自己点検用の契約先で行います。",
		24*time.Hour, 26*time.Hour, "CISO", p.sealed, SabotageSealed)
	c.Clauses = nil
	return []control.Control{c}
}

// glass is the emergency account of the probe.
const glass = "glass-check"

// sealIt seals the probe's emergency account as an administrator.
func sealIt(ctx context.Context, c *probe.Client) (e Envelope, code string, err error) {
	req, err := c.Request(ctx, http.MethodPost, "/sealed", strings.NewReader(url.Values{"login_id": {glass}, "name": {"自己点検"}}.Encode()))
	if err != nil {
		return e, "", err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	page, err := c.Do(req)
	if err != nil {
		return e, "", err
	}
	var fault struct{ Code string }
	_ = json.Unmarshal(page.Body, &fault)
	_ = json.Unmarshal(page.Body, &e)
	return e, fault.Code, nil
}

var waitsReview = regexp.MustCompile(`action="/sealed/([0-9a-f-]{36})/review"`)

// sealed opens an envelope of its own: the alarm comes, little can be done, the password opens nothing a
// second time, and only a review and another person make it whole again.
func (p Probing) sealed(ctx context.Context, site *probe.Site, in Inside) (control.Evidence, error) {
	var k checks
	keeper, _, err := p.enter(ctx, site, in, "tenantadmin")
	if err != nil {
		return k.Evidence, err
	}
	defer keeper.Close()
	itsm, _, err := p.enter(ctx, site, in, "itsm")
	if err != nil {
		return k.Evidence, err
	}
	defer itsm.Close()
	if _, err := review(ctx, itsm); err != nil { // what a run that was cut off has left
		return k.Evidence, err
	}
	e, code, err := sealIt(ctx, keeper)
	if err != nil || e.Password == "" {
		return k.Evidence, fmt.Errorf("identity: sealing answers %q: %w", code, err)
	}
	began := time.Now()
	a := probe.Account{Tenant: p.Tenant, LoginID: glass, Password: e.Password}
	glassIn, err := p.useEnvelope(ctx, site, a, e, &k)
	if err != nil {
		return k.Evidence, err
	}
	defer glassIn.Close()
	told, err := p.alarmed(ctx, site, began)
	if err != nil {
		return k.Evidence, err
	}
	k.want(told == "", "警報のメールが届かない役割がある（"+told+"）")
	if err := k.within(ctx, glassIn); err != nil {
		return k.Evidence, err
	}
	if _, err := glassIn.SignOut(ctx); err != nil {
		return k.Evidence, err
	}
	again := site.New()
	defer again.Close()
	page, err := again.Password(ctx, a)
	if err != nil {
		return k.Evidence, err
	}
	k.want(page.Status != http.StatusSeeOther, "使ったパスワードでもう一度進める")
	_, code, err = sealIt(ctx, keeper)
	if err != nil {
		return k.Evidence, err
	}
	k.want(code == "identity.sealed_unreviewed", "使用の確認の前に封をし直せる")
	if _, err := review(ctx, itsm); err != nil {
		return k.Evidence, err
	}
	_, code, err = sealIt(ctx, itsm)
	if err != nil {
		return k.Evidence, err
	}
	k.want(code == "identity.sealed_same", "使用を確認した人が封をし直せる")
	e, code, err = sealIt(ctx, keeper)
	if err != nil {
		return k.Evidence, err
	}
	k.want(e.Password != "" && e.Password != a.Password, fmt.Sprintf("別の人が封をし直せない（%s）", code))
	for _, c := range []*probe.Client{keeper, itsm} {
		if _, err := c.SignOut(ctx); err != nil {
			return k.Evidence, err
		}
	}
	ready, shut, err := in.Envelopes(ctx)
	if err != nil {
		return k.Evidence, err
	}
	k.want(shut == 0, fmt.Sprintf("封をしてあるのに使えない緊急用の利用者IDが%d件ある", shut))
	k.Measured = fmt.Sprintf("自己点検用の緊急用の利用者IDに封をして使い、警報、できること、使ったパスワードの再使用、確認の前と確認した人による封のし直しなど%d項目を試し、%d項目が約束どおりでした。封をしてある緊急用の利用者ID（すべての契約先、%d件）の停止と役割も、中を開けずに確かめました。", k.tried, k.tried-len(k.Failed), ready)
	k.Facts = map[string]any{"tried": k.tried, "failed": len(k.Failed), "sealed": ready, "shut": shut}
	return k.Evidence, nil
}

// useEnvelope signs in with the password and the code that is asked for.
func (p Probing) useEnvelope(ctx context.Context, site *probe.Site, a probe.Account, e Envelope, k *checks) (*probe.Client, error) {
	c := site.New()
	page, err := c.Password(ctx, a)
	if err != nil {
		return c, err
	}
	if page.Status != http.StatusSeeOther {
		return c, fmt.Errorf("identity: the password of the envelope answers %d", page.Status)
	}
	wrong := "00000000"
	if e.Codes[0] == wrong {
		wrong = "00000001"
	}
	if page, err = c.SubmitCode(ctx, wrong); err != nil {
		return c, err
	}
	k.want(page.Status != http.StatusSeeOther, "封筒にないコードで入れる")
	if page, err = c.SubmitCode(ctx, e.Codes[0]); err != nil {
		return c, err
	}
	k.want(page.Status == http.StatusSeeOther, fmt.Sprintf("封筒のコードで入れない（%d）", page.Status))
	return c, nil
}

// alarmed waits for the mail to the auditor.
func (p Probing) alarmed(ctx context.Context, site *probe.Site, since time.Time) (missing string, err error) {
	for _, role := range []string{"tenantadmin", "auditor", "itsm"} {
		ok, err := p.alarmedOne(ctx, site, role, since)
		if err != nil {
			return role, err
		}
		if !ok {
			return role, nil // the others need not be waited for
		}
	}
	return "", nil
}

func (p Probing) alarmedOne(ctx context.Context, site *probe.Site, role string, since time.Time) (bool, error) {
	a, err := site.Account(p.Tenant, role)
	if err != nil {
		return false, err
	}
	ctx, cancel := context.WithTimeout(ctx, probe.Timeout)
	defer cancel()
	for {
		text, err := site.Mail.Newest(ctx, a.Email, since)
		if err != nil {
			return false, nil //nolint:nilerr // no mail in time is what was measured
		}
		if strings.Contains(text, "緊急用の利用者IDのパスワードが、いま使われました") {
			return true, nil
		}
	}
}

// within tries what an emergency session may and may not do.
func (k *checks) within(ctx context.Context, c *probe.Client) error {
	for path, want := range map[string]int{"/emergency": http.StatusOK, "/people": http.StatusForbidden, "/users": http.StatusForbidden, "/audit": http.StatusForbidden, "/me/security": http.StatusForbidden} {
		page, err := c.GetJSON(ctx, path)
		if err != nil {
			return err
		}
		k.want(page.Status == want, fmt.Sprintf("緊急用の利用者IDで %s が %d", path, page.Status))
	}
	early, err := post(ctx, c, "/emergency/unlock/00000000-0000-7000-8000-00000000000f", url.Values{"reason": {"自己点検"}})
	if err != nil {
		return err
	}
	k.want(early.Code == "identity.emergency_why", fmt.Sprintf("理由を書く前に操作できる（%d）", early.status))
	why, err := post(ctx, c, "/emergency/why", url.Values{"reason": {"自己点検"}, "drill": {"yes"}})
	if err == nil {
		k.want(why.status == http.StatusSeeOther, fmt.Sprintf("理由を記録できない（%d）", why.status))
	}
	return err
}

// review records the review of every use that waits for one.
func review(ctx context.Context, c *probe.Client) (int, error) {
	page, err := c.Get(ctx, "/sealed")
	if err != nil {
		return 0, err
	}
	all := waitsReview.FindAllStringSubmatch(page.Text(), -1)
	for _, m := range all {
		if _, err := post(ctx, c, "/sealed/"+m[1]+"/review", url.Values{"finding": {"自己点検"}}); err != nil {
			return 0, err
		}
	}
	return len(all), nil
}
