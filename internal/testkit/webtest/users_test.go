package webtest

import (
	"strings"
	"testing"

	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/browser"
)

// TestUsersAndScreenLock is an administrator at the desk: a colleague gets an account, and a locked screen
// gives back what was typed.
func TestUsersAndScreenLock(t *testing.T) {
	h := Start(t, db.SQLite)
	v := &visit{t: t, h: h, Page: browser.Start(t)}
	v.Open(h.URL + "/login/forgot")
	v.look("forgot")
	v.Type("#tenant", "midori")
	v.Type("#login_id", "hr")
	v.Follow(`form[action="/login/forgot"] button`)
	v.AwaitText("依頼を受け付けました")
	v.as("midori", "tenantadmin")

	v.Open(h.URL + "/users/new")
	v.Type("#login_id", "nurse2")
	v.Type("#name", "保健 二子")
	v.Type("#email", "nurse2@midori.example")
	v.Click(`input[name=role][value=nurse]`)
	v.Click(`details.sites:has(input[name=site-nurse]) > summary`)
	v.Click(`input[name=site-nurse]`)
	v.Follow(`form[action="/users"] button.main`)
	v.AwaitText("一度だけ表示します")
	v.look("user-created")
	v.Open(h.URL + "/users")
	if s := v.Text(); !strings.Contains(s, "nurse2") || !strings.Contains(s, "パスワード変更待ち") || !strings.Contains(s, "再設定の依頼") {
		t.Errorf("the new colleague is not listed:\n%s", s)
	}
	v.look("users")
	v.Open(h.URL + "/users/new")
	if s := v.Text(); strings.Contains(s, "運用者") || strings.Contains(s, "ITサービスマネジャー") {
		t.Error("a customer's administrator is offered the association's roles")
	}

	// Half an hour goes by in this window: the page is covered, and the draft is still there afterwards.
	v.Type("#name", "入力の途中")
	browser.Eval[bool](v.Page, `(() => { const real = Date.now; window.later = 31 * 60e3; Date.now = () => real() + window.later; return true; })()`)
	v.Await("the cover", `document.getElementById("screen-dialog").open && getComputedStyle(document.getElementById("main")).visibility === "hidden"`)
	if findings := v.Axe(); len(findings) > 0 {
		t.Errorf("the locked screen: %v", findings)
	}
	if got := browser.Eval[int](v.Page, `fetch("/users", {headers: {Accept: "application/json"}}).then(r => r.status)`); got != 403 {
		t.Errorf("behind the cover the service answers %d", got)
	}
	v.Type("#screen-password", "wrong")
	v.Click("#screen-dialog form button.main")
	v.AwaitText("パスワードが違います。")
	browser.Eval[bool](v.Page, `(() => { window.later = 0; return true; })()`)
	v.Type("#screen-password", h.Password("midori", "tenantadmin"))
	v.Click("#screen-dialog form button.main")
	v.Await("the page again", `!document.getElementById("screen-dialog").open && getComputedStyle(document.getElementById("main")).visibility === "visible"`)
	if got := browser.Eval[string](v.Page, `document.getElementById("name").value`); got != "入力の途中" {
		t.Errorf("the draft is %q", got)
	}
	v.Problems() // the refused requests stand on the console

	// Locked by hand: what was typed stays, and every page leads to the form, which leads back.
	v.Open(h.URL + "/me/security")
	v.look("security")
	v.Type("#email", "draft@example.jp")
	v.Click(`header form[action="/screen/lock"] button`)
	v.Await("the cover", `document.getElementById("screen-dialog").open`)
	if got := browser.Eval[string](v.Page, `document.getElementById("email").value`); got != "draft@example.jp" {
		t.Errorf("the draft is %q", got)
	}
	v.Open(h.URL + "/users")
	v.AwaitText("画面をロックしています")
	v.look("unlock")
	v.Type("#unlock-password", h.Password("midori", "tenantadmin"))
	v.Follow(`form[action="/unlock"] button`)
	if !strings.HasSuffix(v.URL(), "/users") {
		t.Errorf("unlocking leads to %s", v.URL())
	}
}
