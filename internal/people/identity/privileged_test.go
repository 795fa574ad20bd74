package identity

import (
	"slices"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/testdb"
)

// asAdmin is the administrator of a tenant as a person.
func (h *house) asAdmin(code string) actor.Actor {
	return actor.Actor{Kind: actor.Human, Tenant: h.tenants[code].ID, Account: h.ids[code+"/tenantadmin"], Roles: []actor.Role{actor.TenantAdmin}}
}

// TestNobodyAddsToTheirOwn roles, sites or person; taking away and giving others stays.
func TestNobodyAddsToTheirOwn(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h, ctx := newHouse(t, e, quick()), t.Context()
		me := h.asAdmin("midori")
		own := Grant{Role: actor.TenantAdmin}
		for _, more := range []Grant{{Role: actor.Physician}, {Role: actor.HR, Site: "site-1"}, {Role: actor.Employee}} {
			h.want(h.SetGrants(ctx, me, me.Account, []Grant{own, more}, "x"), "identity.own_roles")
		}
		machine := me
		machine.Kind = actor.Machine // a group of a personnel system that the administrator has mapped
		h.want(h.SetGrants(ctx, machine, me.Account, []Grant{own, {Role: actor.Physician}}, "x"), "identity.own_roles")
		h.want(h.BindPerson(ctx, me, me.Account, "p1", "x"), "identity.own_roles")
		if a, err := h.Effective(ctx, me.Tenant, me.Account); err != nil || !slices.Equal(a.Roles, []actor.Role{actor.TenantAdmin}) {
			t.Fatalf("%v, %v", a.Roles, err)
		}
		must(t, h.SetGrants(ctx, h.admin["midori"], me.Account, []Grant{own, {Role: actor.Nurse, Site: "site-1"}, {Role: actor.Nurse}}, "x"))
		h.want(h.SetGrants(ctx, me, me.Account, []Grant{own, {Role: actor.Nurse}}, "x"), "identity.own_roles") // the limit was the narrow one
		h.want(h.SetGrants(ctx, me, me.Account, []Grant{own, {Role: actor.Nurse, Site: "site-2"}}, "x"), "identity.own_roles")
		must(t, h.SetGrants(ctx, me, me.Account, []Grant{own, {Role: actor.Nurse, Site: "site-1"}}, "x"))
		must(t, h.SetGrants(ctx, me, me.Account, []Grant{own}, "x"))
		must(t, h.SetGrants(ctx, me, h.ids["midori/hr"], []Grant{{Role: actor.HR}, {Role: actor.Nurse}}, "x"))
	})
}

// TestPrivilegedRolesAreTold to every administrator and to whoever got one, at once; others are not.
func TestPrivilegedRolesAreTold(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h, ctx := newHouse(t, e, quick()), t.Context()
		h.account("midori", NewAccount{LoginID: "second", Name: "二人目", Email: "second@midori.example", Password: rightPW, Grants: []Grant{{Role: actor.TenantAdmin}}})
		me := h.asAdmin("midori")
		told := func(to string) func() bool {
			return func() bool {
				m, ok := h.box.Take(to, time.Time{})
				return ok && strings.Contains(m.Subject, "重い役割") && !eight.MatchString(m.Text)
			}
		}
		must(t, h.SetGrants(ctx, me, h.ids["midori/hr"], []Grant{{Role: actor.HR}, {Role: actor.Auditor}}, "x"))
		for what, act := range map[string]func() error{
			"given":   func() error { return h.SetGrants(ctx, me, h.ids["midori/hr"], []Grant{{Role: actor.Physician}}, "x") },
			"widened": func() error { return h.SetGrants(ctx, me, h.ids["midori/hr"], []Grant{{Role: actor.Nurse}}, "x") },
			"by a personnel system": func() error {
				scim := actor.Actor{Kind: actor.Machine, Tenant: me.Tenant, Account: "scim:1"}
				return h.SetGrants(ctx, scim, h.ids["midori/hr"], []Grant{{Role: actor.StressStaff}}, "x")
			},
		} {
			must(t, h.SetGrants(ctx, h.admin["midori"], h.ids["midori/hr"], []Grant{{Role: actor.HR}, {Role: actor.Nurse, Site: "s"}}, "x"))
			must(t, act())
			for _, to := range []string{"tenantadmin@midori.example", "second@midori.example", "hr@midori.example"} {
				eventually(t, what+" is told to "+to, told(to))
			}
		}
		_, err := h.CreateAccount(ctx, me, NewAccount{LoginID: "third", Name: "三人目", Email: "third@midori.example", Password: rightPW, Grants: []Grant{{Role: actor.TenantAdmin}}})
		must(t, err)
		for _, to := range []string{"tenantadmin@midori.example", "second@midori.example", "third@midori.example"} {
			eventually(t, "a new one is told to "+to, told(to))
		}
		must(t, h.SetGrants(ctx, me, h.ids["midori/nurse"], []Grant{{Role: actor.HR}}, "x")) // none that sees values
		must(t, h.SetGrants(ctx, me, h.ids["midori/nurse"], nil, "x"))
		h.notices.Wait()
		for _, to := range []string{"tenantadmin@midori.example", "tenantadmin@hikari.example", "nurse@midori.example"} {
			if told(to)() {
				t.Errorf("%s is told of nothing", to)
			}
		}
	})
}

func TestGains(t *testing.T) {
	for _, c := range []struct {
		held, next []Grant
		want       string
	}{
		{nil, []Grant{{Role: actor.HR}}, "hr"},
		{[]Grant{{Role: actor.HR}}, []Grant{{Role: actor.HR, Site: "s"}}, ""},
		{[]Grant{{Role: actor.HR, Site: "s"}}, []Grant{{Role: actor.HR}}, "hr"},
		{[]Grant{{Role: actor.HR, Site: "s"}, {Role: actor.HR}}, []Grant{{Role: actor.HR, Site: "s"}}, ""},
		{[]Grant{{Role: actor.HR, Site: "s"}}, []Grant{{Role: actor.HR, Site: "s"}, {Role: actor.HR, Site: "t"}}, "hr"},
		{[]Grant{{Role: actor.Manager}}, []Grant{{Role: actor.Manager, Dept: "d"}}, "manager"},
		{[]Grant{{Role: actor.Manager, Dept: "d"}}, []Grant{{Role: actor.Manager, Dept: "d", Site: ids.Site("s")}}, ""},
		{[]Grant{{Role: actor.Nurse}, {Role: actor.HR}}, []Grant{{Role: actor.HR}}, ""},
		{[]Grant{{Role: actor.HR}}, []Grant{{Role: actor.HR}, {Role: actor.Nurse}, {Role: actor.Physician}}, "nurse physician"},
	} {
		var got []string
		for _, r := range gains(c.held, c.next) {
			got = append(got, string(r))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%v to %v gains %v, want %q", c.held, c.next, got, c.want)
		}
	}
}

// TestTheGiverStays: saving a role again, narrowing another and a review make nobody its giver.
func TestTheGiverStays(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h, ctx := newHouse(t, e, quick()), t.Context()
		me, id := h.asAdmin("midori"), h.ids["midori/hr"]
		first := h.grantRows("midori", id)
		must(t, h.SetGrants(ctx, me, id, []Grant{{Role: actor.HR}, {Role: actor.Nurse}}, "x"))
		must(t, h.NarrowGrant(ctx, h.admin["midori"], id, Grant{Role: actor.Nurse}, "site-1", "見直し"))
		rows := h.grantRows("midori", id)
		if len(rows) != 2 || rows[0] != first[0] || rows[1].Site != "site-1" || rows[1].by != string(me.Account) {
			t.Errorf("%+v, was %+v", rows, first)
		}
		must(t, h.SetGrants(ctx, me, id, []Grant{{Role: actor.Nurse}}, "x"))
		must(t, h.SetGrants(ctx, me, id, []Grant{{Role: actor.HR}}, "x"))
		if rows := h.grantRows("midori", id); len(rows) != 1 || rows[0].by != string(me.Account) || rows[0].at == first[0].at {
			t.Errorf("taken and given again: %+v", rows)
		}
	})
}

func (h *house) grantRows(code string, id ids.Account) (rows []grantRow) {
	h.t.Helper()
	k, err := h.keys.Tenant(h.t.Context(), h.tenants[code].ID)
	must(h.t, err)
	must(h.t, h.db.View(h.t.Context(), h.tenants[code].ID, func(tx *db.Tx) (err error) {
		rows, err = h.heldRows(tx, k, h.tenants[code].ID, id)
		return err
	}))
	return rows
}
