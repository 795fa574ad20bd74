package sso

import (
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/people/identity"
	"rakudos/internal/testkit/idp"
	"rakudos/internal/testkit/testdb"
)

var (
	qTestConfirmation = db.Q("sso.test_confirmation", `select sealed from sso_confirmations where tenant_id = $1 and connection_id = $2`)
	qTestPutBack      = db.Q("sso.test_put_back", `insert into sso_confirmations (tenant_id, connection_id, sealed, confirmed_at) values ($1, $2, $3, 1)`)
)

// hire makes another administrator of a tenant.
func (b *bed) hire(by actor.Actor, login string) actor.Actor {
	b.t.Helper()
	a, err := b.id.CreateAccount(b.t.Context(), by, identity.NewAccount{LoginID: login, Name: "二人目", Email: login + "@x.example", Password: rightPW, Grants: []identity.Grant{{Role: actor.TenantAdmin}}})
	must(b.t, err)
	return actor.Actor{Kind: actor.Human, Tenant: by.Tenant, Account: a.ID, Roles: []actor.Role{actor.TenantAdmin}}
}

// second is another administrator of midori, whom the installation made and who has been away so far.
func (b *bed) second() actor.Actor {
	b.t.Helper()
	must(b.t, b.id.Enable(b.t.Context(), b.admin["midori"], b.away.Account, "復帰"))
	return b.away
}

// TestTheAuthorsCreatureConfirmsNothing: an administrator's second account is no second administrator, until somebody
// independent of both has vouched for it; nor is one who came after the change.
func TestTheAuthorsCreatureConfirmsNothing(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e, Net{})
		ctx, admin := t.Context(), b.admin["midori"]
		creature := b.hire(admin, "creature")
		c := b.connect(OIDC, Settings{Issuer: "https://login.example", ClientID: "c", Secret: "s", MFA: []string{"mfa"}})
		b.want(b.Confirm(ctx, creature, c.ID, c.ChangedAt), "identity.second_behind")
		late := b.hire(actor.System(admin.Tenant, "setup"), "late")
		b.want(b.Confirm(ctx, late, c.ID, c.ChangedAt), "identity.second_young")
		if b.now(c.ID).Confirmed {
			t.Fatal("confirmed all the same")
		}
		must(t, b.id.Vouch(ctx, b.second(), admin.Tenant, creature.Account, "面談した"))
		must(t, b.Confirm(ctx, creature, c.ID, c.ChangedAt))
	})
}

// confirmed has a second administrator of midori look at a connection.
func (b *bed) confirmed(c Connection) {
	b.t.Helper()
	must(b.t, b.Confirm(b.t.Context(), b.second(), c.ID, c.ChangedAt))
}

func (b *bed) now(id string) Connection {
	b.t.Helper()
	c, err := b.connection(b.t.Context(), b.tenants["midori"].ID, id)
	must(b.t, err)
	return c
}

// TestTwoFactorsNeedASecondAdministrator: what a provider says of two factors counts only as long as the settings
// are those that somebody other than their author has confirmed.
func TestTwoFactorsNeedASecondAdministrator(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		l := idp.NewLiar(t)
		l.Alter = func(claims map[string]any) { claims["amr"] = []string{"mfa"} }
		b := newBed(t, e, Net{AllowPrivate: true, RootsFile: idp.Roots(t, l.Server)})
		ctx, first, second := t.Context(), b.admin["midori"], b.second()
		set := Settings{Name: "会社", Issuer: l.URL, ClientID: "rakudos", Secret: "s", LinkBy: ByEmail, MFA: []string{"mfa"}}
		c := b.connect(OIDC, set)
		counts := func(want bool) {
			t.Helper()
			s := b.begin()
			got, err := b.Callback(ctx, here, s.Token, c.ID, l.Answer(t, s.Location))
			must(t, err)
			if (got.SignedIn.Token != "") != want || (got.Pending.Token != "") == want {
				t.Errorf("the provider's two factors count: %v, want %v", got.SignedIn.Token != "", want)
			}
		}
		save := func(who actor.Actor, change func(*Settings)) {
			t.Helper()
			change(&set)
			_, err := b.Save(ctx, who, c.ID, OIDC, set, true)
			must(t, err)
		}
		counts(false)
		b.want(b.Confirm(ctx, first, c.ID, c.ChangedAt), "sso.own_change")
		b.want(b.Confirm(ctx, actor.System(first.Tenant, "x"), c.ID, c.ChangedAt), "sso.own_change")
		b.want(b.Confirm(ctx, b.admin["hikari"], c.ID, c.ChangedAt), "sso.missing")
		b.want(b.Confirm(ctx, second, c.ID, c.ChangedAt.Add(-time.Second)), "sso.changed_meanwhile")
		counts(false)
		must(t, b.Confirm(ctx, second, c.ID, c.ChangedAt))
		counts(true)
		if now := b.now(c.ID); now.ConfirmedBy != second.Account || now.By != first.Account || now.Waits() {
			t.Errorf("confirmed %+v", now)
		}

		// A name is no setting that lets somebody in; whoever gives one does not become the author.
		save(second, func(s *Settings) { s.Name = "本社" })
		counts(true)
		b.want(b.Confirm(ctx, first, c.ID, b.now(c.ID).ChangedAt), "sso.own_change")

		// A new secret, another value, another rule: each has to be confirmed anew, by somebody else than its author.
		var kept []byte
		must(t, e.DB.View(ctx, first.Tenant, func(tx *db.Tx) (err error) {
			kept, err = db.Value[[]byte](tx, qTestConfirmation, first.Tenant, c.ID)
			return err
		}))
		for _, change := range []func(*Settings){
			func(s *Settings) { s.Secret = "another" },
			func(s *Settings) { s.MFA = []string{"mfa", "pwd"} },
			func(s *Settings) { s.LinkBy, s.Claim = ByLogin, "email" },
			func(s *Settings) { s.LinkBy, s.Claim = ByEmail, "" },
		} {
			save(second, change)
			if b.now(c.ID).Confirmed {
				t.Error("a changed connection is still confirmed")
			}
			b.want(b.Confirm(ctx, second, c.ID, b.now(c.ID).ChangedAt), "sso.own_change")
			must(t, b.Confirm(ctx, first, c.ID, b.now(c.ID).ChangedAt))
		}
		counts(true)
		if got := strings.Count(b.events("midori", "sso.confirmation_ended"), "ended"); got != 4 {
			t.Errorf("the log has %d ended confirmations", got)
		}

		// The row of an earlier confirmation, put back into the database, speaks of other settings.
		save(second, func(s *Settings) { s.Domain = "midori.example" })
		must(t, e.DB.Tx(ctx, first.Tenant, func(tx *db.Tx) error { _, err := tx.Exec(qTestPutBack, first.Tenant, c.ID, kept); return err }))
		counts(false)
	})
}

// TestAssociationConfirmsForOneAlone: where an administrator has nobody else, the association is the second; for
// others it isn't, and no tenant for another.
func TestAssociationConfirmsForOneAlone(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e, Net{})
		ctx, midori := t.Context(), b.tenants["midori"].ID
		house := b.tenants["hikari"] // here the neighbour is the association
		house.Association = true
		b.tenants["hikari"] = house
		itsm := b.admin["hikari"]
		c := b.connect(OIDC, Settings{Issuer: "https://login.example", ClientID: "c", Secret: "s", MFA: []string{"mfa"}})
		b.connect(OIDC, Settings{Issuer: "https://login.example", ClientID: "c", Secret: "s"}) // asks for nothing
		waiting := func() int {
			t.Helper()
			all, err := b.WaitingAlone(ctx, itsm)
			must(t, err)
			for _, one := range all {
				if one.Tenant != midori || one.Code != "midori" || one.ID != c.ID || one.Secret != "" {
					t.Errorf("waiting: %+v", one)
				}
			}
			return len(all)
		}
		if n := waiting(); n != 1 {
			t.Errorf("%d wait", n)
		}
		b.want(b.ConfirmFor(ctx, b.admin["midori"], midori, c.ID, c.ChangedAt), "access.denied")
		if _, err := b.WaitingAlone(ctx, b.admin["midori"]); err == nil {
			t.Error("a customer sees what others wait for")
		}
		second := b.second()
		b.want(b.ConfirmFor(ctx, itsm, midori, c.ID, c.ChangedAt), "sso.not_alone")
		if n := waiting(); n != 0 {
			t.Errorf("%d wait for the association although there is a second administrator", n)
		}
		must(t, b.id.Disable(ctx, b.admin["midori"], second.Account, "退職"))
		must(t, b.ConfirmFor(ctx, itsm, midori, c.ID, c.ChangedAt))
		if now := b.now(c.ID); !now.Confirmed || now.ConfirmedBy != itsm.Account || waiting() != 0 {
			t.Errorf("%+v", now)
		}
		if got := b.events("midori", "sso.confirmed"); got != "sso.confirmed" {
			t.Errorf("the tenant's log says %q", got)
		}
	})
}

// TestProbesStandInAmongThemselves: the table gives a probe's manager the permission, so the probe is let in; it
// sees and confirms nothing of a customer, and the association nothing of a probe.
func TestProbesStandInAmongThemselves(t *testing.T) {
	e := testdb.New(t, "sqlite")
	b := newBed(t, e, Net{})
	ctx, midori := t.Context(), b.tenants["midori"].ID
	c := b.connect(OIDC, Settings{Issuer: "https://login.example", ClientID: "c", Secret: "s", MFA: []string{"mfa"}})
	other := b.tenants["hikari"]
	itsm := actor.Actor{Kind: actor.Human, Tenant: other.ID, Account: ids.New[ids.Account](), Roles: []actor.Role{actor.TenantAdmin}}
	waiting := func(kind func(*identity.TenantInfo)) int {
		t.Helper()
		now := other
		kind(&now)
		b.tenants["hikari"] = now
		all, err := b.WaitingAlone(ctx, itsm)
		must(t, err)
		return len(all)
	}
	if n := waiting(func(i *identity.TenantInfo) { i.Probe = true }); n != 0 {
		t.Errorf("a probe sees %d settings of a customer", n)
	}
	b.want(b.ConfirmFor(ctx, itsm, midori, c.ID, c.ChangedAt), "access.denied")
	b.want(b.ConfirmFor(ctx, itsm, "", c.ID, c.ChangedAt), "tenant.missing")
	if b.now(c.ID).Confirmed {
		t.Error("a probe has confirmed for a customer")
	}
	mine := b.tenants["midori"]
	mine.Probe = true
	b.tenants["midori"] = mine
	if n := waiting(func(i *identity.TenantInfo) { i.Association = true }); n != 0 {
		t.Errorf("the association sees %d settings of a probe", n)
	}
	if n := waiting(func(i *identity.TenantInfo) { i.Probe = true }); n != 1 {
		t.Errorf("a probe sees %d settings of another probe", n)
	}
}
