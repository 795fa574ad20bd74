package scim

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/people/identity"
	"rakudos/internal/testkit/testdb"
)

func (b *bed) want(err error, code string) {
	b.t.Helper()
	if f := fault.Of(err); f == nil || f.Code != code {
		b.t.Fatalf("got %v, want %q", err, code)
	}
}

func (b *bed) waiting(code string) (out []string) {
	b.t.Helper()
	all, err := b.Waiting(b.t.Context(), b.admin[code])
	must(b.t, err)
	for _, w := range all {
		out = append(out, b.account(code, string(w.Account)).LoginID+"/"+string(w.Role))
	}
	return out
}

// make has a token make an account and gives its id.
func (b *bed) make(login, email, number string) string {
	b.t.Helper()
	return b.ok(http.StatusCreated, b.call("midori", "POST", "/Users", fmt.Sprintf(`{"schemas":[%q],"userName":%q,"displayName":"だれか","emails":[{"value":%q}],%q:{"employeeNumber":%q}}`, schemaUser, login, email, schemaEnterprise, number)))["id"].(string)
}

// TestLeakedTokenMakesNobodyAnEmployee: an account made for an employee number is that employee's only when the
// roster says the same of the address and of the login ID; otherwise it is nobody's, and groups give it nothing,
// until an administrator has confirmed it.
func TestLeakedTokenMakesNobodyAnEmployee(t *testing.T) {
	for name, k := range map[string]struct{ login, email, number string }{
		"another address":            {"sato@midori.example", "thief@elsewhere.example", "M0001"},
		"a login ID of the thief's":  {"thief", "sato@midori.example", "M0001"},
		"an address that looks like": {"sato@midori.example", "sato@rnidori.example", "M0001"},
		"no number":                  {"sato@midori.example", "sato@midori.example", ""},
		"a number of nobody":         {"sato@midori.example", "sato@midori.example", "M9"},
	} {
		t.Run(name, func(t *testing.T) {
			testdb.Each(t, func(t *testing.T, e *testdb.Env) {
				b := newBed(t, e)
				admin, login := b.admin["midori"], k.login
				staff := b.group("midori", "社員")
				must(t, b.MapGroup(t.Context(), admin, staff, actor.Employee, false))
				wide := fmt.Sprintf(`{"userName":%q,"emails":[{"value":"ｓato@midori.example"}],%q:{"employeeNumber":"M0001"}}`, k.login, schemaEnterprise)
				b.bad(http.StatusBadRequest, "invalidValue", b.call("midori", "POST", "/Users", wide))
				id := b.make(k.login, k.email, k.number)
				b.ok(http.StatusOK, b.patchGroup(staff, fmt.Sprintf(`{"op":"add","path":"members","value":[{"value":%q}]}`, id)))
				if a := b.account("midori", id); a.Person != "" || len(a.Grants) != 0 {
					t.Fatalf("the token made %+v", a)
				}
				if got := strings.Join(b.waiting("midori"), " "); got != login+"/" {
					t.Errorf("waiting: %q", got)
				}
				if got := b.waiting("hikari"); got != nil {
					t.Errorf("the neighbour sees %v", got)
				}
				if k.number == "M0001" { // nor twice for one employee while the first waits
					b.bad(http.StatusConflict, "uniqueness", b.call("midori", "POST", "/Users", strings.Replace(newcomer, "Sato@midori", "again@midori", 1)))
				}
				b.want(b.Confirm(t.Context(), b.admin["hikari"], ids.Account(id), ""), "scim.not_waiting")
				b.want(b.Confirm(t.Context(), actor.System(admin.Tenant, "x"), ids.Account(id), ""), "scim.not_waiting")
				nobody := admin
				nobody.Roles = []actor.Role{actor.HR}
				b.want(b.Confirm(t.Context(), nobody, ids.Account(id), ""), "access.denied")
				must(t, b.Confirm(t.Context(), admin, ids.Account(id), ""))
				if a := b.account("midori", id); (a.Person != "") != (k.number == "M0001") || b.roles("midori", id) != "employee" {
					t.Errorf("confirmed, it is %+v", a)
				}
				b.want(b.Confirm(t.Context(), admin, ids.Account(id), ""), "scim.not_waiting")
			})
		})
	}
}

var qTestJoinForge = db.Q("scim.test_join_forge", `update scim_joins set sealed = (select j.sealed from scim_joins j where j.tenant_id = $1 and j.account_id = $3) where tenant_id = $1 and account_id = $2`)

// TestTokenGivesNoPrivilegedRole: to nobody, also not to somebody who has long been here; the administrators are
// told that something waits, and a row of somebody else's confirmation confirms nothing.
func TestTokenGivesNoPrivilegedRole(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		admin, hr := b.admin["midori"], string(b.ids["midori/hr"])
		admins := b.group("midori", "管理者")
		must(t, b.MapGroup(t.Context(), admin, admins, actor.TenantAdmin, true))
		b.ok(http.StatusOK, b.patchGroup(admins, fmt.Sprintf(`{"op":"add","path":"members","value":[{"value":%q}]}`, hr)))
		if got := b.roles("midori", hr); got != "hr" {
			t.Fatalf("a token alone has made hr %q", got)
		}
		if got := strings.Join(b.waiting("midori"), " "); got != "hr/tenantadmin" {
			t.Errorf("waiting: %q", got)
		}
		told := false
		for range 6000 {
			if m, ok := b.box.Take("tenantadmin@midori.example", time.Time{}); ok {
				told = strings.Contains(m.Text, "確認待ち")
				break
			}
			time.Sleep(5 * time.Millisecond)
		}
		if !told {
			t.Error("the administrators are not told")
		}
		hrActor := actor.Actor{Kind: actor.Human, Tenant: admin.Tenant, Account: b.ids["midori/hr"], Roles: []actor.Role{actor.TenantAdmin}}
		b.want(b.Confirm(t.Context(), hrActor, b.ids["midori/hr"], actor.TenantAdmin), "access.denied")
		must(t, b.Confirm(t.Context(), admin, b.ids["midori/hr"], actor.TenantAdmin))
		if got := b.roles("midori", hr); got != "hr tenantadmin" {
			t.Errorf("confirmed: %q", got)
		}

		known, thief := b.join("midori"), b.make("thief", "thief@elsewhere.example", "")
		must(t, e.DB.Tx(t.Context(), admin.Tenant, func(tx *db.Tx) error {
			_, err := tx.Exec(qTestJoinForge, admin.Tenant, thief, known)
			return err
		}))
		staff := b.group("midori", "社員", thief, known)
		must(t, b.MapGroup(t.Context(), admin, staff, actor.Employee, false))
		if b.roles("midori", thief) != "" || b.roles("midori", known) != "employee" {
			t.Errorf("the thief has %q, the newcomer %q", b.roles("midori", thief), b.roles("midori", known))
		}
		must(t, b.id.Disable(t.Context(), admin, ids.Account(thief), "不審"))
		if got := b.waiting("midori"); got != nil {
			t.Errorf("a stopped account waits: %v", got)
		}
	})
}

// TestUndoOfALeakedToken: everything it did stands on one page, and one act takes it back and ends the token.
func TestUndoOfALeakedToken(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		ctx, admin, tok := t.Context(), b.admin["midori"], b.token["midori"]
		more := map[string]string{}
		for _, login := range []string{"user-a", "user-b", "user-c", "user-d"} {
			x, err := b.id.CreateAccount(ctx, admin, identity.NewAccount{LoginID: login, Name: "もとの名前", Email: login + "@midori.example", Password: rightPW})
			must(t, err)
			more[login] = string(x.ID)
		}
		staff := b.group("midori", "社員", more["user-d"])
		must(t, b.MapGroup(ctx, admin, staff, actor.Employee, false))
		since := time.Now()
		thief := b.make("thief", "thief@elsewhere.example", "M0001")
		b.ok(http.StatusOK, b.call("midori", "PATCH", "/Users/"+more["user-a"], entraLeave))
		b.ok(http.StatusNoContent, b.call("midori", "DELETE", "/Users/"+more["user-b"], ""))
		b.ok(http.StatusOK, b.call("midori", "PATCH", "/Users/"+more["user-c"], `{"schemas":["`+schemaPatch+`"],"Operations":[{"op":"replace","value":{"displayName":"別の名前","emails":[{"value":"thief@elsewhere.example"}]}}]}`))
		b.ok(http.StatusOK, b.patchGroup(staff, fmt.Sprintf(`{"op":"replace","path":"members","value":[{"value":%q}]}`, more["user-c"])))
		if b.roles("midori", more["user-c"]) != "employee" || b.roles("midori", more["user-d"]) != "" {
			t.Fatal("the groups do not give and take")
		}

		acts, err := b.Acts(ctx, admin, tok.ID, since)
		must(t, err)
		var said []string
		for _, x := range acts {
			said = append([]string{b.account("midori", string(x.Account)).LoginID + ":" + x.What + "(" + x.Before + ")"}, said...)
		}
		for _, want := range []string{"thief:created()", "user-a:disabled()", "user-b:disabled()", "user-c:renamed(もとの名前)", "user-c:email(user-c@midori.example)", "user-c:role-given(employee)", "user-d:role-taken(employee)"} {
			if !strings.Contains(strings.Join(said, " "), want) {
				t.Errorf("the page does not say %s: %v", want, said)
			}
		}
		if _, err := b.Acts(ctx, b.admin["hikari"], tok.ID, since); !fault.Is(err, fault.Missing) {
			t.Errorf("the neighbour sees them: %v", err)
		}
		if _, _, err := b.Undo(ctx, b.admin["hikari"], tok.ID, since); !fault.Is(err, fault.Missing) {
			t.Errorf("the neighbour takes them back: %v", err)
		}

		undone, left, err := b.Undo(ctx, admin, tok.ID, since)
		must(t, err)
		if undone != len(acts) || left != 0 {
			t.Errorf("%d of %d taken back, %d left", undone, len(acts), left)
		}
		if _, err := b.Authenticate(ctx, b.secret["midori"], "192.0.2.1"); err == nil {
			t.Error("the token still opens")
		}
		for login, id := range more {
			if a := b.account("midori", id); a.Disabled || a.Name != "もとの名前" {
				t.Errorf("%s is %+v", login, a)
			}
		}
		if !b.account("midori", thief).Disabled || b.roles("midori", more["user-c"]) != "" || b.roles("midori", more["user-d"]) != "employee" {
			t.Errorf("thief stopped %v, c %q, d %q", b.account("midori", thief).Disabled, b.roles("midori", more["user-c"]), b.roles("midori", more["user-d"]))
		}
		// Nothing comes back by itself: another settling gives c nothing again, and a second undo has nothing to do.
		must(t, b.MapGroup(ctx, admin, staff, actor.Employee, false))
		if b.roles("midori", more["user-c"]) != "" {
			t.Error("the group gives the role again")
		}
		if undone, left, err := b.Undo(ctx, admin, tok.ID, since); err != nil || undone != 0 || left != 0 {
			t.Errorf("a second time: %d %d %v", undone, left, err)
		}
		// b is a user of the personnel system again.
		fresh, secret, err := b.CreateToken(ctx, admin, "新しい", 1)
		must(t, err)
		if _, err := b.Authenticate(ctx, secret, "192.0.2.1"); err != nil {
			t.Fatal(err)
		}
		b.token["midori"] = fresh
		b.ok(http.StatusOK, b.call("midori", "GET", "/Users/"+more["user-b"], ""))
	})
}

// TestManyLeaversAlarm: the administrators are told, once, when a token stops more people than usually leave.
func TestManyLeaversAlarm(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		alarmed := func() bool {
			m, ok := b.box.Take("tenantadmin@midori.example", time.Time{})
			return ok && strings.Contains(m.Subject, "多くの利用者を停止")
		}
		for i := range LeaversUsual + 1 {
			x, err := b.id.CreateAccount(t.Context(), b.admin["midori"], identity.NewAccount{LoginID: fmt.Sprintf("p%d", i), Name: "x", Email: "x@midori.example", Password: rightPW})
			must(t, err)
			if i == LeaversUsual && alarmed() {
				t.Error("told of what is usual")
			}
			b.ok(http.StatusOK, b.call("midori", "PATCH", "/Users/"+string(x.ID), entraLeave))
		}
		for range 6000 {
			if alarmed() {
				return
			}
			time.Sleep(5 * time.Millisecond)
		}
		t.Error("nobody is told")
	})
}
