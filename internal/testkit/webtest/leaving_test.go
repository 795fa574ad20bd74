package webtest

import (
	"bytes"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/probe"
	"rakudos/internal/governance/certificate"
	"rakudos/internal/governance/termination"
	"rakudos/internal/testkit/testdb"
)

func send(t *testing.T, c *probe.Client, path, tenant string, form ...string) *probe.Page {
	t.Helper()
	v := url.Values{"_tenant": {tenant}}
	for i := 0; i+1 < len(form); i += 2 {
		v.Set(form[i], form[i+1])
	}
	p, err := c.PostForm(t.Context(), path, v)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return p
}

func visitPage(t *testing.T, c *probe.Client, path string) *probe.Page {
	t.Helper()
	p, err := c.Get(t.Context(), path)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return p
}

// TestACustomerLeaves on the screens of both sides, with the real gateway, on both engines: request, file,
// receipt, call, the refusal to confirm at once; then the erasure of the confirmed case, its certificate, and
// the certificate shown again when nobody of the customer can sign in any more. The neighbour stays whole.
func TestACustomerLeaves(t *testing.T) {
	for _, engine := range testdb.Engines {
		t.Run(string(engine), func(t *testing.T) {
			h := Start(t, engine)
			ctx := t.Context()
			hikari, err := h.Tenants.ByCode(ctx, "hikari")
			if err != nil {
				t.Fatal(err)
			}
			admin := actor.Actor{Kind: actor.Human, Tenant: hikari.ID, Account: "hikari-admin", Roles: []actor.Role{actor.TenantAdmin}}
			c, err := h.Leaving.Request(ctx, admin, jst.Of(time.Now()).AddMonths(1))
			if err != nil {
				t.Fatal(err)
			}
			handedOver(t, h, "hikari")
			if err := h.Leaving.Receive(ctx, admin, false, "", "義務"); err != nil {
				t.Fatal(err)
			}
			itsm := h.Client("kyokai", "itsm")
			if p := visitPage(t, itsm, "/desk/leaving"); !strings.Contains(string(p.Body), c.ID) {
				t.Fatalf("the desk does not show the case: %d", p.Status)
			}
			at := "/desk/leaving/" + c.ID
			if p := send(t, itsm, at+"/call", "kyokai", "how", ""); p.Status != http.StatusUnprocessableEntity {
				t.Errorf("a call without words: %d", p.Status)
			}
			if p := send(t, itsm, at+"/call", "kyokai", "how", "契約書の代表番号へ架電"); p.Status >= 400 {
				t.Errorf("the call: %d %.300s", p.Status, p.Body)
			}
			called := visitPage(t, itsm, at).Body // what is done is shown; doing it again is folded away, not asked for
			says(t, called, "記録した電話", "契約書の代表番号へ架電", "<details><summary>かけ直して")
			if before, _, _ := strings.Cut(string(called), "<details>"); strings.Contains(before, `name="how"`) {
				t.Error("the form of the call stays open after the call was recorded")
			}
			if p := send(t, itsm, at+"/confirm", "kyokai"); p.Status != http.StatusConflict || !strings.Contains(string(p.Body), "7日間") {
				t.Errorf("confirmed within the cooling-off: %d", p.Status)
			}
			leaves(t, h, c.ID, hikari.ID)
			presented(t, h, itsm, hikari.ID)
			if p := visitPage(t, h.Client("midori", "physician"), "/checkups?year=2025"); p.Status != http.StatusOK || !strings.Contains(string(p.Body), "/people/") {
				t.Errorf("the neighbour's check-ups: %d", p.Status)
			}
		})
	}
}

// leaves erases the case as the job does once the conditions are met, and again, as after a restart.
func leaves(t *testing.T, h *House, id string, tenant ids.Tenant) {
	t.Helper()
	ctx := t.Context()
	c, err := h.Leaving.Reference(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	c.Confirmed = []termination.By{{Account: "k1", Side: termination.Association}, {Account: "k2", Side: termination.Association}}
	first, err := h.Leaving.Eraser.Erase(ctx, c)
	if err != nil || !first.Done || first.Held != 0 {
		args := map[string]string{}
		if f := fault.Of(err); f != nil {
			args = f.Args
		}
		t.Fatalf("%+v, %v %v", first, err, args)
	}
	again, err := h.Leaving.Eraser.Erase(ctx, c)
	if err != nil || again.Run != first.Run {
		t.Errorf("taken up again: %+v, %v", again, err)
	}
	if _, err := h.Vault.Tenant(ctx, tenant); fault.Of(err) == nil || fault.Of(err).Code != "vault.key_destroyed" {
		t.Errorf("the tenant's key: %v", err)
	}
	one, two, err := h.Leaving.Certificates.Of(ctx, tenant, first.Run)
	if err != nil || one == "" || two != "" {
		t.Errorf("certificates %q and %q, %v", one, two, err)
	}
	if files, err := h.Blobs.List(ctx, tenant, ""); err == nil && len(files) > 0 {
		t.Errorf("files are left: %v", files)
	}
}

var presentedLink = regexp.MustCompile(`/certificates/presented/([0-9a-f-]{36})/json`)

// presented asks for the certificate of a customer that is gone.
func presented(t *testing.T, h *House, itsm *probe.Client, tenant ids.Tenant) {
	t.Helper()
	all, err := h.Certificates.About(t.Context(), actor.System(ids.System, "test"), tenant)
	if err != nil || len(all) != 1 || all[0].Body.Tenant.Contract != "hikari" || all[0].Body.Tenant.Name == "" || all[0].Body.Total() == 0 {
		t.Fatalf("%+v, %v", all, err)
	}
	at := "/certificates/" + all[0].ID
	if p := visitPage(t, itsm, "/certificates"); !strings.Contains(string(p.Body), at) {
		t.Error("the register does not show it")
	}
	if p := send(t, itsm, at+"/present", "kyokai", "requester", "x"); p.Status != http.StatusUnprocessableEntity {
		t.Errorf("presented without a check: %d", p.Status)
	}
	if p := send(t, itsm, at+"/present", "kyokai", "requester", "総務部長", "organisation", "ひかり商事", "checked", "代表番号へ折り返し"); p.Status >= 400 {
		t.Fatalf("presenting: %d %.300s", p.Status, p.Body)
	}
	list, err := h.Certificates.Presentations(t.Context(), actor.System(ids.System, "test"), all[0].ID)
	if err != nil || len(list) != 1 {
		t.Fatalf("%+v, %v", list, err)
	}
	page := visitPage(t, itsm, at+"?presented="+list[0].ID)
	if presentedLink.FindSubmatch(page.Body) == nil || !strings.Contains(string(page.Body), "総務部長") {
		t.Errorf("the page after presenting: %d", page.Status)
	}
	trust, err := h.Certificates.Trust(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var file *probe.Page
	for range 1000 { // until its event is published
		if file = visitPage(t, itsm, "/certificates/presented/"+list[0].ID+"/json"); file.Status == http.StatusOK {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if r := certificate.Verify(file.Body, trust); !r.OK {
		t.Errorf("what was handed out does not verify: %d, %+v", file.Status, r.Problems)
	}
	if pdf := visitPage(t, itsm, "/certificates/presented/"+list[0].ID+"/pdf"); pdf.Status != http.StatusOK || !bytes.HasPrefix(pdf.Body, []byte("%PDF")) {
		t.Errorf("the sheet: %d", pdf.Status)
	}
	if p := visitPage(t, h.Client("midori", "tenantadmin"), at); p.Status != http.StatusForbidden {
		t.Errorf("another customer opens the register: %d", p.Status)
	}
}
