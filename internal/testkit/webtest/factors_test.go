package webtest

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"rakudos/internal/engine/db"
	"rakudos/internal/engine/probe"
	"rakudos/internal/testkit/browser"
	"rakudos/internal/testkit/testdb"
)

// appCode computes a code as an authenticator app does: written here anew, so that the program's own is not
// compared with itself.
func appCode(t *testing.T, secret string, at time.Time) string {
	t.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ReplaceAll(secret, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	m := hmac.New(sha1.New, key)
	m.Write(binary.BigEndian.AppendUint64(nil, uint64(at.Unix()/30)))
	h := m.Sum(nil)
	o := h[19] & 15
	return fmt.Sprintf("%06d", (binary.BigEndian.Uint32(h[o:])&0x7fffffff)%1_000_000)
}

// room waits for the next half minute when the present one is nearly over, and gives an instant in it: a code counts
// in its own half minute alone.
func room() time.Time {
	now := time.Now()
	if next := now.Truncate(30 * time.Second).Add(30 * time.Second); next.Sub(now) < 12*time.Second {
		time.Sleep(time.Until(next))
	}
	return time.Now()
}

// step waits for a half minute after that of the last code, which counts once.
func step(last time.Time) time.Time {
	time.Sleep(time.Until(last.Truncate(30 * time.Second).Add(30 * time.Second)))
	return room()
}

// TestFactorsAtTheScreens is a clerk with a phone: a passkey is enrolled and signs in, an app is enrolled
// and takes the place of the mail, and a recovery code does when the phone is gone.
func TestFactorsAtTheScreens(t *testing.T) {
	h := Start(t, db.SQLite)
	v := &visit{t: t, h: h, Page: browser.Start(t)}
	verified := v.Passkey()
	v.as("midori", "hr")
	v.Open(h.URL + "/me/security")
	v.look("security-factors")
	v.Open(h.URL + "/me/factors")
	v.look("factors-none")
	v.Type("#proof", h.Password("midori", "hr"))
	v.Follow(`form[action="/me/factors/proof"] button`)
	v.AwaitText("本人を確かめました")
	v.Type("#passkey-name", "会社のノートPC")
	v.Follow(`button[data-send="/me/factors/passkeys"]`)
	v.AwaitText("パスキーを登録しました")
	v.look("factors-passkey")

	// The app: the picture and the text are the same secret.
	v.Follow(`form[action="/me/factors/totp"] button`)
	v.AwaitText("アプリに出た6桁の数字")
	v.look("totp")
	secret := browser.Eval[string](v.Page, `document.querySelector("dl.facts code").textContent`)
	v.Type("#code", "000000")
	v.Follow(`form[action="/me/factors/totp/confirm"] button`)
	v.AwaitText("コードが違います")
	v.Problems() // the refusal stands on the console
	used := room()
	v.Type("#code", appCode(t, secret, used))
	v.Follow(`form[action="/me/factors/totp/confirm"] button`)
	v.AwaitText("認証アプリを登録しました")
	v.Follow(`form[action="/me/factors/codes"] button`)
	v.AwaitText("一度だけ表示します")
	v.look("codes")
	codes := browser.Eval[[]string](v.Page, `[...document.querySelectorAll(".codes code")].map(c => c.textContent)`)
	if len(codes) != 10 {
		t.Fatalf("%v", codes)
	}

	// The covered screen opens by passkey, and what was typed is still there.
	v.Open(h.URL + "/me/security")
	v.Type("#email", "draft@example.jp")
	browser.Eval[bool](v.Page, `(() => { const real = Date.now; window.later = 31 * 60e3; Date.now = () => real() + window.later; return true; })()`)
	v.Await("the cover", `document.getElementById("screen-dialog").open`)
	browser.Eval[bool](v.Page, `(() => { window.later = 0; return true; })()`)
	v.Click(`#screen-dialog [data-passkey] button`)
	v.Await("the page again", `!document.getElementById("screen-dialog").open`)
	if got := browser.Eval[string](v.Page, `document.getElementById("email").value`); got != "draft@example.jp" {
		t.Errorf("the draft is %q", got)
	}

	// By passkey: nothing is typed.
	v.Follow(`form[action="/logout"] button`)
	v.Open(h.URL + "/login?back=%2Fpeople")
	v.look("login-passkey")
	verified(false)
	v.Click(`button[data-send="/login/passkey"]`)
	v.AwaitText("取り消されました")
	verified(true)
	v.Follow(`button[data-send="/login/passkey"]`)
	v.AwaitText("従業員")
	if !strings.HasSuffix(v.URL(), "/people") {
		t.Errorf("the passkey leads to %s", v.URL())
	}
	v.Problems()

	// By app, then by recovery code.
	for _, code := range []func() string{func() string { return appCode(t, secret, step(used)) }, func() string { return codes[3] }} {
		v.Follow(`form[action="/logout"] button`)
		v.Open(h.URL + probe.PathLogin)
		v.Type("input[name=tenant]", "midori")
		v.Type("input[name=login_id]", "hr")
		v.Type("input[name=password]", h.Password("midori", "hr"))
		v.Follow(`form[action="/login"] button`)
		v.AwaitText("認証アプリに今出ている6桁の数字")
		v.look("code-app")
		v.Type("input[name=code]", code())
		v.Follow(`form[action="/login/code"] button`)
		v.Open(h.URL + "/me/factors")
		v.AwaitText("残りは")
	}
	if s := v.Text(); !strings.Contains(s, "9個") {
		t.Errorf("the code that was used still counts:\n%s", s)
	}
	v.look("factors")
	v.Open(h.URL + "/login/reset")
	v.look("reset")
}

var (
	spelled = regexp.MustCompile(`<code>([A-Z2-7 ]{32,})</code>`)
	listed  = regexp.MustCompile(`<code>([a-z2-9]{5}-[a-z2-9]{5})</code>`)
)

// desk is one person's small client with what it needs to act.
type desk struct {
	*probe.Client
	t      *testing.T
	tenant string
}

func (d desk) post(path string, form url.Values) *probe.Page {
	d.t.Helper()
	form.Set("_tenant", d.tenant)
	p, err := d.PostForm(d.t.Context(), path, form)
	if err != nil {
		d.t.Fatal(err)
	}
	return p
}

func (d desk) get(path string) *probe.Page {
	d.t.Helper()
	p, err := d.Get(d.t.Context(), path)
	if err != nil {
		d.t.Fatal(err)
	}
	return p
}

// json sends what the page's script would.
func (d desk) json(path string, body any) *probe.Page {
	d.t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		d.t.Fatal(err)
	}
	req, err := d.Request(d.t.Context(), http.MethodPost, path, strings.NewReader(string(b)))
	if err != nil {
		d.t.Fatal(err)
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Content-Type", "application/json")
	p, err := d.Do(req)
	if err != nil {
		d.t.Fatal(err)
	}
	return p
}

func (d desk) want(p *probe.Page, status int, says string) {
	d.t.Helper()
	if p.Status != status || !strings.Contains(p.Text()+p.Location, says) {
		d.t.Fatalf("status %d, location %q, want %d %q: %.600s", p.Status, p.Location, status, says, p.Body)
	}
}

// TestTwoFactorsRequiredOverHTTP is the whole life of the rule on both engines: an administrator requires
// two factors of nurses; a nurse sees only the enrolment until there is one; then mail does not do; the
// last factor stays; the administrator takes lost ones away; everything is in the log.
func TestTwoFactorsRequiredOverHTTP(t *testing.T) {
	for _, engine := range testdb.Engines {
		t.Run(string(engine), func(t *testing.T) {
			h := Start(t, engine)
			admin := desk{h.Client("midori", "tenantadmin"), t, "midori"}
			nurse := desk{h.Client("midori", "nurse"), t, "midori"}
			nurse.want(nurse.get("/checkups"), 200, "")
			nurse.want(nurse.post("/users/factors", url.Values{"required": {"nurse"}}), 403, "")
			admin.want(admin.post("/users/factors", url.Values{"required": {"king"}}), 422, "king")
			admin.want(admin.post("/users/factors", url.Values{"required": {"nurse"}}), 303, "/users?done=two-factor")
			admin.want(admin.get("/users"), 200, `value="nurse" checked`)

			for _, path := range []string{"/", "/checkups", "/me/security", "/people"} {
				nurse.want(nurse.get(path), 303, "/me/factors")
			}
			nurse.want(nurse.json("/me/email", map[string]string{}), 403, "web.factor_first")
			nurse.want(nurse.get("/me/factors"), 200, "はじめに、一つ登録してください")
			nurse.want(nurse.post("/me/factors/totp", url.Values{}), 409, "もう一度本人を確かめる")
			nurse.want(nurse.post("/me/factors/proof", url.Values{"password": {"wrong"}}), 422, "パスワードが違います")
			nurse.want(nurse.post("/me/factors/proof", url.Values{"password": {h.Password("midori", "nurse")}}), 303, "/me/factors?done=proven")
			nurse.want(nurse.post("/me/factors/totp", url.Values{}), 303, "/me/factors/totp")
			shown := nurse.get("/me/factors/totp")
			m := spelled.FindSubmatch(shown.Body)
			if m == nil || shown.Header.Get("Cache-Control") != "no-store" {
				t.Fatalf("no secret: %.300s", shown.Body)
			}
			used := room()
			nurse.want(nurse.post("/me/factors/totp/confirm", url.Values{"code": {appCode(t, string(m[1]), used)}}), 303, "/me/factors?done=totp")
			nurse.want(nurse.get("/checkups"), 200, "")
			nurse.want(nurse.post("/me/factors/totp/remove", url.Values{}), 409, "最後の一つは外せません")
			made := nurse.post("/me/factors/codes", url.Values{})
			codes := listed.FindAllSubmatch(made.Body, -1)
			if len(codes) != 10 {
				t.Fatalf("%d codes", len(codes))
			}

			again := desk{h.Site().New(), t, "midori"}
			t.Cleanup(again.Close)
			login := url.Values{"tenant": {"midori"}, "login_id": {"nurse"}, "password": {h.Password("midori", "nurse")}}
			again.want(again.post("/login", login), 303, "/login/code")
			again.want(again.get("/login/code"), 200, "メールのコードは使えません")
			again.want(again.post("/login/code/resend", url.Values{}), 409, "メールのコードは使えません")
			again.want(again.post("/login/code", url.Values{"code": {appCode(t, string(m[1]), used)}}), 422, "すでに使われています")
			again.want(again.post("/login/code", url.Values{"code": {appCode(t, string(m[1]), room().Add(30*time.Second))}}), 422, "端末の時計が進んでいる")
			again.want(again.post("/login/code", url.Values{"code": {string(codes[0][1])}}), 303, "/")
			again.want(again.get("/checkups"), 200, "")

			list := admin.get("/users").Text()
			id := regexp.MustCompile(`/users/([0-9a-f-]{36})">nurse<`).FindStringSubmatch(list)
			if id == nil {
				t.Fatal("the nurse is not listed")
			}
			admin.want(admin.get("/users/"+id[1]), 200, "パスキーなどの登録を外す")
			admin.want(admin.post("/users/"+id[1]+"/factors", url.Values{}), 422, "理由")
			admin.want(admin.post("/users/"+id[1]+"/factors", url.Values{"reason": {"電話をなくした"}}), 303, "done=saved")
			nurse.want(nurse.get("/checkups"), 303, "/login?why=session_ended")
			fresh := desk{h.Client("midori", "nurse"), t, "midori"} // password and mail lead to the start again
			fresh.want(fresh.get("/checkups"), 303, "/me/factors")
			neighbour := desk{h.Client("hikari", "nurse"), t, "hikari"}
			neighbour.want(neighbour.get("/checkups"), 200, "")
			admin.want(admin.get("/audit"), 200, "二要素を必須にする役割の変更")
		})
	}
}

// TestPasskeyOverHTTP enrols and uses a passkey in software through the real listener, and tries what must
// not work: another browser's challenge, another origin, a bare address.
func TestPasskeyOverHTTP(t *testing.T) {
	for _, engine := range testdb.Engines {
		t.Run(string(engine), func(t *testing.T) {
			h := Start(t, engine)
			hr := desk{h.Client("midori", "hr"), t, "midori"}
			d := probe.NewAuthenticator(h.URL)
			hr.want(hr.json("/me/factors/passkeys/options", nil), 409, "identity.proof_needed")
			hr.want(hr.post("/me/factors/proof", url.Values{"password": {h.Password("midori", "hr")}}), 303, "")
			made, err := d.Make(hr.json("/me/factors/passkeys/options", nil).Body)
			if err != nil {
				t.Fatal(err)
			}
			hr.want(hr.json("/me/factors/passkeys", map[string]any{"name": "電話"}), 422, "web.form")
			hr.want(hr.json("/me/factors/passkeys", map[string]any{"name": "電話", "credential": made}), 200, "/me/factors?done=passkey")
			hr.want(hr.get("/me/factors"), 200, "電話")

			enter := func(d *probe.Authenticator, back string) (desk, *probe.Page) {
				t.Helper()
				c := desk{h.Site().New(), t, ""}
				t.Cleanup(c.Close)
				answer, err := d.Use(c.json("/login/passkey/options", nil).Body)
				if err != nil {
					t.Fatal(err)
				}
				return c, c.json("/login/passkey", map[string]any{"credential": answer, "back": back})
			}
			c, p := enter(d, "/people")
			c.want(p, 200, `"to":"/people"`)
			for _, set := range p.SetCookie {
				if !set.Secure || !set.HttpOnly || set.Path != "/" || !strings.HasPrefix(set.Name, "__Host-") {
					t.Errorf("cookie %s", set)
				}
			}
			c.want(c.get("/people"), 200, "")
			_, p = enter(d, "https://evil.example/")
			c.want(p, 200, `"to":"/"`)
			evil := *d
			evil.Origin = "https://evil.example"
			_, p = enter(&evil, "")
			c.want(p, 422, "identity.passkey_wrong")
			d.Count = evil.Count

			one, two := desk{h.Site().New(), t, ""}, desk{h.Site().New(), t, ""}
			t.Cleanup(one.Close)
			t.Cleanup(two.Close)
			answer, err := d.Use(one.json("/login/passkey/options", nil).Body)
			if err != nil {
				t.Fatal(err)
			}
			two.json("/login/passkey/options", nil)
			two.want(two.json("/login/passkey", map[string]any{"credential": answer}), 422, "identity.passkey_wrong")
			one.want(one.json("/login/passkey", map[string]any{"credential": answer}), 200, "")
			one.want(one.json("/login/passkey", map[string]any{"credential": answer}), 409, "identity.ceremony_over")
			none := desk{h.Site().New(), t, ""}
			t.Cleanup(none.Close)
			none.want(none.json("/login/passkey", map[string]any{"credential": answer}), 409, "identity.ceremony_over")
			none.want(none.json("/login/passkey", strings.Repeat("x", 100<<10)), 413, "")

			req, err := none.Request(t.Context(), http.MethodPost, "/login/passkey/options", nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Host = strings.Replace(req.URL.Host, "localhost", "127.0.0.1", 1)
			req.Header.Set("Origin", "https://"+req.Host)
			req.Header.Set("Accept", "application/json")
			if p, err = none.Do(req); err != nil {
				t.Fatal(err)
			}
			none.want(p, 422, "web.passkey_host")

			// The screen and the proof by passkey, and a new password without the old one.
			c.want(c.json("/screen/lock", nil), 200, "")
			c.want(c.get("/people"), 303, "/unlock")
			if answer, err = d.Use(c.json("/unlock/passkey/options", nil).Body); err != nil {
				t.Fatal(err)
			}
			c.want(c.json("/unlock/passkey", map[string]any{"credential": answer, "back": "/people"}), 200, "/people")
			c.want(c.get("/people"), 200, "")
			c.tenant = "midori"
			c.want(c.post("/me/password", url.Values{"new": {"Wm4%tuy8-Qa"}, "again": {"Wm4%tuy8-Qa"}}), 422, "")
			if answer, err = d.Use(c.json("/me/factors/proof/options", nil).Body); err != nil {
				t.Fatal(err)
			}
			c.want(c.json("/me/factors/proof/passkey", map[string]any{"credential": answer, "back": "/me/password"}), 200, "/me/password")
			c.want(c.get("/me/password"), 200, "今のパスワードを入力せずに")
			c.want(c.post("/me/password", url.Values{"new": {"Wm4%tuy8-Qa"}, "again": {"Wm4%tuy8-Qa"}}), 303, "/?done=password")
			hr.want(hr.get("/people"), 303, "/login?why=session_ended")
		})
	}
}
