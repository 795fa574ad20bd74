package webtest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"rakudos/internal/engine/db"
	"rakudos/internal/engine/probe"
	"rakudos/internal/testkit/browser"
	"rakudos/internal/testkit/testdb"
)

// submit posts a form as a script, for a tenant's page.
func submit(t *testing.T, c *probe.Client, path string, form url.Values) (int, map[string]string) {
	t.Helper()
	req, err := c.Request(t.Context(), http.MethodPost, path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	p, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	_ = json.Unmarshal(p.Body, &out)
	return p.Status, out
}

// TestSupportKeepsTenantsApart: inside one customer the other does not exist, one's own pages wait, what a
// second tab says for the own tenant is refused, a second session of the same person stays outside, and
// signing out ends the access.
func TestSupportKeepsTenantsApart(t *testing.T) {
	for _, engine := range testdb.Engines {
		t.Run(string(engine), func(t *testing.T) {
			h := Start(t, engine)
			midori := known(t, h.Client("midori", "hr"), h.Client("midori", "physician"))
			foreign := personLink.FindSubmatch(get(t, h.Client("hikari", "hr"), "/people").Body)
			if foreign == nil {
				t.Fatal("the neighbour has nobody")
			}
			operator, second, itsm := h.Client("kyokai", "operator"), h.Client("kyokai", "operator"), h.Client("kyokai", "itsm")
			ask := url.Values{"tenant": {"midori"}, "scope": {"lists"}, "ticket": {"INC-77"}, "reason": {"一覧の問合せ"}, "minutes": {"15"}}
			_, made := submit(t, operator, "/support", ask)
			if status, _ := submit(t, itsm, "/support/"+made["id"]+"/approve", nil); status != http.StatusSeeOther {
				t.Fatalf("approving answers %d", status)
			}
			if status, _ := submit(t, operator, "/support/"+made["id"]+"/enter", nil); status != http.StatusSeeOther {
				t.Fatalf("entering answers %d", status)
			}
			for path, want := range map[string]int{
				"/": 200, "/people": 200, "/checkups": 200, "/imports": 200, "/checkups?judgement=D": 200,
				"/people/" + midori["id"]: 403, "/people/" + string(foreign[1]): 403, "/people/" + midori["id"] + "/record": 403, "/people/" + string(foreign[1]) + "/record": 403,
				"/users": 403, "/audit": 403, "/support": 403, "/me": 403, "/me/security": 403, "/checkups.csv": 403, "/criteria": 403, "/access": 403,
			} {
				if p := call(t, operator, "GET "+path, "", nil); p.Status != want {
					t.Errorf("inside, %s answers %d, want %d", path, p.Status, want)
				}
			}
			list := get(t, operator, "/checkups")
			if !bytes.Contains(list.Body, []byte("みどり")) || bytes.Contains(list.Body, []byte("ひかり")) || !bytes.Contains(list.Body, []byte("INC-77")) {
				t.Error("the list does not say whose it is, or is of more than one")
			}
			if bytes.Contains(list.Body, []byte("checkups.csv")) || bytes.Contains(list.Body, []byte("checkups.xlsx")) {
				t.Error("the list offers files that it refuses")
			}
			if bytes.Contains(list.Body, []byte("要医療")) && bytes.Contains(list.Body, []byte(`class="chip judge`)) {
				t.Error("the list shows judgements")
			}
			for _, path := range []string{"/support", "/users/unlock", "/me/password", "/people/" + midori["id"] + "/move", "/checkups/import"} {
				if status, _ := submit(t, operator, path, nil); status != http.StatusForbidden {
					t.Errorf("inside, POST %s answers %d", path, status)
				}
			}
			if status, got := submit(t, operator, "/support/leave", url.Values{"_tenant": {"kyokai"}}); status != http.StatusForbidden || got["code"] != "web.other_tenant" {
				t.Errorf("a tab of the own tenant is let through: %d %v", status, got)
			}
			if p := call(t, second, "GET /people", "", nil); p.Status != http.StatusForbidden {
				t.Errorf("a second session of the same person is inside: %d", p.Status)
			}
			if _, err := operator.SignOut(t.Context()); err != nil {
				t.Fatal(err)
			}
			log := get(t, h.Client("midori", "tenantadmin"), "/visits/"+made["id"])
			if n := bytes.Count(log.Body, []byte("サポート入室での閲覧")); n < 6 || !bytes.Contains(log.Body, []byte("サインアウトしたため")) {
				t.Errorf("the tenant's page shows %d readings, or not why it ended", n)
			}
			if p := call(t, h.Client("hikari", "tenantadmin"), "GET /visits/"+made["id"], "", nil); p.Status != http.StatusNotFound {
				t.Errorf("the neighbour sees the visit: %d", p.Status)
			}
		})
	}
}

func get(t *testing.T, c *probe.Client, path string) *probe.Page {
	t.Helper()
	p, err := c.Get(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestSupportDesk is the whole way with a browser: every page at both widths.
func TestSupportDesk(t *testing.T) {
	h := Start(t, db.SQLite)
	number := personNumber(t, h)
	v := &visit{t: t, h: h, Page: browser.Start(t)}
	v.as("kyokai", "operator")
	v.Open(h.URL + "/support")
	v.look("support-ask")
	v.Follow(`form[action="/support"] button.main`)
	v.AwaitText("入力に誤りがあります")
	browser.Eval[bool](v.Page, `(document.getElementById("tenant-code").value = "midori", true)`)
	v.Click(`input[name=scope][value=person]`)
	v.Type("#number", number)
	v.Type("#ticket", "INC-1024")
	v.Type("#reason", "値の表示についての問合せ")
	v.Follow(`form[action="/support"] button.main`)
	v.AwaitText("承認待ち")
	v.Problems() // the refused form stands on the console
	_, at, _ := strings.Cut(browser.Eval[string](v.Page, `document.querySelector('form[action$="/end"]').action`), "/support/")
	id, _, _ := strings.Cut(at, "/")

	itsm := &visit{t: t, h: h, Page: browser.Start(t)}
	itsm.as("kyokai", "itsm")
	itsm.Open(h.URL + "/support")
	itsm.look("support-decide")
	itsm.Follow(`form[action="/support/` + id + `/approve"] button`)
	itsm.AwaitText("承認しました")

	v.Open(h.URL + "/support")
	v.Follow(`form[action="/support/` + id + `/enter"] button`)
	v.AwaitText("サポート入室中")
	v.look("support-inside")

	admin := &visit{t: t, h: h, Page: browser.Start(t)}
	admin.as("midori", "tenantadmin")
	admin.AwaitText("この会社の情報を見られます")
	admin.look("support-home")
	admin.Open(h.URL + "/visits/" + id)
	admin.AwaitText("サポート入室での閲覧")
	admin.look("support-visit")
	admin.Follow(`form[action="/visits/` + id + `/stop"] button`)
	admin.look("support-visits")

	v.Open(h.URL + "/")
	if s := v.Text(); strings.Contains(s, "サポート入室中") {
		t.Error("still inside after the tenant has ended it")
	}
}

// personNumber is an employee number of midori, read by its own HR.
func personNumber(t *testing.T, h *House) string {
	t.Helper()
	_, rest, ok := strings.Cut(get(t, h.Client("midori", "hr"), "/people").Text(), `<tbody>`)
	_, rest, ok2 := strings.Cut(rest, `<th scope="row">`)
	n, _, ok3 := strings.Cut(rest, "<")
	if !ok || !ok2 || !ok3 {
		t.Fatal("the register shows nobody")
	}
	return n
}
