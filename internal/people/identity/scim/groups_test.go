package scim

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/people/identity"
	"rakudos/internal/testkit/testdb"
)

func (b *bed) group(code, name string, members ...string) string {
	b.t.Helper()
	var list []string
	for _, m := range members {
		list = append(list, fmt.Sprintf(`{"value":%q}`, m))
	}
	return b.ok(http.StatusCreated, b.call(code, "POST", "/Groups", fmt.Sprintf(`{"displayName":%q,"externalId":"g-%s","members":[%s]}`, name, name, strings.Join(list, ","))))["id"].(string)
}

func (b *bed) patchGroup(id, op string) Response {
	b.t.Helper()
	return b.call("midori", "PATCH", "/Groups/"+id, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[`+op+`]}`)
}

// TestGroupsGiveApprovedRolesOnly: a group is nothing until an administrator has said what it means; what was
// given by hand is never taken by it.
func TestGroupsGiveApprovedRolesOnly(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		admin, id, hr := b.admin["midori"], b.join("midori"), string(b.ids["midori/hr"])
		g := b.group("midori", "tenantadmin", id, hr) // a name is no role
		want := func(newcomer, byHand string) {
			t.Helper()
			if got := b.roles("midori", id); got != newcomer {
				t.Errorf("the newcomer has %q, want %q", got, newcomer)
			}
			if got := b.roles("midori", hr); got != byHand {
				t.Errorf("hr has %q, want %q", got, byHand)
			}
		}
		want("", "hr")
		for _, r := range []actor.Role{actor.Operator, actor.ITSM, "root"} {
			if err := b.MapGroup(t.Context(), admin, g, r, true); fault.Of(err) == nil || fault.Of(err).Code != "scim.role" {
				t.Errorf("%s: %v", r, err)
			}
		}
		for _, r := range Privileged {
			if slices.Contains(never, r) {
				continue // refused above
			}
			if err := b.MapGroup(t.Context(), admin, g, r, false); fault.Of(err) == nil || fault.Of(err).Code != "scim.confirm" {
				t.Errorf("%s: %v", r, err)
			}
		}
		if err := b.MapGroup(t.Context(), b.admin["hikari"], g, actor.HR, true); !fault.Is(err, fault.Missing) {
			t.Errorf("the neighbour maps it: %v", err)
		}
		want("", "hr")
		must(t, b.MapGroup(t.Context(), admin, g, actor.Employee, false))
		want("employee", "employee hr")
		must(t, b.MapGroup(t.Context(), admin, g, actor.HR, false))
		want("hr", "hr")
		must(t, b.MapGroup(t.Context(), admin, g, actor.Nurse, true))
		want("nurse", "hr nurse")

		// Members come and go as Entra ID and Okta send them.
		b.ok(http.StatusOK, b.patchGroup(g, fmt.Sprintf(`{"op":"Remove","path":"members","value":[{"value":%q}]}`, id)))
		want("", "hr nurse")
		b.ok(http.StatusOK, b.patchGroup(g, fmt.Sprintf(`{"op":"Add","path":"members","value":[{"value":%q}]}`, id)))
		want("", "hr nurse") // a privileged role waits for an administrator, each time
		must(t, b.Confirm(t.Context(), admin, ids.Account(id), actor.Nurse))
		want("nurse", "hr nurse")
		b.ok(http.StatusOK, b.patchGroup(g, fmt.Sprintf(`{"op":"remove","path":"members[value eq \"%s\"]"}`, hr)))
		want("nurse", "hr")
		b.ok(http.StatusOK, b.patchGroup(g, fmt.Sprintf(`{"op":"replace","path":"members","value":[{"value":%q}]}`, hr)))
		want("", "hr")
		must(t, b.Confirm(t.Context(), admin, ids.Account(hr), actor.Nurse))
		want("", "hr nurse")

		// Okta's rename, with the id inside of the value; another name has to be approved anew.
		b.ok(http.StatusOK, b.patchGroup(g, fmt.Sprintf(`{"op":"replace","value":{"id":%q,"displayName":"Everybody"}}`, g)))
		want("", "hr")
		must(t, b.MapGroup(t.Context(), admin, g, actor.Manager, false))
		want("", "hr manager")
		// One that an administrator has narrowed since is by hand.
		must(t, b.id.SetGrants(t.Context(), admin, b.ids["midori/hr"], []identity.Grant{{Role: actor.HR}, {Role: actor.Manager, Dept: "d"}}, "部署を限る"))
		b.ok(http.StatusNoContent, b.call("midori", "DELETE", "/Groups/"+g, ""))
		want("", "hr manager")
		b.bad(http.StatusNotFound, "", b.call("midori", "GET", "/Groups/"+g, ""))

		// The last tenant administrator keeps the role, whatever the groups say.
		g = b.group("midori", "admins", id)
		must(t, b.MapGroup(t.Context(), admin, g, actor.TenantAdmin, true))
		want("tenantadmin", "hr manager")
		must(t, b.id.Disable(t.Context(), admin, b.ids["midori/tenantadmin"], "退職"))
		b.ok(http.StatusOK, b.patchGroup(g, `{"op":"replace","path":"members","value":[]}`))
		want("tenantadmin", "hr manager")
	})
}

func TestGroupRequests(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		id := b.join("midori")
		g := b.group("midori", "A", id)
		b.group("midori", "B")
		b.group("hikari", "A")
		b.bad(http.StatusConflict, "uniqueness", b.call("midori", "POST", "/Groups", `{"displayName":"A"}`))
		b.bad(http.StatusBadRequest, "invalidValue", b.call("midori", "POST", "/Groups", `{"displayName":""}`))
		b.bad(http.StatusBadRequest, "invalidValue", b.call("midori", "POST", "/Groups", fmt.Sprintf(`{"displayName":"C","members":[{"value":%q}]}`, b.ids["hikari/hr"])))
		b.bad(http.StatusNotFound, "", b.call("hikari", "GET", "/Groups/"+g, ""))
		b.bad(http.StatusNotFound, "", b.call("hikari", "DELETE", "/Groups/"+g, ""))
		got := b.ok(http.StatusOK, b.call("midori", "GET", "/Groups?filter=displayName+eq+%22A%22", ""))
		if got["totalResults"] != 1.0 {
			t.Errorf("%v", got)
		}
		member := got["Resources"].([]any)[0].(map[string]any)["members"].([]any)[0].(map[string]any)
		if member["value"] != id || member["display"] != "佐藤 一郎" {
			t.Errorf("member %v", member)
		}
		for _, path := range []string{"/Groups?excludedAttributes=members", "/Groups/" + g + "?excludedAttributes=members"} {
			one := b.ok(http.StatusOK, b.call("midori", "GET", path, ""))
			if list, ok := one["Resources"].([]any); ok {
				one = list[0].(map[string]any)
			}
			if one["members"] != nil {
				t.Errorf("%s shows members", path)
			}
		}
		got = b.ok(http.StatusOK, b.call("midori", "PUT", "/Groups/"+g, `{"displayName":"A2","members":[]}`))
		if got["displayName"] != "A2" || len(got["members"].([]any)) != 0 {
			t.Errorf("%v", got)
		}
		b.bad(http.StatusMethodNotAllowed, "", b.call("midori", "PUT", "/Groups", `{}`))
		b.bad(http.StatusNotFound, "", b.call("midori", "GET", "/Bulk", ""))

		// What the service says about itself.
		for path, want := range map[string]string{"/ServiceProviderConfig": "", "/ResourceTypes/User": "User", "/Schemas/" + schemaUser: schemaUser, "/Schemas/" + schemaGroup: schemaGroup} {
			got := b.ok(http.StatusOK, b.call("midori", "GET", path, ""))
			if want != "" && got["id"] != want {
				t.Errorf("%s is %v", path, got["id"])
			}
		}
		if got := b.ok(http.StatusOK, b.call("midori", "GET", "/Schemas", "")); got["totalResults"] != 3.0 {
			t.Errorf("%v schemas", got["totalResults"])
		}
		b.bad(http.StatusNotFound, "", b.call("midori", "GET", "/Schemas/none", ""))
		b.bad(http.StatusMethodNotAllowed, "", b.call("midori", "POST", "/Schemas", "{}"))
	})
}

var (
	qTestTokenMove  = db.Q("scim.test_token_move", `update scim_tokens set expires_at = $2 where tenant_id = $1`)
	qTestTokenForge = db.Q("scim.test_token_forge", `insert into scim_tokens (tenant_id, token_id, token_hash, sealed, created_at, expires_at) select tenant_id, 'forged', $2, sealed, created_at, expires_at from scim_tokens where tenant_id = $1`)
)

// TestTokens: shown once, kept as a hash, expiring, revocable, listed with whoever answers for them, slowed
// down, and made by nobody who can merely write into the database.
func TestTokens(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		admin := b.admin["midori"]
		tok, err := b.Authenticate(t.Context(), b.secret["midori"], "192.0.2.1")
		must(t, err)
		if tok.Tenant != admin.Tenant || tok.Owner != admin.Account || tok.Label != "人事システム" {
			t.Errorf("%+v", tok)
		}
		all, err := b.Tokens(t.Context(), admin)
		must(t, err)
		if len(all) != 1 || all[0].UsedAt.IsZero() || all[0].ExpiresAt.Sub(all[0].CreatedAt) < 89*24*time.Hour {
			t.Errorf("listed %+v", all)
		}
		nobody := admin
		nobody.Roles = []actor.Role{actor.HR}
		if _, _, err := b.CreateToken(t.Context(), nobody, "x", 1); !fault.Is(err, fault.Denied) {
			t.Errorf("HR makes a token: %v", err)
		}
		for _, k := range []struct {
			label string
			days  int
			code  string
		}{{"", 1, "scim.label"}, {strings.Repeat("あ", 61), 1, "scim.label"}, {"x", 0, "scim.days"}, {"x", 366, "scim.days"}} {
			if _, _, err := b.CreateToken(t.Context(), admin, k.label, k.days); fault.Of(err) == nil || fault.Of(err).Code != k.code {
				t.Errorf("%q for %d days: %v", k.label, k.days, err)
			}
		}
		secrets := []string{b.secret["midori"]}
		for range MaxTokens - 1 {
			_, secret, err := b.CreateToken(t.Context(), admin, "予備", 1)
			must(t, err)
			secrets = append(secrets, secret)
		}
		if _, _, err := b.CreateToken(t.Context(), admin, "六つ目", 1); !fault.Is(err, fault.Conflict) {
			t.Errorf("a sixth: %v", err)
		}
		refused := func(what, secret string) {
			t.Helper()
			if _, err := b.Authenticate(t.Context(), secret, "192.0.2.9"); fault.Of(err) == nil || fault.Of(err).Code != "scim.token" {
				t.Errorf("%s: %v", what, err)
			}
		}
		for what, secret := range map[string]string{"empty": "", "short": "rks_x", "guessed": "rks_" + strings.Repeat("A", 43), "another kind": strings.Repeat("A", 47), "long": "rks_" + strings.Repeat("A", 1000), "changed": secrets[1][:46] + "_"} {
			refused(what, secret)
		}
		if err := b.RevokeToken(t.Context(), b.admin["hikari"], tok.ID); !fault.Is(err, fault.Missing) {
			t.Errorf("the neighbour revokes: %v", err)
		}
		must(t, b.RevokeToken(t.Context(), admin, tok.ID))
		refused("revoked", secrets[0])
		if err := b.RevokeToken(t.Context(), admin, tok.ID); !fault.Is(err, fault.Missing) {
			t.Errorf("revoked twice: %v", err)
		}

		// Whoever writes into the database gains nothing.
		must(t, e.DB.Tx(t.Context(), admin.Tenant, func(tx *db.Tx) error {
			_, err := tx.Exec(qTestTokenMove, admin.Tenant, db.Micros(time.Now().AddDate(9, 0, 0)))
			return err
		}))
		refused("with a longer life", secrets[1])
		must(t, e.DB.Tx(t.Context(), b.admin["hikari"].Tenant, func(tx *db.Tx) error {
			_, err := tx.Exec(qTestTokenForge, b.admin["hikari"].Tenant, hashOf("rks_forged-by-somebody"))
			return err
		}))
		refused("forged", "rks_forged-by-somebody")

		// Guessing is slowed down by address, a runaway machine by its token.
		busy := func(secret, addr string, most int) {
			t.Helper()
			for range most {
				if _, err = b.Authenticate(t.Context(), secret, addr); fault.Is(err, fault.Busy) {
					return
				}
			}
			t.Errorf("never slowed down: %v", err)
		}
		busy("rks_"+strings.Repeat("B", 43), "198.51.100.1", 40)
		busy(b.secret["hikari"], "192.0.2.1", 400)

		entries, err := b.log.Find(t.Context(), actor.System(admin.Tenant, "test"), audit.Filter{Limit: 100})
		must(t, err)
		made, ended := 0, 0
		for _, x := range entries {
			switch x.Verb {
			case "scim.token_created":
				made++
			case "scim.token_revoked":
				ended++
			}
			for _, s := range secrets {
				if strings.Contains(fmt.Sprint(x.Detail), s) {
					t.Error("a secret stands in the log")
				}
			}
		}
		if made != MaxTokens || ended != 1 {
			t.Errorf("%d made, %d ended in the log", made, ended)
		}
	})
}

func TestTokenLife(t *testing.T) {
	made := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	tok := Token{CreatedAt: made, ExpiresAt: made.AddDate(0, 0, 90)}
	for at, want := range map[time.Time]bool{made: true, tok.ExpiresAt.Add(-time.Nanosecond): true, tok.ExpiresAt: false, tok.ExpiresAt.Add(time.Hour): false} {
		if tok.Live(at) != want {
			t.Errorf("at %s: %v", at, !want)
		}
	}
	tok.RevokedAt = made
	if tok.Live(made) {
		t.Error("a revoked token lives")
	}
}
