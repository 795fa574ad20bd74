package webtest

import (
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"encoding/base64"

	"rakudos/internal/app"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/probe"
	"rakudos/internal/testkit/browser"
	"rakudos/internal/testkit/idp"
)

var atProvider = regexp.MustCompile(`<a class="btn main" href="([^"]+)"`)

// federated is a demo service whose operator lets it reach the providers of the test.
func federated(t *testing.T, p *idp.OIDC) *House {
	t.Helper()
	c := Config(t, db.SQLite)
	c.SSO = app.SSO{AllowPrivate: true, RootsFile: idp.Roots(t, p.Server())}
	c.Still()
	return start(t, c)
}

func page(t *testing.T, want int, p *probe.Page, err error) *probe.Page {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if p.Status != want {
		t.Fatalf("%d, want %d, to %q: %.300s", p.Status, want, p.Location, p.Body)
	}
	return p
}

func sessionOf(c *probe.Client) string {
	for _, one := range c.Cookies() {
		if one.Name == "__Host-session" {
			return one.Value
		}
	}
	return ""
}

// leads begins at the sign-in page and gives the address at the provider.
func leads(t *testing.T, c *probe.Client) string {
	t.Helper()
	got, err := c.PostForm(t.Context(), "/sso", url.Values{"tenant": {"midori"}, "back": {"/people"}})
	p := page(t, http.StatusOK, got, err)
	m := atProvider.FindSubmatch(p.Body)
	if m == nil {
		t.Fatalf("no way to the provider: %s", p.Body)
	}
	to := html.UnescapeString(string(m[1]))
	if p.Header.Get("Refresh") != "0; url="+to {
		t.Errorf("the page leads to %q by itself and to %q by its link", p.Header.Get("Refresh"), to)
	}
	return to
}

// TestSignInThroughProviders: over the real listener, with OpenID Connect and with SAML, up to the page that
// was asked for; cross-site posts are taken at one address only.
func TestSignInThroughProviders(t *testing.T) {
	p := idp.NewOIDC(t, idp.User{ID: "s1", Name: "hr", Email: "hr@midori.example", Verified: true}, idp.User{ID: "s2", Name: "other", Email: "nurse@midori.example", Verified: true})
	h := federated(t, p)
	admin := h.Client("midori", "tenantadmin")
	got, err := admin.PostForm(t.Context(), "/federation/oidc", url.Values{"name": {"会社のアカウント"}, "issuer": {p.URL}, "client_id": {"rakudos"}, "secret": {"very-secret"}, "link_by": {"email"}, "enabled": {"yes"}})
	saved := page(t, http.StatusSeeOther, got, err)
	id := saved.Location[strings.LastIndex(saved.Location, "=")+1:]
	p.Register("rakudos", "very-secret", h.URL+"/sso/oidc/"+id)
	got, err = admin.PostForm(t.Context(), "/federation/test", url.Values{"id": {id}})
	page(t, http.StatusSeeOther, got, err)
	got, err = admin.Get(t.Context(), saved.Location)
	if shown := page(t, http.StatusOK, got, err); strings.Contains(shown.Text(), "very-secret") || !strings.Contains(shown.Text(), "/sso/oidc/"+id) {
		t.Error("the secret is shown, or the redirect address is not")
	}

	c := h.Site().New()
	defer c.Close()
	back := p.SignIn(t, leads(t, c), "hr")
	code := func(since time.Time) string {
		t.Helper()
		mail, err := h.spool.Newest(t.Context(), "hr@midori.example", since)
		if err != nil {
			t.Fatal(err)
		}
		return regexp.MustCompile(`\b[0-9]{8}\b`).FindString(mail)
	}
	since := time.Now().Add(-time.Second)
	got, err = c.Get(t.Context(), back.RequestURI())
	if step := page(t, http.StatusSeeOther, got, err); step.Location != "/login/code?back=%2Fpeople" {
		t.Errorf("the first step leads to %s", step.Location)
	}
	got, err = c.PostForm(t.Context(), "/login/code", url.Values{"code": {code(since)}, "back": {"/people"}})
	if in := page(t, http.StatusSeeOther, got, err); in.Location != "/people" {
		t.Errorf("signed in to %s", in.Location)
	}
	got, err = c.Get(t.Context(), "/people")
	page(t, http.StatusOK, got, err)

	// The screen that locks is opened by the provider, which is asked to authenticate anew.
	got, err = c.PostForm(t.Context(), "/screen/lock", url.Values{"back": {"/people"}})
	page(t, http.StatusSeeOther, got, err)
	got, err = c.Get(t.Context(), "/unlock?back=/people")
	if shown := page(t, http.StatusOK, got, err); !strings.Contains(shown.Text(), "会社のアカウントで解除する") {
		t.Error("the locked screen does not offer the provider")
	}
	anew := func(name string) *probe.Page {
		t.Helper()
		got, err := c.PostForm(t.Context(), "/unlock/sso", url.Values{"back": {"/people"}})
		m := atProvider.FindSubmatch(page(t, http.StatusOK, got, err).Body)
		if m == nil || !strings.Contains(string(m[1]), "prompt=login") {
			t.Fatalf("no way to the provider: %s", got.Body)
		}
		got, err = c.Get(t.Context(), p.SignIn(t, html.UnescapeString(string(m[1])), name).RequestURI())
		return page(t, http.StatusSeeOther, got, err)
	}
	if step := anew("other"); step.Location != "/unlock?why=sso" {
		t.Errorf("somebody else's answer leads to %s", step.Location)
	}
	got, err = c.Get(t.Context(), "/unlock?why=sso")
	if shown := page(t, http.StatusOK, got, err); !strings.Contains(shown.Text(), "会社のアカウントで解除できませんでした") {
		t.Error("the locked screen does not say what was wrong")
	}
	before := sessionOf(c)
	if step := anew("hr"); step.Location != "/people" || sessionOf(c) == before {
		t.Errorf("the provider's answer leads to %s, with the same token %v", step.Location, sessionOf(c) == before)
	}
	got, err = c.Get(t.Context(), "/people")
	page(t, http.StatusOK, got, err)

	// Signing out here offers the provider's session too, and comes back; to others it says nothing of the kind.
	p.Lets(h.URL + "/sso/oidc/left")
	got, err = h.Client("midori", "nurse").PostForm(t.Context(), "/logout", nil)
	if out := page(t, http.StatusSeeOther, got, err); out.Location != "/login?done=signedout" {
		t.Errorf("after a password, signing out leads to %s", out.Location)
	}
	old := sessionOf(c)
	got, err = c.PostForm(t.Context(), "/logout", nil)
	out := page(t, http.StatusOK, got, err)
	way := atProvider.FindSubmatch(out.Body)
	if way == nil || !strings.Contains(out.Text(), "会社のアカウント（会社のアカウント）のサインインは続いています") || out.Header.Get("Cache-Control") != "no-store" || out.Header.Get("Refresh") != "" {
		t.Fatalf("the provider's session is not offered: %v %s", out.Header, out.Body)
	}
	c.SetCookies([]*http.Cookie{{Name: "__Host-session", Value: old, Path: "/", Secure: true}})
	got, err = c.Get(t.Context(), "/people")
	if again := page(t, http.StatusSeeOther, got, err); !strings.HasPrefix(again.Location, "/login") {
		t.Errorf("while the page is shown the session goes on: %s", again.Location)
	}
	returned := p.Leave(t, html.UnescapeString(string(way[1])))
	if ended := p.Ended(); len(ended) != 1 || ended[0] != "s1 rakudos" {
		t.Errorf("the provider has ended %v", ended)
	}
	stranger := h.Site().New()
	defer stranger.Close()
	for i, one := range []struct {
		c        *probe.Client
		path, to string
	}{{stranger, returned.RequestURI(), "/login"}, {c, "/sso/oidc/left?state=x&to=https://evil.example/", "/login"}, {c, returned.RequestURI(), "/login?done=left"}, {c, returned.RequestURI(), "/login"}} {
		got, err = one.c.Get(t.Context(), one.path)
		if back := page(t, http.StatusSeeOther, got, err); back.Location != one.to {
			t.Errorf("%d: coming back leads to %s", i, back.Location)
		}
	}
	got, err = c.Get(t.Context(), "/login?done=left")
	if shown := page(t, http.StatusOK, got, err); !strings.Contains(shown.Text(), "会社のアカウントからもサインアウトしました") {
		t.Error("nothing says that it is done")
	}

	// The page of signing out, as a person sees it.
	since = time.Now()
	got, err = c.Get(t.Context(), p.SignIn(t, leads(t, c), "hr").RequestURI())
	page(t, http.StatusSeeOther, got, err)
	got, err = c.PostForm(t.Context(), "/login/code", url.Values{"code": {code(since)}})
	page(t, http.StatusSeeOther, got, err)
	v := &visit{t: t, h: h, Page: browser.Start(t)}
	v.Carry(h.URL, c.Cookies())
	v.Open(h.URL + "/me/security")
	v.leave()
	v.AwaitText("会社のアカウントからもサインアウトする")
	v.look("left")

	// Another browser gets nowhere with that answer, and is told nothing.
	thief := h.Site().New()
	defer thief.Close()
	leads(t, thief)
	got, err = thief.Get(t.Context(), back.RequestURI())
	if step := page(t, http.StatusSeeOther, got, err); !strings.HasPrefix(step.Location, "/login?why=sso_") {
		t.Errorf("a stolen answer leads to %s", step.Location)
	}

	// SAML: the provider's page makes the browser post, without cookies and from another site.
	sp := idp.NewSAML(t, idp.User{ID: "n", Name: "nurse", Email: "nurse@midori.example"})
	got, err = admin.PostForm(t.Context(), "/federation/remove", url.Values{"id": {id}})
	page(t, http.StatusSeeOther, got, err)
	body := "--b\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nSAML\r\n--b\r\nContent-Disposition: form-data; name=\"link_by\"\r\n\r\nemail\r\n--b\r\nContent-Disposition: form-data; name=\"enabled\"\r\n\r\nyes\r\n" +
		"--b\r\nContent-Disposition: form-data; name=\"metadata\"; filename=\"m.xml\"\r\n\r\n" + sp.Metadata + "\r\n--b--\r\n"
	req, err := admin.Request(t.Context(), http.MethodPost, "/federation/saml?_tenant=midori", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "multipart/form-data; boundary=b")
	got, err = admin.Do(req)
	saved = page(t, http.StatusSeeOther, got, err)
	id = saved.Location[strings.LastIndex(saved.Location, "=")+1:]
	got, err = thief.Get(t.Context(), "/sso/saml/"+id+"/metadata")
	sp.Register(t, page(t, http.StatusOK, got, err).Body)
	c2 := h.Site().New()
	defer c2.Close()
	response, relay := sp.SignIn(t, leads(t, c2), "nurse")
	foreign := func(c *probe.Client, path string, form url.Values) *probe.Page {
		t.Helper()
		req, err := c.Request(t.Context(), http.MethodPost, path, strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Origin", sp.URL)
		req.Header.Set("Sec-Fetch-Site", "cross-site")
		p, err := c.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	form := url.Values{"SAMLResponse": {base64.StdEncoding.EncodeToString(response)}, "RelayState": {relay}}
	if p := foreign(thief, "/sso/saml/"+id+"/acs", form); p.Status != http.StatusSeeOther || p.Location != "/sso/continue" || len(p.SetCookie) != 0 {
		t.Errorf("the response is answered with %d %s %v", p.Status, p.Location, p.SetCookie)
	}
	if p := foreign(admin, "/federation/remove", url.Values{"id": {id}}); p.Status != http.StatusForbidden {
		t.Errorf("another site's post gets %d", p.Status)
	}
	got, err = thief.Get(t.Context(), "/sso/continue")
	if step := page(t, http.StatusSeeOther, got, err); !strings.HasPrefix(step.Location, "/login?why=sso_") {
		t.Errorf("login CSRF leads to %s", step.Location)
	}
	got, err = c2.Get(t.Context(), "/sso/continue")
	if step := page(t, http.StatusSeeOther, got, err); !strings.HasPrefix(step.Location, "/login/code") {
		t.Errorf("the response leads to %s", step.Location)
	}
}

// TestPersonnelSystem: a token from the page, a joiner, and a leaver whose open pages end with one call. A
// browser's session opens nothing there, nor a token anything else.
func TestPersonnelSystem(t *testing.T) {
	h := Start(t, db.SQLite)
	admin := h.Client("midori", "tenantadmin")
	req, err := admin.Request(t.Context(), http.MethodPost, "/federation/token", strings.NewReader(url.Values{"label": {"人事システム"}, "days": {"30"}}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	got, err := admin.Do(req)
	var made struct{ Token string }
	if err := json.Unmarshal(page(t, http.StatusOK, got, err).Body, &made); err != nil || made.Token == "" {
		t.Fatalf("%v %s", err, got.Body)
	}
	machine := h.Site().New()
	defer machine.Close()
	call := func(c *probe.Client, token, method, path, body string) *probe.Page {
		t.Helper()
		req, err := c.Request(t.Context(), method, path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Accept", "application/scim+json, application/json")
		req.Header.Set("Content-Type", "application/scim+json")
		if token != "" {
			req.Header.Set("Authorization", "Bearer "+token)
		}
		p, err := c.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	for what, p := range map[string]*probe.Page{"no token": call(machine, "", "GET", "/scim/v2/Users", ""), "a guessed token": call(machine, "rks_"+strings.Repeat("A", 43), "GET", "/scim/v2/Users", "")} {
		if p.Status != http.StatusUnauthorized {
			t.Errorf("%s gets %d", what, p.Status)
		}
	}
	if p := call(admin, "", "GET", "/scim/v2/Users", ""); p.Status != http.StatusForbidden {
		t.Errorf("a browser's session gets %d", p.Status)
	}
	for path, want := range map[string]int{"/scim/v2/Nope": http.StatusNotFound, "/scim/v1/Users": http.StatusNotFound, "/scim/v2/Users/": http.StatusNotFound} {
		if p := call(machine, made.Token, "GET", path, ""); p.Status != want || p.Header.Get("Content-Type") != "application/scim+json" {
			t.Errorf("%s: %d %v %s", path, p.Status, p.Header, p.Body)
		}
	}
	if p := call(machine, made.Token, "PUT", "/scim/v2/Users", "{}"); p.Status != http.StatusMethodNotAllowed || p.Header.Get("Content-Type") != "application/scim+json" {
		t.Errorf("a method that is not there: %d %v %s", p.Status, p.Header, p.Body)
	}
	for _, path := range []string{"/people", "/users", "/federation"} {
		if p := call(machine, made.Token, "GET", path, ""); p.Status != http.StatusUnauthorized {
			t.Errorf("the token opens %s: %d", path, p.Status)
		}
	}
	if p := call(machine, made.Token, "POST", "/scim/v2/Users", `{"userName":"newcomer","displayName":"新人","emails":[{"value":"newcomer@midori.example"}]}`); p.Status != http.StatusCreated || p.Header.Get("Content-Type") != "application/scim+json" || p.Header.Get("Etag") == "" {
		t.Errorf("a joiner gets %d %v %s", p.Status, p.Header, p.Body)
	}
	if p := call(machine, made.Token, "POST", "/scim/v2/Users", strings.Repeat(" ", 65<<10)); p.Status != http.StatusRequestEntityTooLarge {
		t.Errorf("a long body gets %d", p.Status)
	}
	nurse := h.Client("midori", "nurse")
	var found struct{ Resources []struct{ ID string } }
	if err := json.Unmarshal(call(machine, made.Token, "GET", "/scim/v2/Users?filter="+url.QueryEscape(`userName eq "nurse"`), "").Body, &found); err != nil || len(found.Resources) != 1 {
		t.Fatalf("%v %v", err, found)
	}
	leave := `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"Replace","path":"active","value":"False"}]}`
	if p := call(machine, made.Token, "PATCH", "/scim/v2/Users/"+found.Resources[0].ID, leave); p.Status != http.StatusOK {
		t.Fatalf("the leaver: %d %s", p.Status, p.Body)
	}
	got, err = nurse.Get(t.Context(), "/people")
	if p := page(t, http.StatusSeeOther, got, err); !strings.HasPrefix(p.Location, "/login") {
		t.Errorf("the leaver's open page leads to %s", p.Location)
	}
	if p := call(h.Client("hikari", "nurse"), made.Token, "GET", "/scim/v2/Users/"+found.Resources[0].ID, ""); p.Status != http.StatusOK {
		t.Errorf("with a token its tenant counts, not the cookie's: %d", p.Status)
	}
	call(machine, made.Token, "POST", "/scim/v2/Groups", fmt.Sprintf(`{"displayName":"健康管理室","members":[{"value":%q}]}`, found.Resources[0].ID))

	v := &visit{t: t, h: h, Page: browser.Start(t)}
	v.as("midori", "tenantadmin")
	v.Open(h.URL + "/federation")
	v.AwaitText("健康管理室")
	v.AwaitText("確認待ち") // the newcomer, whom nobody has confirmed
	v.look("federation")
	v.Follow(`table a[href^="/federation/token/"]`)
	v.AwaitText("利用者を登録")
	v.look("token")
	v.Open(h.URL + "/federation")
	v.Follow(`form[action="/federation/waiting"] button`)
	v.AwaitText("保存しました")
	if strings.Contains(v.Text(), "newcomer") {
		t.Error("the newcomer waits still, after being confirmed")
	}
	undone(t, v)
	v.Open(h.URL + "/federation/connection?kind=oidc")
	v.look("connection")
	v.Type("#name", "会社")
	v.Follow(`form[action="/federation/oidc"] button.main`)
	v.AwaitText("入力に誤りがあります")
	v.Problems() // the refused form stands on the console
	v.Open(h.URL + "/federation/connection?kind=saml")
	v.look("connection-saml")
}

// undone is the administrator who takes back what a leaked token has done, by mouse, on the token's own page: the page
// shows what was taken back, the token is dead, whom it disabled may sign in again and whom it made may not.
func undone(t *testing.T, v *visit) {
	t.Helper()
	v.Open(v.h.URL + "/federation")
	v.Follow(`table a[href^="/federation/token/"]`)
	v.AwaitText("トークンが漏れたとき")
	browser.Eval[bool](v.Page, `(() => { document.getElementById("days").value = "7"; return true; })()`)
	v.Follow(`main form[method="get"] button`)
	v.AwaitText("（7日）")
	v.Follow(`form[action="/federation/undo"] button`)
	v.AwaitText("元に戻した（")
	if s := v.Text(); !strings.Contains(s, "使えません") || strings.Contains(s, "使用中") || strings.Contains(s, "取り消して元に戻す") || !strings.Contains(v.URL(), "days=7") {
		t.Errorf("the token lives, or the page shows other days than were asked for: %s\n%s", v.URL(), s)
	}
	v.look("token-undone")
	v.Open(v.h.URL + "/users")
	state := browser.Eval[map[string]string](v.Page, `Object.fromEntries([...document.querySelectorAll("main tbody tr")].map(r => [r.querySelector("th").innerText.trim(), r.querySelector('[data-label="状態"]').innerText]))`)
	if !strings.Contains(state["newcomer"], "停止") || strings.Contains(state["nurse"], "停止") {
		t.Errorf("taken back: %v", state)
	}
}
