package webtest

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"rakudos/internal/engine/probe"
	"rakudos/internal/testkit/testdb"
)

// TestRolesKeepTheirSitesOnScreen: an administrator makes somebody nurse of one site and clerk of another on the form;
// the same person then reads values at the one and none at the other, and nobody of a third (clause 3-2).
func TestRolesKeepTheirSitesOnScreen(t *testing.T) {
	for _, engine := range testdb.Engines {
		t.Run(string(engine), func(t *testing.T) {
			h := Start(t, engine)
			page := func(c *probe.Client, path string, status int) string {
				t.Helper()
				p, err := c.Get(t.Context(), path)
				if err != nil || p.Status != status {
					t.Fatalf("%s: %d, want %d, %v", path, p.Status, status, err)
				}
				return p.Text()
			}
			hr, admin := h.Client("midori", "hr"), h.Client("midori", "tenantadmin")
			sites := regexp.MustCompile(`name="site-nurse" value="([^"]+)"`).FindAllStringSubmatch(page(admin, "/users/new", 200), -1)
			if len(sites) < 2 {
				t.Fatalf("%d sites on the form", len(sites))
			}
			someone := func(site string) string {
				t.Helper()
				m := regexp.MustCompile(`href="/people/([0-9a-f-]{36})/record"`).FindStringSubmatch(page(hr, "/people?site="+site, 200))
				if m == nil {
					t.Fatal("nobody works at " + site)
				}
				return m[1]
			}
			var at []string
			for _, s := range sites {
				at = append(at, someone(s[1]))
			}
			id := regexp.MustCompile(`/users/([0-9a-f-]{36})">nurse<`).FindStringSubmatch(page(admin, "/users", 200))
			form := url.Values{"role": {"nurse", "hr"}, "site-nurse": {sites[0][1]}, "site-hr": {sites[1][1]}, "reason": {"兼務"}}
			if p, err := admin.PostForm(t.Context(), "/users/"+id[1]+"/roles", form); err != nil || p.Status != http.StatusSeeOther {
				t.Fatalf("%d %v", p.Status, err)
			}
			for role, site := range map[string]string{"nurse": sites[0][1], "hr": sites[1][1]} {
				if s := page(admin, "/users/"+id[1], 200); !strings.Contains(s, `name="site-`+role+`" value="`+site+`" checked`) || strings.Count(s, `name="site-`+role+`" value="`) != len(sites) {
					t.Errorf("the form forgets the sites of %s", role)
				}
			}
			both, without := h.Client("midori", "nurse"), "検査の値は表示されません"
			if s := page(both, "/people/"+at[0], 200); strings.Contains(s, without) {
				t.Error("the nurse sees no values at the own site")
			}
			if s := page(both, "/people/"+at[1], 200); !strings.Contains(s, without) {
				t.Error("the nurse's values are shown at the clerk's site")
			}
			for _, p := range at[2:] {
				page(both, "/people/"+p, 404)
			}
			if n := strings.Count(page(both, "/people/import", 200), "事業所"); n == 0 {
				t.Error("the clerk's import is gone")
			}
			// A role that is not limited by sites takes none, and a site of nobody is refused.
			form.Set("site-nurse", "elsewhere")
			if p, err := admin.PostForm(t.Context(), "/users/"+id[1]+"/roles", form); err != nil || p.Status != http.StatusUnprocessableEntity {
				t.Errorf("a site of nobody: %d %v", p.Status, err)
			}
		})
	}
}
