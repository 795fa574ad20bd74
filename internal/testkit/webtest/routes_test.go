package webtest

import (
	"bytes"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"rakudos/internal/base/actor"
	"rakudos/internal/engine/probe"
	"rakudos/internal/people/access"
	"rakudos/internal/testkit/testdb"
	"rakudos/internal/web"
)

// staffed are the demo accounts of each role, by tenant.
var staffed = []struct{ tenant, login string }{
	{"midori", "employee"}, {"midori", "manager"}, {"midori", "hr"}, {"midori", "nurse"}, {"midori", "physician"}, {"midori", "tenantadmin"},
	{"hikari", "hr"}, {"hikari", "nurse"}, {"hikari", "physician"}, {"kyokai", "operator"}, {"kyokai", "itsm"}, {"kyokai", "auditor"},
}

// call asks one row with the identifiers filled in; header names the tenant of the page, if any.
func call(t *testing.T, c *probe.Client, pattern, tenant string, ids map[string]string) *probe.Page {
	t.Helper()
	method, path, _ := strings.Cut(pattern, " ")
	path = strings.Replace(path, "{$}", "", 1)
	for k, v := range ids {
		path = strings.ReplaceAll(path, "{"+k+"}", v)
	}
	body := bytes.NewReader(nil)
	req, err := c.Request(t.Context(), method, path, body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", "application/json")
	if tenant != "" {
		req.Header.Set("X-Rakudos-Tenant", tenant)
	}
	p, err := c.Do(req)
	if err != nil {
		t.Fatalf("%s: %v", pattern, err)
	}
	return p
}

var (
	personLink = regexp.MustCompile(`/people/([0-9a-f-]{36})`)
	importLink = regexp.MustCompile(`/imports/([0-9a-f-]{36})`)
	resultLink = regexp.MustCompile(`/decide/([0-9a-f-]{36})`)
)

// known collects identifiers of a tenant as its own people see them.
func known(t *testing.T, hr, physician *probe.Client) map[string]string {
	t.Helper()
	find := func(c *probe.Client, path string, re *regexp.Regexp) string {
		p, err := c.Get(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		m := re.FindSubmatch(p.Body)
		if m == nil {
			t.Fatalf("%s shows nothing to ask for (%d)", path, p.Status)
		}
		return string(m[1])
	}
	year := "/checkups?year=2025"
	person := find(physician, year, personLink)
	return map[string]string{"id": person, "import": find(hr, "/imports", importLink), "result": find(physician, "/people/"+person, resultLink)}
}

// TestEveryRouteForEveryRole walks the route table with every role on both engines: who lacks the permission
// is refused, who has it is not, a page made under another tenant is refused, and a neighbour's identifiers
// do not exist. The number of decisions is printed.
func TestEveryRouteForEveryRole(t *testing.T) {
	for _, engine := range testdb.Engines {
		t.Run(string(engine), func(t *testing.T) {
			h := Start(t, engine)
			ids := known(t, h.Client("midori", "hr"), h.Client("midori", "physician"))
			n := 0
			for _, who := range staffed {
				c := h.Client(who.tenant, who.login)
				a := actor.Actor{Kind: actor.Human, Tenant: "t", Account: "a", Roles: []actor.Role{actor.Role(who.login)}}
				for _, row := range web.Table() {
					if row.Permission == web.Public || row.Stream || row.Pattern == "POST /logout" || row.Pattern == "POST /screen/lock" {
						continue
					}
					n++
					if msg := judge(t, c, row, who.tenant, a, ids); msg != "" {
						t.Errorf("%s/%s %s: %s", who.tenant, who.login, row.Pattern, msg)
					}
				}
			}
			t.Logf("%d decisions of %d rows and %d accounts", n, len(web.Table()), len(staffed))
		})
	}
}

// judge makes one decision of the matrix and says what is wrong with the answer.
func judge(t *testing.T, c *probe.Client, row web.Route, tenant string, a actor.Actor, ids map[string]string) string {
	use := map[string]string{"id": ids["id"], "result": ids["result"]}
	if strings.Contains(row.Pattern, "/imports/") {
		use["id"] = ids["import"]
	}
	elsewhere := "midori"
	if tenant == "midori" {
		elsewhere = "hikari"
	}
	if p := call(t, c, row.Pattern, elsewhere, use); p.Status != http.StatusForbidden || !bytes.Contains(p.Body, []byte("web.other_tenant")) {
		return fmt.Sprintf("a page of another tenant gets %d", p.Status)
	}
	allowed := access.Allows(a, row.Permission)
	reads := strings.HasPrefix(row.Pattern, "GET ")
	foreign := tenant != "midori" && strings.Contains(row.Pattern, "{id}")
	if allowed && !reads && !foreign {
		return "" // an act of one's own: what it does is its own test
	}
	p := call(t, c, row.Pattern, "", use)
	switch {
	case !allowed && p.Status != http.StatusForbidden:
		return fmt.Sprintf("not permitted, but gets %d", p.Status)
	case allowed && foreign && p.Status != http.StatusNotFound && p.Status != http.StatusForbidden && !strings.Contains(row.Pattern, "/criteria/"):
		return fmt.Sprintf("the neighbour's identifier gets %d: %.200s", p.Status, p.Body)
	case allowed && !foreign && p.Status >= 400 && !strings.Contains(row.Pattern, "{id}"):
		return fmt.Sprintf("permitted, but gets %d: %.200s", p.Status, p.Body)
	}
	return ""
}
