package identity

import (
	"strings"
	"testing"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/testdb"
)

// What somebody does who can write into the database and has no key.
var (
	qForgeSession = db.Q("test.forge_session", `insert into identity_sessions (tenant_id, session_id, account_id, token_hash, device_id, addr, agent, created_at, seen_at, mac)
		select tenant_id, $3, account_id, $4, device_id, addr, agent, created_at, seen_at, mac from identity_sessions where tenant_id = $1 and session_id = $2`)
	qForgeOwner  = db.Q("test.forge_owner", `update identity_sessions set account_id = $3 where tenant_id = $1 and session_id = $2`)
	qForgeToken  = db.Q("test.forge_token", `update identity_sessions set token_hash = $3 where tenant_id = $1 and session_id = $2`)
	qForgeBirth  = db.Q("test.forge_birth", `update identity_sessions set created_at = created_at + 1 where tenant_id = $1 and session_id = $2`)
	qForgeBlank  = db.Q("test.forge_blank", `update identity_sessions set mac = null where tenant_id = $1 and session_id = $2`)
	qForgeHash   = db.Q("test.forge_hash", `update identity_accounts set password_hash = $3 where tenant_id = $1 and account_id = $2`)
	qForgeState  = db.Q("test.forge_state", `update identity_accounts set state = $3 where tenant_id = $1 and account_id = $2`)
	qForgePerson = db.Q("test.forge_person", `update identity_accounts set person_id = $3 where tenant_id = $1 and account_id = $2`)
	qForgeMust   = db.Q("test.forge_must", `update identity_accounts set must_change = 0, first_until = 0 where tenant_id = $1 and account_id = $2`)
	qForgeMail   = db.Q("test.forge_mail", `update identity_accounts set email = $3 where tenant_id = $1 and account_id = $2`)
	qForgeNull   = db.Q("test.forge_null", `update identity_accounts set mac = null where tenant_id = $1 and account_id = $2`)
	qForgeRow    = db.Q("test.forge_row", `update identity_accounts set password_hash = $3, mac = $4 where tenant_id = $1 and account_id = $2`)
	qForgeGrant  = db.Q("test.forge_grant", `insert into identity_grants (tenant_id, account_id, role, granted_at, granted_by) values ($1, $2, $3, 1, 'x')`)
	qForgeScope  = db.Q("test.forge_scope", `update identity_grants set site_id = '' where tenant_id = $1 and account_id = $2`)
	qForgeMove   = db.Q("test.forge_move", `update identity_grants set account_id = $3 where tenant_id = $1 and account_id = $2`)
	qForgeLess   = db.Q("test.forge_less", `delete from identity_grants where tenant_id = $1 and account_id = $2 and role = $3`)
	qForgeDevice = db.Q("test.forge_device", `update identity_devices set account_id = $3 where tenant_id = $1 and account_id = $2`)
	qForgeSignIn = db.Q("test.forge_signin", `update identity_signins set account_id = $3 where tenant_id = $1 and account_id = $2`)
	qForgeDue    = db.Q("test.forge_due", `update identity_email_changes set due_at = 1 where tenant_id = $1 and account_id = $2`)
)

func (h *house) forge(q db.Query, args ...any) {
	h.t.Helper()
	must(h.t, h.db.Tx(h.t.Context(), h.tenants["midori"].ID, func(tx *db.Tx) error {
		_, err := tx.Exec(q, append([]any{h.tenants["midori"].ID}, args...)...)
		return err
	}))
}

// findings counts the events of rows refused in midori, and makes sure that the neighbour has none.
func (h *house) findings(table string) int {
	h.t.Helper()
	if n := strings.Count(h.verbs("hikari"), "integrity.row_refused"); n != 0 {
		h.t.Errorf("%d findings in another tenant", n)
	}
	n := 0
	for _, e := range h.entries("midori") {
		if e.Verb == "integrity.row_refused" && e.Detail["table"] == table {
			n++
		}
	}
	return n
}

func TestForgedSessionsOpenNothing(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		hr, admin := h.ids["midori/hr"], h.ids["midori/tenantadmin"]
		refused := func(token, code string) {
			t.Helper()
			for range 2 {
				_, err := h.Session(t.Context(), token, true)
				h.want(err, code)
			}
		}
		in := h.in("midori", "hr", Visit{})
		h.forge(qForgeSession, in.Session.ID, "forged", tokenHash("mine"))
		refused("mine", "identity.no_session")
		if n := h.findings(sessionsTable); n != 1 {
			t.Errorf("%d events of one forged row", n)
		}
		h.forge(qForgeOwner, in.Session.ID, admin)
		refused(in.Token, "identity.no_session")
		h.forge(qForgeOwner, in.Session.ID, hr)
		if s, err := h.Session(t.Context(), in.Token, true); err != nil || s.Actor.Account != hr {
			t.Fatalf("put back as it was: %+v, %v", s, err)
		}
		h.forge(qForgeToken, in.Session.ID, tokenHash("mine too"))
		refused("mine too", "identity.no_session")
		h.forge(qForgeToken, in.Session.ID, tokenHash(in.Token))
		h.forge(qForgeBirth, in.Session.ID) // a longer life
		refused(in.Token, "identity.no_session")
		in = h.in("midori", "hr", Visit{})
		h.forge(qForgeBlank, in.Session.ID)
		refused(in.Token, "identity.no_session")
		if _, err := h.Session(t.Context(), h.in("hikari", "hr", Visit{}).Token, true); err != nil {
			t.Error(err)
		}
	})
}

func TestForgedAccountsDoNotSignIn(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		ctx := t.Context()
		own := hashPassword(cheap, "Another#1pass")
		h.account("midori", NewAccount{LoginID: "helper", Name: "x", Email: "helper@midori.example", Password: rightPW})
		for name, forge := range map[string]func(id ids.Account){
			"another password": func(id ids.Account) { h.forge(qForgeHash, id, own) },
			"a colleague's password": func(id ids.Account) {
				h.forge(qForgeHash, id, h.one("midori", "nurse").Hash)
			},
			"a colleague's password and MAC": func(id ids.Account) {
				h.forge(qForgeRow, id, h.one("midori", "nurse").Hash, h.one("midori", "nurse").mac)
			},
			"no MAC":                func(id ids.Account) { h.forge(qForgeNull, id) },
			"somebody else's data":  func(id ids.Account) { h.forge(qForgePerson, id, "other-"+string(id)) },
			"a first password kept": func(id ids.Account) { h.forge(qForgeMust, id) },
		} {
			login := "v" + strings.ToLower(strings.Map(func(r rune) rune {
				if r < 'a' || r > 'z' {
					return -1
				}
				return r
			}, name))
			a := h.account("midori", NewAccount{LoginID: login, Name: "x", Email: login + "@midori.example", Password: rightPW, MustChange: true, Grants: []Grant{{Role: actor.Nurse}}})
			in := h.in("midori", login, Visit{})
			forge(a.ID)
			if _, err := h.Session(ctx, in.Token, true); fault.Of(err).Code != "identity.session_ended" {
				t.Errorf("%s: the session lives: %v", name, err)
			}
			for _, pw := range []string{rightPW, "Another#1pass"} {
				_, err := h.first("midori", login, pw, Visit{})
				if f := fault.Of(err); f == nil || f.Code != "identity.wrong" {
					t.Errorf("%s: %v", name, err)
				}
			}
			h.want(h.Unlock(ctx, h.admin["midori"], a.ID, "test"), "identity.row_tampered")
			_, err := h.ResetPassword(ctx, h.admin["midori"], a.ID, "test")
			h.want(err, "identity.row_tampered")
			if got, err := h.Account(ctx, h.admin["midori"], a.ID); err != nil || !got.Tampered {
				t.Errorf("%s: not shown: %+v, %v", name, got, err)
			}
		}
		if n := h.findings(accountsTable); n != 6 {
			t.Errorf("%d events of 6 forged rows", n)
		}
		eventually(t, "administrators are told", func() bool { return strings.Contains(h.verbs("midori"), "rows_notice") })
		h.in("midori", "nurse", Visit{}) // whose password was copied
		h.in("hikari", "hr", Visit{})
	})
}

// A stopped account, and the address of somebody else.
func TestForgedStateAndAddress(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		hr, nurse := h.ids["midori/hr"], h.ids["midori/nurse"]
		must(t, h.Disable(t.Context(), h.admin["midori"], hr, "test"))
		h.forge(qForgeState, hr, "active")
		_, err := h.first("midori", "hr", rightPW, Visit{})
		h.want(err, "identity.wrong")
		h.forge(qForgeMail, nurse, h.one("midori", "tenantadmin").email)
		if _, err = h.first("midori", "nurse", rightPW, Visit{}); err == nil {
			t.Error("a code went to an address that belongs to another account")
		}
	})
}

func TestForgedGrantsAreNotHeld(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		ctx := t.Context()
		n := 0
		given := func(grants ...Grant) (Account, SignedIn) {
			t.Helper()
			n++
			login := "user" + string(rune('a'+n))
			a := h.account("midori", NewAccount{LoginID: login, Name: "x", Email: login + "@midori.example", Password: rightPW, Grants: grants})
			return a, h.in("midori", login, Visit{})
		}
		none := func(what string, in SignedIn) {
			t.Helper()
			s, err := h.Session(ctx, in.Token, true)
			if err != nil || len(s.Actor.Roles)+len(s.Actor.Places) != 0 {
				t.Errorf("%s: %+v, %v", what, s.Actor, err)
			}
		}
		a, in := given(Grant{Role: actor.Employee})
		h.forge(qForgeGrant, a.ID, "physician")
		none("a role more", in)
		if got, err := h.Account(ctx, h.admin["midori"], a.ID); err != nil || got.Grants != nil {
			t.Errorf("%+v, %v", got.Grants, err)
		}
		a, in = given()
		h.forge(qForgeGrant, a.ID, "tenantadmin")
		none("the first role", in)
		h.want(h.Disable(ctx, h.admin["midori"], h.ids["midori/tenantadmin"], "test"), "identity.last_admin")
		a, in = given(Grant{Role: actor.HR, Site: "s1"})
		h.forge(qForgeScope, a.ID)
		none("every site", in)
		a, in = given(Grant{Role: actor.HR}, Grant{Role: actor.Nurse, Site: "s1"})
		h.forge(qForgeLess, a.ID, "nurse")
		none("the narrower one gone", in)
		a, _ = given(Grant{Role: actor.Physician})
		b, in := given()
		h.forge(qForgeMove, a.ID, b.ID)
		none("somebody else's", in)
		if got := h.findings(grantsTable); got != 5 {
			t.Errorf("%d events of 5 forged sets", got)
		}
		must(t, h.SetGrants(ctx, h.admin["midori"], b.ID, []Grant{{Role: actor.Nurse}}, "test")) // gives them anew
		s := h.in("midori", "user"+string(rune('a'+n)), Visit{}).Session
		if len(s.Actor.Roles) != 1 || s.Actor.Roles[0] != actor.Nurse {
			t.Errorf("%+v", s.Actor)
		}
	})
}

// A remembered device and an open sign-in of one's own do not become somebody else's.
func TestForgedDevicesAndSignIns(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		hr, admin := h.ids["midori/hr"], h.ids["midori/tenantadmin"]
		mine := h.in("midori", "hr", Visit{})
		h.forge(qForgeDevice, hr, admin)
		_, err := h.first("midori", "tenantadmin", wrongPW, Visit{Device: mine.Device})
		h.want(err, "identity.wrong")
		if a := h.one("midori", "tenantadmin"); a.Failures != 1 {
			t.Errorf("the failure was counted on a foreign device: %d", a.Failures)
		}
		if n := h.findings(devicesTable); n != 1 {
			t.Errorf("%d events", n)
		}
		p, err := h.first("midori", "hr", rightPW, Visit{})
		must(t, err)
		h.forge(qForgeSignIn, hr, admin)
		_, err = h.SubmitCode(t.Context(), Visit{}, p.Token, h.mailed("hr@midori.example"))
		h.want(err, "identity.code_wrong")
	})
}

func TestForgedDayOfAnAddress(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		in := h.in("midori", "hr", Visit{})
		must(t, h.AskEmail(t.Context(), Visit{}, in.Token, rightPW, "other@midori.example"))
		h.forge(qForgeDue, h.ids["midori/hr"])
		must(t, h.Sweep(t.Context()))
		p, err := h.first("midori", "hr", rightPW, Visit{})
		must(t, err)
		if !strings.HasPrefix(p.SentTo, "h") || h.findings(emailTable) != 1 {
			t.Errorf("codes go to %s", p.SentTo)
		}
		must(t, h.Sweep(t.Context()))
	})
}

var (
	qOldAccounts = db.GlobalQ("test.old_accounts", `update identity_accounts set mac = null, grants_mac = null`)
	qOldSession  = db.GlobalQ("test.old_session", `update identity_sessions set mac = null`)
	qOldMails    = db.GlobalQ("test.old_mails", `update identity_email_changes set mac = null`)
)

// Rows from before are bound once: accounts, roles and waiting addresses live on, sessions do not.
func TestAdopt(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		ctx := t.Context()
		in := h.in("midori", "hr", Visit{})
		must(t, h.AskEmail(ctx, Visit{}, in.Token, rightPW, "other@midori.example"))
		tampered := h.ids["midori/nurse"]
		for _, q := range []db.Query{qOldAccounts, qOldSession, qOldMails} {
			h.forge2(q)
		}
		h.forge(qForgeRow, tampered, "x", []byte("not null")) // what bears a MAC is no old row
		_, err := h.first("midori", "hr", rightPW, Visit{})
		h.want(err, "identity.wrong")
		n, err := h.Adopt(ctx)
		must(t, err)
		if n != 5 {
			t.Errorf("%d accounts adopted", n)
		}
		if _, err := h.Session(ctx, in.Token, true); fault.Of(err).Code != "identity.no_session" {
			t.Errorf("an old session lives: %v", err)
		}
		if s := h.in("midori", "hr", Visit{Device: in.Device}).Session; len(s.Actor.Roles) != 1 {
			t.Errorf("%+v", s)
		}
		if c, err := h.EmailChange(ctx, in.Session.Actor); err != nil || c.Due.IsZero() {
			t.Errorf("%+v, %v", c, err)
		}
		_, err = h.first("midori", "nurse", rightPW, Visit{})
		h.want(err, "identity.wrong")
		if n, err = h.Adopt(ctx); err != nil || n != 0 {
			t.Errorf("again: %d, %v", n, err)
		}
	})
}

func (h *house) forge2(q db.Query) {
	h.t.Helper()
	must(h.t, h.transact(h.t.Context(), func(tx *db.Tx) error { _, err := tx.Exec(q); return err }))
}

// Two changes at once end with both, and with a row that verifies.
func TestAmendTogether(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		id, tenant := h.ids["midori/hr"], h.tenants["midori"].ID
		k, err := h.keys.Tenant(t.Context(), tenant)
		must(t, err)
		done := make(chan error, 2)
		for _, change := range []func(*account){func(a *account) { a.Rules = 9 }, func(a *account) { a.MustChange = 1 }} {
			go func() {
				done <- h.db.Tx(t.Context(), tenant, func(tx *db.Tx) error { return h.amend(tx, k, tenant, id, change) })
			}()
		}
		must(t, <-done)
		must(t, <-done)
		if a := h.one("midori", "hr"); a.Rules != 9 || a.MustChange != 1 || !h.genuine(k, &a) {
			t.Errorf("%+v", a)
		}
	})
}

// The order in which an engine gives the rows does not matter, everything else does.
func TestGrantsMAC(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		k, err := h.keys.Tenant(t.Context(), h.tenants["midori"].ID)
		must(t, err)
		row := func(g Grant, at int64, by string) grantRow { return grantRow{account: "a", Grant: g, at: at, by: by} }
		g := []grantRow{row(Grant{actor.HR, "s", ""}, 1, "x"), row(Grant{actor.Nurse, "", "d"}, 2, "y")}
		vouched, turned := g[0], g[0]
		vouched.vouchedAt, vouched.vouchedBy = 3, "host"
		turned.vouchedAt, turned.vouchedBy = 3, "t/a"
		want := grantsMAC(k, "a", g)
		if !same(want, grantsMAC(k, "a", []grantRow{g[1], g[0]})) {
			t.Error("the order counts")
		}
		for what, other := range map[string][]grantRow{
			"fewer": g[:1], "site": {row(Grant{actor.HR, "t", ""}, 1, "x"), g[1]}, "when": {row(g[0].Grant, 2, "x"), g[1]}, "by": {row(g[0].Grant, 1, "y"), g[1]},
			"shifted": {row(Grant{actor.HR, "", "s"}, 1, "x"), g[1]}, "vouched": {vouched, g[1]},
		} {
			if same(want, grantsMAC(k, "a", other)) {
				t.Errorf("%s does not count", what)
			}
		}
		if same(grantsMAC(k, "a", []grantRow{vouched}), grantsMAC(k, "a", []grantRow{turned})) {
			t.Error("who vouched does not count")
		}
		if same(want, grantsMAC(k, "b", g)) {
			t.Error("the account does not count")
		}
	})
}
