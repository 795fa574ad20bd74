package webtest

import (
	"net/http"
	"net/url"
	"regexp"
	"testing"

	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/browser"
	"rakudos/internal/testkit/testdb"
)

var userLink = regexp.MustCompile(`<a href="(/users/[0-9a-f-]{36})">hr</a>`)

// TestSessionsOverHTTP: one's own sessions end only with the password, which brings another token; an
// administrator ends those of a user and of everybody, with a reason; the neighbours stay.
func TestSessionsOverHTTP(t *testing.T) {
	for _, engine := range testdb.Engines {
		t.Run(string(engine), func(t *testing.T) {
			h := Start(t, engine)
			at := func(tenant, login string) desk { return desk{h.Client(tenant, login), t, tenant} }
			lives := func(d desk, want int) {
				t.Helper()
				if p, err := d.GetJSON(t.Context(), "/session"); err != nil || p.Status != want {
					t.Fatalf("status %d, %v, want %d", p.Status, err, want)
				}
			}
			mine, other, theirs, boss := at("midori", "hr"), at("midori", "hr"), at("hikari", "hr"), at("midori", "tenantadmin")
			const others = "/me/sessions/others/end"
			mine.want(mine.post(others, url.Values{}), http.StatusConflict, "もう一度本人を確かめる")
			mine.want(mine.post(others, url.Values{"password": {"wrong"}}), http.StatusUnprocessableEntity, "パスワードが違います")
			lives(other, http.StatusOK)
			before := mine.Cookies()
			mine.want(mine.post(others, url.Values{"password": {h.Password("midori", "hr")}}), http.StatusSeeOther, "done=ended")
			lives(mine, http.StatusOK)
			lives(other, http.StatusUnauthorized)
			old := desk{h.Site().New(), t, "midori"}
			defer old.Close()
			old.SetCookies(before)
			lives(old, http.StatusUnauthorized) // a copy taken before the proof

			m := userLink.FindSubmatch(boss.get("/users").Body)
			if m == nil {
				t.Fatal("the list of users names nobody called hr")
			}
			path := string(m[1]) + "/sessions"
			boss.want(boss.post(path, url.Values{"reason": {""}}), http.StatusUnprocessableEntity, "理由を")
			lives(mine, http.StatusOK)
			boss.want(boss.post(path, url.Values{"reason": {"端末をなくした"}}), http.StatusSeeOther, "done=saved")
			lives(mine, http.StatusUnauthorized)
			mine = at("midori", "hr")
			boss.want(boss.post("/users/sessions", url.Values{}), http.StatusUnprocessableEntity, "理由を")
			boss.want(boss.post("/users/sessions", url.Values{"reason": {"不正なサインインの疑い"}}), http.StatusSeeOther, "done=sessions")
			lives(mine, http.StatusUnauthorized)
			lives(boss, http.StatusOK)
			lives(theirs, http.StatusOK)
		})
	}
}

// TestSessionsAtTheScreens: the pages at which sessions are ended, at both widths and with the keyboard: Enter
// in the field of the password ends the others, not the first of the list.
func TestSessionsAtTheScreens(t *testing.T) {
	h := Start(t, db.SQLite)
	v := &visit{t: t, h: h, Page: browser.Start(t)}
	h.Client("midori", "tenantadmin")
	h.Client("midori", "tenantadmin")
	v.as("midori", "tenantadmin")
	v.Open(h.URL + "/me/security")
	v.look("security-sessions")
	v.Type("#proof", h.Password("midori", "tenantadmin"))
	v.Follow(`form[action="/me/sessions/others/end"] .buttons button`)
	v.AwaitText("サインインを終了しました")
	if n := browser.Eval[int](v.Page, `document.querySelectorAll("form[action='/me/sessions/others/end'] tbody tr").length`); n != 1 {
		t.Errorf("%d sessions are left", n)
	}
	if got := browser.Eval[string](v.Page, `document.querySelector("form[action='/me/sessions/others/end']").querySelector("button")?.textContent ?? "none"`); got != "none" {
		t.Errorf("%q is still offered", got)
	}
	h.Client("midori", "tenantadmin")
	v.Open(h.URL + "/me/security") // proven: no password is asked for
	v.look("security-sessions-proven")
	if got := browser.Eval[string](v.Page, `document.querySelector("form[action='/me/sessions/others/end'] button").textContent`); got != "この端末以外をすべて終了する" {
		t.Errorf("Enter presses %q", got)
	}
	v.Open(h.URL + "/users")
	v.look("users-sessions")
}
