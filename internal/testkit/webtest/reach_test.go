package webtest

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"rakudos/internal/people/access"
	"rakudos/internal/testkit/testdb"
	"rakudos/internal/web"
)

// TestACustomersAuditorSeesTheOwnHouseOnly: an auditor whom a customer's administrator has made reads the own
// tenant's log and nothing of the service: neither the ledger of assets nor the certificates of other customers.
func TestACustomersAuditorSeesTheOwnHouseOnly(t *testing.T) {
	for _, engine := range testdb.Engines {
		t.Run(string(engine), func(t *testing.T) {
			h := Start(t, engine)
			admin := h.Client("midori", "tenantadmin")
			list, err := admin.Get(t.Context(), "/users")
			if err != nil {
				t.Fatal(err)
			}
			id := regexp.MustCompile(`/users/([0-9a-f-]{36})">employee<`).FindStringSubmatch(list.Text())
			if id == nil {
				t.Fatal("no employee to promote")
			}
			p, err := admin.PostForm(t.Context(), "/users/"+id[1]+"/roles", url.Values{"role": {"auditor"}, "reason": {"社内の監査"}})
			if err != nil || p.Status >= 400 {
				t.Fatalf("the role is not given: %v, %v", p.Status, err)
			}
			own, house := h.Client("midori", "employee"), h.Client("kyokai", "auditor")
			if p, err := own.Get(t.Context(), "/audit"); err != nil || p.Status != http.StatusOK {
				t.Fatalf("the own log: %d, %v", p.Status, err)
			}
			start, err := own.Get(t.Context(), "/")
			if err != nil || strings.Contains(start.Text(), `href="/assets"`) || strings.Contains(start.Text(), `href="/certificates"`) {
				t.Errorf("the menu offers what is not the customer's: %v", err)
			}
			for _, row := range web.Table() {
				if !slices.Contains(access.House, row.Permission) {
					continue
				}
				use := map[string]string{"id": "00000000-0000-7000-8000-00000000000f"}
				if p := call(t, own, row.Pattern, "", use); p.Status != http.StatusForbidden {
					t.Errorf("%s for a customer's auditor: %d", row.Pattern, p.Status)
				}
				if row.Permission == access.AssetRead || row.Pattern == "GET /certificates" {
					if p := call(t, house, row.Pattern, "", use); p.Status != http.StatusOK {
						t.Errorf("%s for the association's auditor: %d", row.Pattern, p.Status)
					}
				}
			}
		})
	}
}
