package sso

import (
	"encoding/json"
	"slices"
	"testing"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/idp"
	"rakudos/internal/testkit/testdb"
)

// What somebody does who can write into the database and has no key.
var (
	qForgeSwitch = db.Q("test.forge_switch", `update sso_connections set enabled = $2 where tenant_id = $1`)
	qForgeConfig = db.Q("test.forge_config", `update sso_connections set config = $2 where tenant_id = $1`)
	qForgeMove   = db.Q("test.forge_config_move", `update sso_connections set config = (select c.config from sso_connections c where c.tenant_id = $1 and c.connection_id = $2) where tenant_id = $1 and connection_id = $3`)
)

func (b *bed) forge(q db.Query, args ...any) {
	b.t.Helper()
	t := b.tenants["midori"].ID
	must(b.t, b.DB.Tx(b.t.Context(), t, func(tx *db.Tx) error { _, err := tx.Exec(q, append([]any{t}, args...)...); return err }))
}

// TestSwitchesWrittenPastTheService: that a provider was switched off, on or replaced, or a role taken out of the table,
// in the database alone, opens neither a password nor a provider; saving it anew makes it whole.
func TestSwitchesWrittenPastTheService(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e, Net{})
		ctx, admin := t.Context(), b.admin["midori"]
		set := Settings{Name: "x", Issuer: "https://login.example", ClientID: "c", Secret: "s", LinkBy: ByEmail}
		c := b.connect(OIDC, set)
		must(t, b.SetOnlyRoles(ctx, admin, []actor.Role{actor.HR}))
		try := func(code, login string) error {
			_, err := b.id.SignIn(ctx, here, code, login, rightPW)
			return err
		}
		state := func() Connection {
			t.Helper()
			all, err := b.Connections(ctx, admin)
			must(t, err)
			return all[0]
		}
		closed := func(how string) {
			t.Helper()
			if err := try("midori", "hr"); fault.Of(err) == nil || fault.Of(err).Code != "identity.sso_only" {
				t.Errorf("%s: the password of a role that is tied opens: %v", how, err)
			}
			must(t, try("midori", "tenantadmin")) // of longest standing: keeps it whatever happens
			must(t, try("hikari", "hr"))
		}
		closed("as chosen")
		b.forge(qOnlyRolesClear)
		closed("the roles are gone from the table")
		if roles, err := b.OnlyRoles(ctx, admin); err != nil || !slices.Equal(roles, []actor.Role{actor.HR}) {
			t.Errorf("%v %v", roles, err)
		}
		b.forge(qForgeSwitch, 0)
		closed("switched off")
		if s := state(); s.Enabled || !s.Altered {
			t.Errorf("%+v", s)
		}
		_, err := b.Begin(ctx, here, "midori", "", "https://rakudos.example", "")
		b.want(err, "sso.unavailable")
		if got := b.events("midori", "integrity.row_refused"); got != "integrity.row_refused" {
			t.Errorf("the log says %q", got)
		}
		must(t, try("midori", "employee")) // of a role that is not tied
		b.forge(qForgeConfig, []byte("garbage"))
		closed("the settings are gone")
		if err := try("midori", "employee"); err == nil {
			t.Error("what can't be read may have tied any role")
		}

		// Put right by an administrator.
		_, err = b.Connections(ctx, admin)
		if err == nil {
			t.Error("garbage is shown as a connection")
		}
		must(t, b.Remove(ctx, admin, c.ID))
		must(t, try("midori", "hr")) // no provider, no rule
		c = b.connect(OIDC, set)
		must(t, try("midori", "hr"))
		c, err = b.Save(ctx, admin, c.ID, OIDC, set, false)
		must(t, err)
		b.forge(qForgeSwitch, 1)
		if s := state(); s.Enabled || !s.Altered {
			t.Errorf("switched on past the service: %+v", s)
		}
		_, err = b.Begin(ctx, here, "midori", "", "https://rakudos.example", "")
		b.want(err, "sso.unavailable")
		if c, err = b.Save(ctx, admin, c.ID, OIDC, set, true); err != nil || !c.Enabled || c.Altered || state().Altered {
			t.Errorf("%+v %v", c, err)
		}
	})
}

// TestSwitchesFromBefore: connections of an older version are sealed once with what their rows say, and until then, and
// when one is put back from before, nobody comes in by them.
func TestSwitchesFromBefore(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e, Net{})
		ctx, admin := t.Context(), b.admin["midori"]
		set := Settings{Kind: OIDC, Name: "x", Issuer: "https://login.example", ClientID: "c", Secret: "s", LinkBy: ByEmail}
		c := b.connect(OIDC, set)
		k, err := b.Keys.Tenant(ctx, admin.Tenant)
		must(t, err)
		plain, err := json.Marshal(set)
		must(t, err)
		old := k.Seal(at(connectionsTable, c.ID, "config"), plain)
		b.forge(qForgeConfig, old)
		b.forge(qOnlyRoleInsert, "hr", 1)
		all, err := b.Connections(ctx, admin)
		if err != nil || all[0].Enabled {
			t.Errorf("%+v %v", all, err)
		}
		n, err := b.Adopt(ctx)
		if err != nil || n != 1 {
			t.Fatal(n, err)
		}
		all, err = b.Connections(ctx, admin)
		if err != nil || !all[0].Enabled || all[0].Altered || all[0].secret != "s" || !slices.Equal(all[0].only, []actor.Role{actor.HR}) {
			t.Errorf("%+v %v", all, err)
		}
		// A second time changes nothing, whatever the table says by then.
		b.forge(qOnlyRolesClear)
		b.forge(qForgeSwitch, 0)
		if _, err := b.Adopt(ctx); err != nil {
			t.Fatal(err)
		}
		if all, err = b.Connections(ctx, admin); err != nil || !all[0].Altered || len(all[0].only) != 1 {
			t.Errorf("%+v %v", all, err)
		}
		b.forge(qForgeSwitch, 1)
		b.forge(qForgeConfig, old)
		if all, err = b.Connections(ctx, admin); err != nil || all[0].Enabled {
			t.Errorf("put back from before: %+v %v", all, err)
		}
		// One that is sealed for another connection opens neither.
		second := b.connect(OIDC, Settings{Issuer: "https://other.example", ClientID: "c", Secret: "s"})
		b.forge(qForgeMove, c.ID, second.ID)
		if _, err := b.Connections(ctx, admin); err == nil {
			t.Error("settings moved to another connection are shown")
		}
		if _, err := b.id.SignIn(ctx, here, "midori", "employee", rightPW); err == nil {
			t.Error("and a password opens meanwhile")
		}
	})
}

// TestTyingARoleEndsItsSessions: at the act that ties it, and at the one that switches the provider on again; what came
// through the provider goes on.
func TestTyingARoleEndsItsSessions(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		p := idp.NewOIDC(t, people()...)
		b := newBed(t, e, Net{AllowPrivate: true, RootsFile: idp.Roots(t, p.Server())})
		ctx, admin := t.Context(), b.admin["midori"]
		set := Settings{Name: "x", Issuer: p.URL, ClientID: "rakudos", Secret: "very-secret", LinkBy: ByEmail}
		c := b.connect(OIDC, set)
		p.Register("rakudos", "very-secret", base+PathCallback+c.ID)
		password := func() string {
			t.Helper()
			step, err := b.id.SignIn(ctx, here, "midori", "hr", rightPW)
			must(t, err)
			in, err := b.id.SubmitCode(ctx, here, step.Token, b.code("hr@midori.example"))
			must(t, err)
			return in.Token
		}
		state := func(token string) string {
			if _, err := b.id.Session(ctx, token, false); err != nil {
				return fault.Of(err).Code
			}
			return "open"
		}
		begun := b.begin()
		got, err := b.Callback(ctx, here, begun.Token, c.ID, p.SignIn(t, begun.Location, "hr").Query())
		must(t, err)
		in, err := b.id.SubmitCode(ctx, here, got.Pending.Token, b.code("hr@midori.example"))
		must(t, err)

		first := password()
		must(t, b.SetOnlyRoles(ctx, admin, []actor.Role{actor.Employee}))
		if got := state(first); got != "open" {
			t.Errorf("another role's rule makes it %s", got)
		}
		must(t, b.SetOnlyRoles(ctx, admin, []actor.Role{actor.HR}))
		if got := state(first); got != "identity.session_sso" {
			t.Errorf("after the rule: %s", got)
		}
		if _, err = b.Save(ctx, admin, c.ID, OIDC, set, false); err != nil {
			t.Fatal(err)
		}
		second := password()
		if _, err = b.Save(ctx, admin, c.ID, OIDC, set, true); err != nil {
			t.Fatal(err)
		}
		if got := state(second); got != "identity.session_sso" {
			t.Errorf("after switching on: %s", got)
		}
		if got := state(in.Token); got != "open" {
			t.Errorf("the provider's own: %s", got)
		}
		if got := b.events("midori", "auth.sessions_ended"); got != "auth.sessions_ended:sso-only auth.sessions_ended:sso-only" {
			t.Errorf("the log says %q", got)
		}
	})
}
