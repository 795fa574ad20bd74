package webtest

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/probe"
	"rakudos/internal/testkit/testdb"
)

var (
	candidateField = regexp.MustCompile(`name="candidate" value="([^"]+)"`)
	raw            = regexp.MustCompile(`>[^<]*[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`) // an identifier where people read
)

// says holds a page to what it must tell.
func says(t *testing.T, body []byte, what ...string) {
	t.Helper()
	for _, w := range what {
		if !strings.Contains(string(body), w) {
			t.Errorf("the page does not say %s", w)
		}
	}
}

// TestRetentionPages over the real listener: somebody whose every period has ended is listed, the administrator and
// the association approve on their pages, and the person is gone; a page without a choice says so.
func TestRetentionPages(t *testing.T) {
	h := Start(t, testdb.Engines[0])
	midori, err := h.Tenants.ByCode(t.Context(), "midori")
	if err != nil {
		t.Fatal(err)
	}
	machine := actor.System(midori.ID, "test")
	roster := "社員番号,氏名,カナ氏名,性別,生年月日,入社日,退職日\nZ0001,退職 花子,タイショク ハナコ,女,1960-04-01,1990-04-01,2015-03-31\n"
	if _, err := h.Org.ImportNow(t.Context(), machine, "left.csv", strings.NewReader(roster), true); err != nil {
		t.Fatal(err)
	}
	if err := h.Retention.Night(t.Context()); err != nil {
		t.Fatal(err)
	}
	admin, itsm := h.Client("midori", "tenantadmin"), h.Client("kyokai", "itsm")
	at := "/desk/retention/" + string(midori.ID)
	page := visitPage(t, admin, "/retention")
	m := candidateField.FindSubmatch(page.Body)
	if m == nil || !strings.Contains(string(page.Body), "一般健康診断") || strings.Contains(string(page.Body), "退職 花子") {
		t.Fatalf("the administrator's page: %d", page.Status)
	}
	id := string(m[1])
	says(t, page.Body, "社員番号 Z0001", "退職者の名簿と、その人の記録すべて", "2015-03-31", "2020-03-31", "労働基準法109条")
	if raw.Match(page.Body) {
		t.Errorf("the administrator is shown an identifier: %s", raw.Find(page.Body))
	}
	if p := visitPage(t, itsm, "/desk/retention"); !strings.Contains(string(p.Body), at) {
		t.Error("the desk does not list the tenant")
	}
	desk := visitPage(t, itsm, at)
	says(t, desk.Body, id, "1名", "退職者の名簿と、その人の記録すべて", "労働基準法109条")
	if raw.Match(desk.Body) || strings.Contains(string(desk.Body), "Z0001") {
		t.Error("the desk is shown who it is")
	}
	for path, c := range map[string]*probe.Client{"/retention": admin, at: itsm} { // what was typed comes back, with the error beside the day
		p, err := c.PostForm(t.Context(), path+"/decline", url.Values{"candidate": {id}, "again": {"2027-13-45"}, "reason": {"係争の見込みがあるため"}})
		if err != nil || p.Status != http.StatusUnprocessableEntity {
			t.Fatalf("%s: %d %v", path, p.Status, err)
		}
		says(t, p.Body, `value="2027-13-45"`, `value="係争の見込みがあるため"`, `value="`+id+`" checked`, `<div class="field bad"><label for="again">`)
	}
	for _, x := range []struct {
		desk   bool
		path   string
		form   url.Values
		status int
	}{
		{false, "/retention/approve", url.Values{}, http.StatusUnprocessableEntity},
		{false, "/retention/decline", url.Values{"candidate": {id}, "again": {"x"}, "reason": {"係争"}}, http.StatusUnprocessableEntity},
		{false, "/retention/approve", url.Values{"candidate": {id}}, http.StatusSeeOther},
		{true, at + "/decline", url.Values{"candidate": {id}, "again": {"2000-01-01"}, "reason": {"係争"}}, http.StatusUnprocessableEntity},
		{true, at + "/approve", url.Values{"candidate": {id}}, http.StatusSeeOther},
	} {
		c := admin
		if x.desk {
			c = itsm
		}
		p, err := c.PostForm(t.Context(), x.path, x.form)
		if err != nil || p.Status != x.status {
			t.Errorf("%s: %d %v", x.path, p.Status, err)
		}
	}
	both := submitRoles(t, h, admin, "hr", "hr", "tenantadmin") // who may read the roster sees the name
	says(t, visitPage(t, both, "/retention").Body, "退職 花子（社員番号 Z0001）")
	if err := h.Retention.Erase(t.Context()); err != nil {
		t.Fatal(err)
	}
	lengthened(t, h, at)
	if p := visitPage(t, admin, "/retention"); !strings.Contains(string(p.Body), "消去しました") {
		t.Error("the page does not tell the end")
	}
	all, err := h.Certificates.About(t.Context(), actor.System(ids.System, "certificate"), midori.ID)
	if err != nil || len(all) != 1 {
		t.Errorf("%d certificates, %v", len(all), err)
	}
}

// submitRoles gives somebody other roles, as an administrator does, and signs them in.
func submitRoles(t *testing.T, h *House, admin *probe.Client, login string, roles ...string) *probe.Client {
	t.Helper()
	id := regexp.MustCompile(`/users/([0-9a-f-]{36})">` + login + `<`).FindSubmatch(visitPage(t, admin, "/users").Body)
	if id == nil {
		t.Fatal("no " + login)
	}
	p, err := admin.PostForm(t.Context(), "/users/"+string(id[1])+"/roles", url.Values{"role": roles, "reason": {"兼務"}})
	if err != nil || p.Status != http.StatusSeeOther {
		t.Fatalf("%d %v", p.Status, err)
	}
	return h.Client("midori", login)
}

// lengthened: the association records a contract's longer period for a tenant that it finds by its name; the tenant sees
// it, with the contract's clause, and cannot record one itself; what is shorter than the law or lacks a clause is said
// beside what was typed.
func lengthened(t *testing.T, h *House, at string) {
	t.Helper()
	admin, itsm := h.Client("midori", "tenantadmin"), h.Client("kyokai", "itsm")
	if p := visitPage(t, itsm, "/desk/retention"); !strings.Contains(string(p.Body), "みどり") || !strings.Contains(string(p.Body), `href="`+at+`"`) {
		t.Error("the desk does not name the tenant")
	}
	form := func(years, source string) url.Values {
		return url.Values{"class": {"一般健康診断"}, "years": {years}, "source": {source}}
	}
	for name, f := range map[string]struct {
		url.Values
		says string
	}{
		"shorter than the law": {form("4", "契約書 第9条"), `value="4"`}, "no number": {form("x", "契約書 第9条"), "契約書 第9条"}, "too long": {form("101", "契約書"), `value="101"`},
		"no clause": {form("7", " "), `class="field bad"`}, "a class of nobody": {url.Values{"class": {"何か"}, "years": {"7"}, "source": {"x"}}, ""},
	} {
		if p, err := itsm.PostForm(t.Context(), at+"/lengthen", f.Values); err != nil || p.Status < 400 || p.Status >= 500 || !strings.Contains(string(p.Body), f.says) {
			t.Errorf("%s: %d %v", name, p.Status, err)
		}
	}
	if p, err := admin.PostForm(t.Context(), at+"/lengthen", form("7", "契約書 第9条")); err != nil || p.Status != http.StatusForbidden {
		t.Errorf("the tenant itself: %d %v", p.Status, err)
	}
	if p, err := itsm.PostForm(t.Context(), at+"/lengthen", form("7", "契約書 第9条")); err != nil || p.Status != http.StatusSeeOther {
		t.Fatalf("recorded: %d %v", p.Status, err)
	}
	for who, p := range map[string]string{"the tenant": string(visitPage(t, admin, "/retention").Body), "the desk": string(visitPage(t, itsm, at).Body)} {
		if !strings.Contains(p, "契約書 第9条") || !strings.Contains(p, "7年（法令は5年）") {
			t.Errorf("%s does not see the longer period", who)
		}
	}
	if p := visitPage(t, h.Client("hikari", "tenantadmin"), "/retention"); strings.Contains(string(p.Body), "契約書 第9条") {
		t.Error("the neighbour sees it")
	}
}
