package scim

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/people/identity"
	"rakudos/internal/testkit/testdb"
)

// TestNoPersonnelSystemSeesTheEnvelope: an emergency account is in no list, cannot be fetched, changed or stopped, and a
// group that names it gives it nothing.
func TestNoPersonnelSystemSeesTheEnvelope(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		ctx, admin := t.Context(), b.admin["midori"]
		env, err := b.id.Seal(ctx, admin, "breakglass", "緊急用")
		must(t, err)
		all, err := b.id.SealedAccounts(ctx, admin)
		must(t, err)
		id := string(all[0].ID)
		list := b.ok(http.StatusOK, b.call("midori", "GET", "/Users", ""))
		if n := len(list["Resources"].([]any)); n != 2 || strings.Contains(fmt.Sprint(list), "breakglass") {
			t.Errorf("%d accounts are listed: %v", n, list)
		}
		for method, body := range map[string]string{"GET": "", "DELETE": "", "PATCH": plainLeave, "PUT": newcomer} {
			if r := b.call("midori", method, "/Users/"+id, body); r.Status != http.StatusNotFound {
				t.Errorf("%s answers %d", method, r.Status)
			}
		}
		b.bad(http.StatusBadRequest, "invalidValue", b.call("midori", "POST", "/Groups", fmt.Sprintf(`{"displayName":"社員","members":[{"value":%q}]}`, id)))
		p, err := b.id.SignIn(ctx, here, "midori", env.LoginID, env.Password)
		must(t, err)
		in, err := b.id.SubmitCode(ctx, here, p.Token, env.Codes[0])
		must(t, err)
		if !in.Session.Actor.Has(actor.Emergency) {
			t.Errorf("it opens with %v", in.Session.Actor.Roles)
		}
	})
}

// TestNobodyGivesThemselvesAGroup: an administrator who maps a group in which he is, or whom a token puts into one, gets
// nothing by it until another administrator has confirmed it.
func TestNobodyGivesThemselvesAGroup(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		ctx, admin := t.Context(), b.admin["midori"]
		me := string(admin.Account)
		for i, role := range []actor.Role{actor.Physician, actor.HR} {
			g := b.group("midori", fmt.Sprint("組", i), me, string(b.ids["midori/hr"]))
			must(t, b.MapGroup(ctx, admin, g, role, true))
			b.ok(http.StatusOK, b.patchGroup(g, fmt.Sprintf(`{"op":"add","path":"members","value":[{"value":%q}]}`, me)))
			b.want(b.Confirm(ctx, admin, admin.Account, role), "access.denied")
		}
		if got := b.roles("midori", me); got != "tenantadmin" {
			t.Fatalf("the administrator has become %q", got)
		}
		if got := b.roles("midori", string(b.ids["midori/hr"])); got != "hr physician" {
			t.Errorf("hr, whom the administrator confirmed, is %q", got)
		}
		if got := strings.Join(b.waiting("midori"), " "); got != "tenantadmin/physician tenantadmin/hr" {
			t.Errorf("waiting: %q", got)
		}
		x, err := b.id.CreateAccount(ctx, actor.System(admin.Tenant, "test"), identity.NewAccount{LoginID: "second", Name: "二人目", Email: "second@midori.example", Password: rightPW, Grants: []identity.Grant{{Role: actor.TenantAdmin}}})
		must(t, err)
		other := admin
		other.Account = x.ID
		must(t, b.Confirm(ctx, other, admin.Account, actor.HR))
		if got := b.roles("midori", me); !strings.Contains(got, "hr") || strings.Contains(got, "physician") {
			t.Errorf("confirmed by another, the administrator is %q", got)
		}
		if got := b.roles("hikari", string(b.ids["hikari/tenantadmin"])); got != "tenantadmin" || b.account("hikari", string(b.ids["hikari/hr"])).ID != ids.Account(b.ids["hikari/hr"]) {
			t.Errorf("the neighbour's is %q", got)
		}
	})
}
