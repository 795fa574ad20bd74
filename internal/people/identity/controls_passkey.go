package identity

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"

	"rakudos/internal/base/control"
	"rakudos/internal/engine/probe"
)

// Factoring is what the probe of factors may do behind the network path: begin and end with a probe account
// that has none, let the half minute of its app's last code be over, and count.
type Factoring interface {
	DropFactors(ctx context.Context, tenantCode, login string) error
	RewindApp(ctx context.Context, tenantCode, login string) error
	PrivilegedFactors(ctx context.Context) (privileged, with int, err error)
}

// desk is a browser of the probe. Passkeys belong to a name: where the service is reached by a bare address
// it is asked for as localhost, which is its name too.
type desk struct {
	*probe.Client
	host string // empty: that of the site
}

func deskAt(site *probe.Site, c *probe.Client) desk {
	u, err := url.Parse(site.Base)
	if err != nil {
		return desk{Client: c}
	}
	if _, err := netip.ParseAddr(u.Hostname()); err != nil {
		return desk{Client: c}
	}
	return desk{c, "localhost:" + u.Port()}
}

// origin is what the browser would believe to be on.
func (d desk) origin(site *probe.Site) string {
	if d.host == "" {
		return site.Base
	}
	return "https://" + d.host
}

// json sends what the page's script would.
func (d desk) json(ctx context.Context, path string, body any) (*probe.Page, error) {
	b, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	req, err := d.Request(ctx, http.MethodPost, path, bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	if d.host != "" {
		req.Host = d.host
		req.Header.Set("Origin", "https://"+d.host)
		for _, c := range d.Cookies() { // the jar knows the name that is connected to
			req.AddCookie(c)
		}
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Content-Type", "application/json")
	page, err := d.Do(req)
	if err == nil && d.host != "" {
		d.SetCookies(page.SetCookie)
	}
	return page, err
}

// answer asks for a challenge and lets the device answer it.
func (d desk) answer(ctx context.Context, device *probe.Authenticator) (json.RawMessage, error) {
	asked, err := d.json(ctx, "/login/passkey/options", struct{}{})
	if err != nil {
		return nil, err
	}
	if asked.Status != http.StatusOK {
		return nil, fmt.Errorf("identity: challenge: status %d", asked.Status)
	}
	return device.Use(asked.Body)
}

// send sends an answer and tells whether the browser is signed in then.
func (d desk) send(ctx context.Context, answer json.RawMessage) (bool, error) {
	if _, err := d.json(ctx, "/login/passkey", map[string]any{"credential": answer}); err != nil {
		return false, err
	}
	return inside(ctx, d.Client)
}

// passkeys enrols a passkey and an app for a probe account, signs in with both, and tries what must not work.
func (p Probing) passkeys(ctx context.Context, site *probe.Site, in Inside) (control.Evidence, error) {
	var k checks
	back, ok := in.(Factoring)
	if !ok {
		return k.Evidence, fmt.Errorf("identity: nothing counts factors behind %s", site.Base)
	}
	a, err := p.account(ctx, site, in, "hr")
	if err != nil {
		return k.Evidence, err
	}
	if err := back.DropFactors(ctx, a.Tenant, a.LoginID); err != nil {
		return k.Evidence, err
	}
	defer func() { _ = back.DropFactors(context.WithoutCancel(ctx), a.Tenant, a.LoginID) }()
	c, _, err := p.enter(ctx, site, in, "hr")
	if err != nil {
		return k.Evidence, err
	}
	defer c.Close()
	own := deskAt(site, c)
	device := probe.NewAuthenticator(own.origin(site))
	device.Still = true // or the counter would refuse what the challenge has to
	if err := k.enrol(ctx, own, a, device); err != nil {
		return k.Evidence, err
	}
	if err := k.passkey(ctx, site, device); err != nil {
		return k.Evidence, err
	}
	if err := k.app(ctx, site, back, own, a); err != nil {
		return k.Evidence, err
	}
	all, with, err := back.PrivilegedFactors(ctx)
	if err != nil {
		return k.Evidence, err
	}
	k.Measured = fmt.Sprintf("模擬の端末でパスキーを、計算で認証アプリを登録してサインインしました。別のサイト、本人の確認のない端末、答え終えた問い、別のブラウザーの問い、使用済みの数字、30秒の前と後の数字など%d項目を試し、%d項目が約束どおりでした。%s",
		k.tried, k.tried-len(k.Failed), factorShare(all, with))
	k.Facts = map[string]any{"tried": k.tried, "failed": len(k.Failed)}
	return k.Evidence, nil
}

// factorShare tells how many of those with a privileged role have a second factor of their own, in words: the page
// is public, and a small number would tell an attacker where to try. Administrators see each account's factors.
func factorShare(all, with int) string {
	switch {
	case all == 0:
		return "特権の役割の利用者は、まだいません。"
	case with == all:
		return "特権の役割の利用者は、全員がパスキーか認証アプリを登録しています。"
	case 2*with >= all:
		return "特権の役割の利用者の半数以上が、パスキーか認証アプリを登録しています。"
	}
	return "特権の役割の利用者のうち、パスキーか認証アプリを登録している人は、まだ半数に届きません。"
}

// enrol shows who it is and makes a passkey; before the proof nothing may be made.
func (k *checks) enrol(ctx context.Context, d desk, a probe.Account, device *probe.Authenticator) error {
	early, err := d.json(ctx, "/me/factors/passkeys/options", struct{}{})
	if err != nil {
		return err
	}
	k.want(early.Status == http.StatusConflict, "本人をもう一度確かめずにパスキーを登録できる")
	proof, err := d.PostForm(ctx, "/me/factors/proof", url.Values{"password": {a.Password}})
	if err != nil {
		return err
	}
	if proof.Status >= http.StatusBadRequest {
		return fmt.Errorf("identity: the password proves nothing: status %d", proof.Status)
	}
	options, err := d.json(ctx, "/me/factors/passkeys/options", struct{}{})
	if err != nil {
		return err
	}
	made, err := device.Make(options.Body)
	if err != nil {
		return fmt.Errorf("identity: passkey options: status %d: %w", options.Status, err)
	}
	added, err := d.json(ctx, "/me/factors/passkeys", map[string]any{"name": "自己点検", "credential": made})
	if err == nil && added.Status != http.StatusOK {
		err = fmt.Errorf("identity: passkey not added: status %d", added.Status)
	}
	return err
}

// passkey signs in, and tries answers that must not: each in a browser of its own.
func (k *checks) passkey(ctx context.Context, site *probe.Site, device *probe.Authenticator) error {
	try := func(change func(*probe.Authenticator), promise string, want bool) error {
		d := deskAt(site, site.New())
		defer d.Close()
		other := *device
		change(&other)
		answer, err := d.answer(ctx, &other)
		if err != nil {
			return err
		}
		device.Count = other.Count
		open, err := d.send(ctx, answer)
		k.want(open == want, promise)
		return err
	}
	for _, one := range []struct {
		change  func(*probe.Authenticator)
		promise string
	}{
		{func(d *probe.Authenticator) { d.Origin = "https://rakudos.invalid" }, "別のサイトでの答えで入れる"},
		{func(d *probe.Authenticator) { d.Verified = false }, "本人を確かめていない端末の答えで入れる"},
	} {
		if err := try(one.change, one.promise, false); err != nil {
			return err
		}
	}
	if err := try(func(*probe.Authenticator) {}, "パスキーでサインインできない", true); err != nil {
		return err
	}
	return k.replays(ctx, site, device)
}

// replays sends an answer a second time with the cookies of before, and from another browser.
func (k *checks) replays(ctx context.Context, site *probe.Site, device *probe.Authenticator) error {
	one, two, three := deskAt(site, site.New()), deskAt(site, site.New()), deskAt(site, site.New())
	defer one.Close()
	defer two.Close()
	defer three.Close()
	answer, err := one.answer(ctx, device)
	if err != nil {
		return err
	}
	if _, err := two.json(ctx, "/login/passkey/options", struct{}{}); err != nil {
		return err
	}
	open, err := two.send(ctx, answer)
	if err != nil {
		return err
	}
	k.want(!open, "別のブラウザーへの問いの答えで入れる")
	kept := one.Cookies()
	if open, err = one.send(ctx, answer); err != nil {
		return err
	}
	k.want(open, "パスキーで続けてサインインできない")
	for _, c := range kept {
		c.Path, c.Secure = "/", true
	}
	three.SetCookies(kept)
	if open, err = three.send(ctx, answer); err != nil {
		return err
	}
	k.want(!open, "答え終えた問いにもう一度答えて入れる")
	_, err = one.SignOut(ctx)
	return err
}
