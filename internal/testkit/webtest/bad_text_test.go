package webtest

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"rakudos/internal/engine/probe"
	"rakudos/internal/testkit/testdb"
	"rakudos/internal/web"
)

// fieldsOfAll are the names of the fields of every form that hold a text or an identifier.
var fieldsOfAll = []string{
	"id", "account", "person", "people", "ids", "reason", "name", "login_id", "email", "tenant", "site", "dept", "ticket", "note", "finding", "label", "issuer", "client_id",
	"of", "asset", "class", "owner", "month", "decision", "line", "q", "month", "requester", "how", "from", "to", "code",
}

var placeholder = regexp.MustCompile(`\{\w+\}`)

// TestTextsThatNoColumnHolds: a NUL, or bytes that are no UTF-8, as an identifier in a path or in any field of any form
// are answered on both engines as any other wrong input is, and never as a failure of the service.
func TestTextsThatNoColumnHolds(t *testing.T) {
	for _, engine := range testdb.Engines {
		t.Run(string(engine), func(t *testing.T) {
			h := Start(t, engine)
			stranger := h.Site().New()
			defer stranger.Close()
			post := func(c *probe.Client, path string, form url.Values) *probe.Page {
				t.Helper()
				p, err := c.PostForm(t.Context(), path, form)
				if err != nil {
					t.Fatal(err)
				}
				return p
			}
			for _, path := range []string{"/login", "/login/reset", "/login/forgot", "/sso"} {
				form := url.Values{"tenant": {"nobody"}, "login_id": {"hr"}, "password": {"x"}}
				want := post(stranger, path, form)
				for _, bad := range []string{"mid\x00ori", "mid\xff"} {
					form.Set("tenant", bad)
					if got := post(stranger, path, form); got.Status != want.Status || got.Location != want.Location {
						t.Errorf("%s with %q: %d to %q, and %d to %q for a company that nobody knows", path, bad, got.Status, got.Location, want.Status, want.Location)
					}
				}
			}
			n := 0
			for _, who := range []struct{ tenant, login string }{{"midori", "tenantadmin"}, {"midori", "hr"}, {"midori", "physician"}, {"kyokai", "itsm"}, {"kyokai", "operator"}} {
				c := h.Client(who.tenant, who.login)
				for _, row := range web.Table() {
					method, path, _ := strings.Cut(strings.Replace(row.Pattern, "{$}", "", 1), " ")
					if row.Stream || row.Upload || path == "/logout" || path == "/screen/lock" || strings.HasPrefix(path, "/login") || strings.HasPrefix(path, "/static") {
						continue
					}
					for _, bad := range []string{"%00", "%ff"} {
						if !placeholder.MatchString(path) {
							break
						}
						n++
						if p := call(t, c, method+" "+placeholder.ReplaceAllString(path, bad), "", nil); p.Status != http.StatusNotFound {
							t.Errorf("%s %s with %s: %d", who.login, row.Pattern, bad, p.Status)
						}
					}
					if method != http.MethodPost || placeholder.MatchString(path) {
						continue
					}
					for _, bad := range []string{"a\x00b", "a\xffb"} {
						form := url.Values{"_tenant": {who.tenant}, "role": {"hr"}, "personnel": {"none"}}
						for _, f := range fieldsOfAll {
							form.Set(f, bad)
						}
						n++
						if p := post(c, path, form); p.Status >= 500 {
							t.Errorf("%s %s with %q: %d", who.login, row.Pattern, bad, p.Status)
						}
					}
				}
			}
			t.Logf("%d requests", n)
		})
	}
}
