package identity

import (
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/testdb"
)

// circle is a tenant in which accounts make accounts.
type circle struct {
	*house
	who map[string]actor.Actor
}

func newCircle(t *testing.T, e *testdb.Env) *circle {
	h := newHouse(t, e, quick())
	kyokai := TenantInfo{ID: h.tenants["hikari"].ID, Code: "hikari", Name: "保健会", Association: true}
	h.tenants["hikari"] = kyokai
	plain := h.tenants["midori"]
	plain.Probe = false
	h.tenants["midori"] = plain
	return &circle{h, map[string]actor.Actor{"root": h.asAdmin("midori"), "itsm": {Kind: actor.Human, Tenant: kyokai.ID, Account: h.ids["hikari/tenantadmin"], Roles: []actor.Role{actor.TenantAdmin, actor.ITSM}}}}
}

// makes has somebody make an administrator; "" is the installation, "host" the command line.
func (c *circle) makes(by, login string) {
	c.t.Helper()
	a := actor.System(c.tenants["midori"].ID, "setup")
	if by == "host" {
		a = actor.HostOperator(a.Tenant, "account")
	} else if by != "" {
		a = c.who[by]
	}
	x, err := c.CreateAccount(c.t.Context(), a, NewAccount{LoginID: login, Name: login, Email: login + "@midori.example", Password: rightPW, Grants: []Grant{{Role: actor.TenantAdmin}}})
	must(c.t, err)
	c.who[login] = actor.Actor{Kind: actor.Human, Tenant: a.Tenant, Account: x.ID, Roles: []actor.Role{actor.TenantAdmin}}
}

// beside asks the rule for two people about two names, both ways.
func (c *circle) beside(one, other, want string) {
	c.t.Helper()
	for _, pair := range [][2]string{{one, other}, {other, one}} {
		err := c.Second(c.t.Context(), actor.Beside{Rule: "pair", By: c.who[pair[0]], Other: c.who[pair[1]].Account, Since: time.Now().Add(time.Minute)})
		code := ""
		if f := faultCode(err); f != "" {
			code = f
		} else {
			must(c.t, err)
		}
		if code != want {
			c.t.Errorf("%s beside %s: %q, want %q", pair[0], pair[1], code, want)
		}
	}
}

const puppet = "identity.second_behind"

// TestTwoAccountsAreNotTwoPeople: whoever made an account, or made the one who made it, is the same person as it, and so
// are two that one has made; those of the installation and of the host are people of their own.
func TestTwoAccountsAreNotTwoPeople(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		c := newCircle(t, e)
		c.makes("", "second")
		c.makes("host", "third")
		c.makes("root", "sock")
		c.makes("sock", "sockssock")
		c.makes("root", "othersock")
		c.makes("second", "friend")
		c.beside("root", "root", "identity.second_same")
		c.beside("root", "second", "")
		c.beside("root", "third", "")
		c.beside("second", "third", "")
		c.beside("root", "sock", puppet)
		c.beside("root", "sockssock", puppet)
		c.beside("sock", "sockssock", puppet)
		c.beside("sock", "othersock", puppet)
		c.beside("second", "sock", "")
		c.beside("friend", "sock", "")
		c.beside("root", "friend", "")

		// Taken away and given again by somebody else, the role is that one's to answer for; saved again, it isn't.
		ctx := t.Context()
		must(t, c.SetGrants(ctx, c.who["second"], c.who["sock"].Account, []Grant{{Role: actor.TenantAdmin}, {Role: actor.HR}}, "x"))
		c.beside("root", "sock", puppet)
		must(t, c.SetGrants(ctx, c.who["second"], c.who["sock"].Account, []Grant{{Role: actor.HR}}, "x"))
		must(t, c.SetGrants(ctx, c.who["second"], c.who["sock"].Account, []Grant{{Role: actor.TenantAdmin}}, "x"))
		c.beside("root", "sock", "")
		c.beside("second", "sock", puppet)

		// Whoever is gone, or holds no such role, answers for nobody.
		must(t, c.SetGrants(ctx, c.who["third"], c.who["second"].Account, []Grant{{Role: actor.HR}}, "x"))
		c.beside("root", "sock", puppet)
		c.who["stranger"] = actor.Actor{Kind: actor.Human, Tenant: c.who["root"].Tenant, Account: "nobody", Roles: []actor.Role{actor.TenantAdmin}}
		c.beside("root", "stranger", puppet)
		host := actor.HostOperator(c.who["root"].Tenant, "x")
		must(t, c.Second(ctx, actor.Beside{Rule: "pair", By: host, Other: c.who["sock"].Account}))
		c.want(c.Second(ctx, actor.Beside{Rule: "unknown", By: c.who["root"], Other: "x"}), "identity.second_rule")
	})
}

// TestAYoungRoleIsNoSecondPerson: a role given after somebody has asked does not count for that asking.
func TestAYoungRoleIsNoSecondPerson(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		c := newCircle(t, e)
		asked := time.Now()
		c.makes("host", "late")
		b := actor.Beside{Rule: "pair", By: c.who["late"], Other: c.who["root"].Account, Since: asked}
		c.want(c.Second(t.Context(), b), "identity.second_young")
		b.Since = time.Now().Add(time.Minute)
		must(t, c.Second(t.Context(), b))
	})
}

// TestVouching: somebody who is independent of the givers makes an account a person of its own; puppets, the account
// itself and rows written past the service do not.
func TestVouching(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		c, ctx := newCircle(t, e), t.Context()
		here := c.who["root"].Tenant
		c.makes("root", "sock")
		c.makes("root", "othersock")
		id := c.who["sock"].Account
		if is, err := c.Doubtful(ctx, c.who["root"], id); err != nil || !is {
			t.Errorf("doubtful %v, %v", is, err)
		}
		c.want(c.Vouch(ctx, c.who["sock"], here, id, "x"), "identity.vouch_own")
		c.want(c.Vouch(ctx, c.who["root"], here, id, "x"), "identity.vouch_behind")
		c.want(c.Vouch(ctx, c.who["othersock"], here, id, "x"), "identity.vouch_behind")
		c.want(c.Vouch(ctx, c.who["itsm"], here, id, " "), "identity.reason_missing")
		c.want(c.Vouch(ctx, c.who["itsm"], here, c.who["root"].Account, "x"), "identity.vouch_nothing")
		c.want(c.Vouch(ctx, c.who["root"], c.who["itsm"].Tenant, c.who["itsm"].Account, "x"), "identity.no_account")
		all, err := c.Unvouched(ctx, c.who["itsm"])
		if err != nil || len(all) != 2 || all[0].LoginID != "sock" || all[0].Tenant != here {
			t.Errorf("the association sees %+v, %v", all, err)
		}
		if all, err := c.Unvouched(ctx, c.who["root"]); err != nil || len(all) != 0 {
			t.Errorf("a customer sees %+v, %v", all, err)
		}
		must(t, c.Vouch(ctx, c.who["itsm"], here, id, "電話で確かめた"))
		c.beside("root", "sock", "")
		c.beside("sock", "othersock", "")
		c.beside("root", "othersock", puppet)
		c.want(c.Vouch(ctx, c.who["itsm"], here, id, "x"), "identity.vouch_nothing")
		if all, err := c.Unvouched(ctx, c.who["itsm"]); err != nil || len(all) != 1 {
			t.Errorf("afterwards the association sees %+v, %v", all, err)
		}
		must(t, c.Vouch(ctx, actor.HostOperator(here, "account"), here, c.who["othersock"].Account, "面談した"))
		c.beside("root", "othersock", "")
		if e := c.entries("midori"); e[0].Verb != "account.vouched" || e[0].Detail["by"] != "host" {
			t.Errorf("%+v", e[0])
		}
		// A person vouched for makes another: that one is not.
		c.makes("sock", "child")
		c.beside("sock", "child", puppet)
		c.beside("root", "child", "")
		// The word dies with the role, and is nobody else's to write.
		must(t, c.SetGrants(ctx, c.who["root"], id, nil, "x"))
		must(t, c.SetGrants(ctx, c.who["root"], id, []Grant{{Role: actor.TenantAdmin}}, "x"))
		c.beside("root", "sock", puppet)
		c.forge(qTestWord, id)
		c.beside("root", "sock", puppet)
		if a, err := c.Effective(ctx, here, id); err != nil || len(a.Roles) != 0 {
			t.Errorf("a made-up word leaves %v, %v", a.Roles, err)
		}
	})
}

var qTestWord = db.Q("identity.test_word", `update identity_grants set vouched_at = 5, vouched_by = 'host' where tenant_id = $1 and account_id = $2`)

// TestAKeptGrantIsAWord: of an independent reviewer, for that grant alone; what does not count is no error.
func TestAKeptGrantIsAWord(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		c, ctx := newCircle(t, e), t.Context()
		here, g := c.who["root"].Tenant, Grant{Role: actor.TenantAdmin}
		c.makes("root", "sock")
		id := c.who["sock"].Account
		for _, by := range []string{"root", "sock"} {
			must(t, c.VouchKept(ctx, c.who[by], here, id, g, "見直し"))
		}
		must(t, c.VouchKept(ctx, c.who["itsm"], here, id, Grant{Role: actor.HR}, "見直し"))
		must(t, c.VouchKept(ctx, c.who["itsm"], here, ids.Account("gone"), g, "見直し"))
		c.beside("root", "sock", puppet)
		must(t, c.VouchKept(ctx, c.who["itsm"], here, id, g, "見直し"))
		c.beside("root", "sock", "")
	})
}

// TestNoCreatureGivesItsMaker a role, a person or a judgement; the maker may, and others too.
func TestNoCreatureGivesItsMaker(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		c, ctx := newCircle(t, e), t.Context()
		c.makes("", "second")
		c.makes("root", "sock")
		me := c.who["root"].Account
		more := []Grant{{Role: actor.TenantAdmin}, {Role: actor.Physician}}
		c.want(c.SetGrants(ctx, c.who["sock"], me, more, "x"), puppet)
		c.want(c.BindPerson(ctx, c.who["sock"], me, "p1", "x"), puppet)
		c.want(c.SetPersonnel(ctx, c.who["sock"], me, actor.PersonnelNone, "x"), puppet)
		c.want(c.SeenShared(ctx, c.who["sock"], me, "x"), puppet)
		above, err := c.Above(ctx, "roles.add", []ids.Account{me, c.who["sock"].Account, c.who["second"].Account})
		if err != nil || len(above) != 1 || len(above[c.who["sock"].Account]) != 1 || above[c.who["sock"].Account][0] != me {
			t.Errorf("%v, %v", above, err)
		}
		must(t, c.SetGrants(ctx, c.who["root"], c.who["sock"].Account, more, "x"))
		must(t, c.SetPersonnel(ctx, c.who["root"], c.who["sock"].Account, actor.PersonnelNone, "x"))
		must(t, c.SetGrants(ctx, c.who["second"], me, more, "x"))
		must(t, c.SetGrants(ctx, c.who["sock"], me, []Grant{{Role: actor.TenantAdmin}}, "x")) // taking away is no gift
	})
}

// TestTheSealTakesTwoPeople: after a use, the maker of whoever reviewed it does not seal, nor the other way round.
func TestTheSealTakesTwoPeople(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		c, ctx := newCircle(t, e), t.Context()
		c.makes("", "second")
		c.makes("root", "sock")
		env, id := c.envelopeOf("glass")
		in, _ := c.opened(env)
		must(t, c.SignOut(ctx, Visit{}, in.Token))
		must(t, c.ReviewSealed(ctx, c.who["sock"], id, "訓練どおり"))
		_, err := c.Seal(ctx, c.who["root"], "glass", "金庫")
		c.want(err, puppet)
		_, err = c.Seal(ctx, c.who["sock"], "glass", "金庫")
		c.want(err, "identity.sealed_same")
		_, err = c.Seal(ctx, c.who["second"], "glass", "金庫")
		must(t, err)
	})
}
