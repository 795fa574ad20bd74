package sso

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/control"
	"rakudos/internal/engine/probe"
)

// SabotageRequest names the sandbox in which an answer to any request is taken for the answer to this one.
const SabotageRequest = "sso.any_request"

// Probing is what the probe works with: a probe tenant with an account that no other probe uses, and a second tenant.
type Probing struct {
	Stage         probe.Stage
	Tenant, Other string     // codes
	Role          actor.Role // whose account in both is the probe's alone
}

// Controls gives the extension AC-FEDERATE.
func Controls(p Probing) []control.Control {
	live, mutant := probe.Pair(p.Stage, SabotageRequest, p.Look)
	return []control.Control{{
		ID: "AC-FEDERATE", Grades: []control.Grade{control.Real}, Owner: "SEC", Every: 24 * time.Hour, Fresh: 26 * time.Hour,
		Says:      "会社の認証サービス（OpenID Connect・SAML 2.0）でのサインインでは、頼んでいない応答、書き換えられた応答、期限を過ぎた応答、別の宛先や別の問いへの応答、使い終えた応答を受け付けません。会社のアカウントだけでサインインすると決めた役割は、パスワードでは入れなくなり、サインイン中のものもすぐに終わります。人事システム（SCIM 2.0）のトークンは、その契約先の利用者にだけ使え、取り消すとすぐに使えなくなります。退職の知らせ一回で、その人のサインインはすべて終わります。",
		NotProven: "OpenID Connect は、相手になる認証サービスが検査の中にないため、始めていない応答を断ることだけを試しています。署名や期限などの確かめは、動いている認証サービスを相手にした試験で行っています。SAML の相手は、検査が自分で演じる認証サービスです。トークンの期限切れと、パスキーでの試みは、検査ではなく試験で確かめています。会社の認証サービスや人事システムそのものの安全は分かりません。検査は自己点検用の契約先で行います。",
		Probe:     live, Mutant: mutant,
	}}
}

// look is one run with the browsers that it opens.
type look struct {
	control.Evidence
	p            Probing
	site         *probe.Site
	tried        int
	opened       []*probe.Client
	admin, other *probe.Client // administrators of the two tenants
	who, foreign probe.Account // the accounts that are the probe's alone
}

// Look is one run of the probe at a site. It leaves neither a connection nor a token that opens anything.
func (p Probing) Look(ctx context.Context, site *probe.Site) (control.Evidence, error) {
	k := &look{p: p, site: site}
	err := k.all(ctx)
	for _, c := range []*probe.Client{k.admin, k.other} {
		if c != nil {
			if left := k.clean(context.WithoutCancel(ctx), c); err == nil {
				err = left
			}
		}
	}
	for _, c := range k.opened {
		_, _ = c.SignOut(context.WithoutCancel(ctx))
		c.Close()
	}
	k.OK = err == nil && len(k.Failed) == 0
	k.Measured = fmt.Sprintf("自己点検用の契約先に、検査が演じる SAML の認証サービスと人事システムのトークンをつなぎ、別の鍵での署名、書き換え、期限切れ、別の宛先、別の問い、使い終えた応答、別のブラウザー、ほかの契約先の利用者への操作、退職の知らせ、役割の切り替えなど%d項目を試し、%d項目が約束どおりでした。",
		k.tried, k.tried-len(k.Failed))
	k.Facts = map[string]any{"tried": k.tried, "failed": len(k.Failed)}
	return k.Evidence, err
}

func (k *look) want(ok bool, promise string) {
	k.tried++
	if !ok {
		k.Failed = append(k.Failed, promise)
	}
}

func (k *look) all(ctx context.Context) (err error) {
	if k.who, err = k.site.Account(k.p.Tenant, string(k.p.Role)); err != nil {
		return err
	}
	if k.foreign, err = k.site.Account(k.p.Other, string(k.p.Role)); err != nil {
		return err
	}
	for tenant, c := range map[string]**probe.Client{k.p.Tenant: &k.admin, k.p.Other: &k.other} {
		a, err := k.site.Account(tenant, string(actor.TenantAdmin))
		if err != nil {
			return err
		}
		if *c, err = k.in(ctx, a); err != nil {
			return err
		}
		if err := k.clean(ctx, *c); err != nil { // what a run that was cut off has left
			return err
		}
	}
	if err := k.provisioning(ctx); err != nil {
		return err
	}
	return k.provider(ctx)
}

// open gives a browser of its own.
func (k *look) open() *probe.Client {
	c := k.site.New()
	k.opened = append(k.opened, c)
	return c
}

// in opens one signed in with the password.
func (k *look) in(ctx context.Context, a probe.Account) (*probe.Client, error) {
	c := k.open()
	return c, c.SignInAs(ctx, a)
}

// alive tells whether a browser is signed in.
func alive(ctx context.Context, c *probe.Client) (bool, error) {
	p, err := c.GetJSON(ctx, "/session")
	return err == nil && p.Status == http.StatusOK, err
}

// byPassword tells whether the password leads on to the second step.
func (k *look) byPassword(ctx context.Context) (bool, error) {
	p, err := k.open().Password(ctx, k.who)
	return err == nil && p.Status == http.StatusSeeOther && p.Location == probe.PathCode, err
}

// act posts a form of an administrator, which has to be taken.
func act(ctx context.Context, c *probe.Client, path string, form url.Values) error {
	p, err := c.PostForm(ctx, path, form)
	if err == nil && p.Status != http.StatusSeeOther {
		err = fmt.Errorf("sso: %s answers a probe with %d", path, p.Status)
	}
	return err
}

var removable = regexp.MustCompile(`action="(/federation/(?:remove|revoke))"><input type="hidden" name="_tenant" value="[^"]*"><input type="hidden" name="id" value="([^"]+)">`)

// clean removes every connection and revokes every token of a probe tenant: nobody but the probe makes any there.
func (k *look) clean(ctx context.Context, c *probe.Client) error {
	page, err := c.Get(ctx, "/federation")
	if err != nil {
		return err
	}
	if page.Status != http.StatusOK {
		return fmt.Errorf("sso: /federation answers a probe with %d", page.Status)
	}
	for _, m := range removable.FindAllSubmatch(page.Body, -1) {
		if err := act(ctx, c, string(m[1]), url.Values{"id": {string(m[2])}}); err != nil {
			return err
		}
	}
	return nil
}

// asJSON sends a request as a script does and reads the answer.
func asJSON(ctx context.Context, c *probe.Client, method, path, kind, body, token string, into any) (int, error) {
	req, err := c.Request(ctx, method, path, strings.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Accept", "application/json, application/scim+json")
	req.Header.Set("Content-Type", kind)
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	p, err := c.Do(req)
	if err != nil {
		return 0, err
	}
	if into != nil && p.Status < http.StatusMultipleChoices {
		err = json.Unmarshal(p.Body, into)
	}
	return p.Status, err
}

// connect makes the connection to the provider that the probe plays, and gives its id.
func (k *look) connect(ctx context.Context, metadata string) (string, error) {
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	for _, f := range [][2]string{{"name", "自己点検"}, {"link_by", string(ByEmail)}, {"enabled", "yes"}} {
		if err := m.WriteField(f[0], f[1]); err != nil {
			return "", err
		}
	}
	w, err := m.CreateFormFile("metadata", "metadata.xml")
	if err == nil {
		_, err = w.Write([]byte(metadata))
	}
	if err == nil {
		err = m.Close()
	}
	if err != nil {
		return "", err
	}
	req, err := k.admin.Request(ctx, http.MethodPost, "/federation/saml?_tenant="+url.QueryEscape(k.p.Tenant), &b)
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", m.FormDataContentType())
	p, err := k.admin.Do(req)
	if err != nil {
		return "", err
	}
	_, id, ok := strings.Cut(p.Location, "id=")
	if p.Status != http.StatusSeeOther || !ok {
		return "", fmt.Errorf("sso: a connection of the probe is answered with %d", p.Status)
	}
	return id, nil
}
