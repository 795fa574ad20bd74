package identity

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/testdb"
)

func TestAccountsOfOneTenant(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		ctx := t.Context()
		list, err := h.Accounts(ctx, h.admin["midori"])
		must(t, err)
		if len(list) != 3 || list[0].LoginID != "hr" || list[0].Email != "hr@midori.example" || list[0].Name != "担当 hr" || !slices.Equal(list[0].Grants, []Grant{{Role: actor.HR}}) || list[0].Locked || list[0].MustChange {
			t.Fatalf("%+v", list)
		}
		_, err = h.Account(ctx, h.admin["midori"], h.ids["hikari/hr"])
		h.want(err, "identity.no_account")
		for name, bad := range map[string]NewAccount{
			"identity.login_form":     {LoginID: "a b", Name: "x", Email: "a@b.example"},
			"identity.name_form":      {LoginID: "abc", Name: " ", Email: "a@b.example"},
			"identity.email_form":     {LoginID: "abc", Name: "x", Email: "A <a@b.example>"},
			"identity.role_unknown":   {LoginID: "abc", Name: "x", Email: "a@b.example", Grants: []Grant{{Role: "root"}}},
			"identity.password_rules": {LoginID: "abc", Name: "x", Email: "a@b.example", Password: "Midori#77xQ"},
			"identity.login_taken":    {LoginID: "ＨＲ", Name: "x", Email: "a@b.example", Password: rightPW},
		} {
			_, err := h.CreateAccount(ctx, h.admin["midori"], bad)
			h.want(err, name)
		}
		nurse := actor.Actor{Kind: actor.Human, Tenant: h.tenants["midori"].ID, Roles: []actor.Role{actor.Nurse}}
		_, err = h.CreateAccount(ctx, nurse, NewAccount{LoginID: "abc", Name: "x", Email: "a@b.example"})
		h.want(err, "access.denied")
		_, err = h.Accounts(ctx, nurse)
		h.want(err, "access.denied")
		_, err = h.ResetPassword(ctx, nurse, h.ids["midori/hr"], "x")
		h.want(err, "access.denied")
		for _, act := range []func(actor.Actor, ids.Account) error{
			func(a actor.Actor, id ids.Account) error { return h.Disable(ctx, a, id, "x") },
			func(a actor.Actor, id ids.Account) error { return h.Enable(ctx, a, id, "x") },
			func(a actor.Actor, id ids.Account) error { return h.Unlock(ctx, a, id, "x") },
			func(a actor.Actor, id ids.Account) error { return h.SetGrants(ctx, a, id, nil, "x") },
			func(a actor.Actor, id ids.Account) error { _, err := h.ResetPassword(ctx, a, id, "x"); return err },
		} {
			if err := act(nurse, h.ids["midori/hr"]); !fault.Is(err, fault.Denied) {
				t.Errorf("a nurse manages accounts: %v", err)
			}
			if err := act(h.admin["midori"], h.ids["hikari/hr"]); !fault.Is(err, fault.Missing) {
				t.Errorf("another tenant's account is managed: %v", err)
			}
		}
	})
}

func TestOneHumanOneAccount(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		n := NewAccount{LoginID: "emp1", Name: "x", Email: "a@b.example", Password: rightPW, Person: ids.New[ids.Person](), Grants: []Grant{{Role: actor.Employee}, {Role: actor.Employee}}}
		a := h.account("midori", n)
		n.LoginID = "emp2"
		_, err := h.CreateAccount(t.Context(), h.admin["midori"], n)
		h.want(err, "identity.person_taken")
		h.account("hikari", n) // the same number elsewhere is somebody else's business
		must(t, h.Disable(t.Context(), h.admin["midori"], a.ID, "退職"))
		n.LoginID, n.Person = "emp1", ""
		_, err = h.CreateAccount(t.Context(), h.admin["midori"], n)
		h.want(err, "identity.login_taken") // never recycled
	})
}

func TestDisableAndRolesEndSessions(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		ctx, admin, id := t.Context(), h.admin["midori"], h.ids["midori/hr"]
		in, other := h.in("midori", "hr", Visit{}), h.in("hikari", "hr", Visit{})
		half, err := h.first("midori", "hr", rightPW, Visit{})
		must(t, err)
		code := h.mailed("hr@midori.example")
		site, dept := ids.New[ids.Site](), ids.New[ids.Dept]()
		must(t, h.SetGrants(ctx, admin, id, []Grant{{Role: actor.Nurse, Site: site}, {Role: actor.Nurse}, {Role: actor.Manager, Dept: dept}}, "異動"))
		_, err = h.Session(ctx, in.Token, true)
		h.want(err, "identity.session_ended")
		_, err = h.SubmitCode(ctx, Visit{}, half.Token, code)
		h.want(err, "identity.no_signin")
		in = h.in("midori", "hr", Visit{})
		if a := in.Session.Actor; !slices.Equal(a.Roles, []actor.Role{actor.Manager, actor.Nurse}) || !slices.Equal(a.Places[actor.Nurse], []actor.Place{{Site: site}}) || !slices.Equal(a.Places[actor.Manager], []actor.Place{{Dept: dept}}) {
			t.Errorf("%+v", a)
		}
		must(t, h.Disable(ctx, admin, id, "退職"))
		_, err = h.Session(ctx, in.Token, true)
		h.want(err, "identity.session_ended")
		_, err = h.first("midori", "hr", rightPW, Visit{})
		h.want(err, "identity.wrong")
		_, err = h.Session(ctx, other.Token, true)
		must(t, err)
		must(t, h.Enable(ctx, admin, id, "復職"))
		h.in("midori", "hr", Visit{})
	})
}

func TestLastAdministratorStays(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		ctx, admin, id := t.Context(), h.admin["midori"], h.ids["midori/tenantadmin"]
		h.want(h.Disable(ctx, admin, id, "x"), "identity.last_admin")
		h.want(h.SetGrants(ctx, admin, id, []Grant{{Role: actor.HR}}, "x"), "identity.last_admin")
		must(t, h.SetGrants(ctx, admin, h.ids["midori/hr"], []Grant{{Role: actor.HR}, {Role: actor.TenantAdmin}}, "二人目"))
		must(t, h.Disable(ctx, admin, id, "x"))
		h.want(h.Disable(ctx, admin, h.ids["midori/hr"], "x"), "identity.last_admin")
	})
}

func TestFirstPasswordRunsOut(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		p := quick()
		p.FirstPasswordFor = 50 * time.Millisecond
		h := newHouse(t, e, p)
		first, err := h.ResetPassword(t.Context(), h.admin["midori"], h.ids["midori/hr"], "忘れた")
		must(t, err)
		_, err = h.first("midori", "hr", rightPW, Visit{})
		h.want(err, "identity.wrong")
		time.Sleep(60 * time.Millisecond)
		_, err = h.first("midori", "hr", first, Visit{})
		h.want(err, "identity.wrong")
	})
}

// TestNothingInTheClear: the raw files hold no login ID, name, address, password, code or token.
func TestNothingInTheClear(t *testing.T) {
	e := testdb.New(t, db.SQLite)
	h := newHouse(t, e, quick())
	h.account("midori", NewAccount{LoginID: "canarylogin", Name: "カナリア太郎", Email: "canarymail@midori.example", Password: "Canary-Pw7#x"})
	p, err := h.first("midori", "canarylogin", "Canary-Pw7#x", Visit{Addr: "203.0.113.77", Agent: "CanaryAgent"})
	must(t, err)
	code := h.mailed("canarymail@midori.example")
	in, err := h.SubmitCode(t.Context(), Visit{Addr: "203.0.113.77", Agent: "CanaryAgent"}, p.Token, code)
	must(t, err)
	_, err = h.first("midori", "canaryghost", "Canary-Pw7#x", Visit{})
	h.want(err, "identity.wrong")
	files, err := filepath.Glob(e.Dir + "/*")
	must(t, err)
	read := 0
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil || !strings.Contains(filepath.Base(f), ".db") {
			continue
		}
		read++
		for _, canary := range []string{"canarylogin", "カナリア", "canarymail", "Canary-Pw7", p.Token, in.Token, in.Device, code, "203.0.113.77", "CanaryAgent", "canaryghost"} {
			if bytes.Contains(b, []byte(canary)) {
				t.Errorf("%s holds %q", filepath.Base(f), canary)
			}
		}
	}
	if read == 0 {
		t.Fatal("no database file was read")
	}
}

func TestCensusAndSweep(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		if all, weak, err := h.Census(t.Context()); err != nil || all != 6 || weak != 6 {
			t.Errorf("%d, %d, %v", all, weak, err)
		}
		// A crash between the count and the answer leaves eleven counted and nothing locked.
		must(t, h.transact(t.Context(), func(tx *db.Tx) error {
			for range 11 {
				if _, err := db.Value[int](tx, qCount, h.tenants["midori"].ID, h.ids["midori/hr"], 11); err != nil {
					return err
				}
			}
			return nil
		}))
		list, err := h.Accounts(t.Context(), h.admin["midori"])
		must(t, err)
		if !list[0].Locked || !list[0].LockedAt.IsZero() {
			t.Errorf("%+v", list[0])
		}
		must(t, h.Sweep(t.Context()))
		if h.one("midori", "hr").LockedAt == 0 || h.one("hikari", "hr").LockedAt != 0 {
			t.Error("the sweep locked the wrong account")
		}
		eventually(t, "the owner is told", func() bool { _, ok := h.box.Take("hr@midori.example", time.Time{}); return ok })
	})
}

func TestNewRefusesASabotagedPolicy(t *testing.T) {
	if _, err := New(Options{Policy: DefaultPolicy().Sabotage(SabotageLock)}); fault.Of(err).Code != "identity.sabotaged" {
		t.Error(err)
	}
	p := DefaultPolicy()
	p.LockAt = 20
	if _, err := New(Options{Policy: p}); err == nil {
		t.Error("a policy beyond the clauses is accepted")
	}
}
