package identity

import (
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/testdb"
)

func TestScreenBoundary(t *testing.T) {
	seen := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	for after, locked := range map[time.Duration]bool{30*time.Minute - time.Second: false, 30 * time.Minute: true, 0: false} {
		if screenLocked(time.Time{}, seen, seen.Add(after), DefaultPolicy().screenAfter(0)) != locked {
			t.Errorf("%v after the last activity: locked is not %v", after, locked)
		}
	}
	if !screenLocked(seen, seen, seen, time.Hour) || DefaultPolicy().screenAfter(15) != 15*time.Minute {
		t.Error("a lock by hand, or the tenant's choice, does not hold")
	}
}

// TestScreenLock: by time and by hand, opened by the password alone, counted like a sign-in.
func TestScreenLock(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		ctx := t.Context()
		in := h.in("midori", "hr", Visit{})
		locked := func(touch bool) bool {
			s, err := h.Session(ctx, in.Token, touch)
			must(t, err)
			return s.Locked
		}
		must(t, h.AgeSession(ctx, in.Token, 29*time.Minute, 0))
		if locked(false) {
			t.Error("locked early")
		}
		must(t, h.AgeSession(ctx, in.Token, time.Minute, 0))
		for range 2 {
			if !locked(true) {
				t.Error("a request opens a locked screen")
			}
		}
		h.want(h.Reopen(ctx, Visit{}, in.Token, wrongPW), "identity.screen_wrong")
		if a := h.one("midori", "hr"); a.Failures != 1 {
			t.Errorf("%d failures", a.Failures)
		}
		must(t, h.Reopen(ctx, Visit{}, in.Token, rightPW))
		if locked(true) {
			t.Error("the right password opens nothing")
		}
		other := h.in("hikari", "hr", Visit{})
		must(t, h.LockScreen(ctx, in.Token))
		must(t, h.LockScreen(ctx, in.Token))
		if s, err := h.Session(ctx, other.Token, true); err != nil || s.Locked || !locked(true) {
			t.Errorf("%+v, %v", s, err)
		}
		for range 10 {
			h.want(h.Reopen(ctx, Visit{}, in.Token, wrongPW), "identity.screen_wrong")
		}
		_, err := h.Session(ctx, in.Token, true)
		h.want(err, "identity.session_ended") // the eleventh failure in all locks the account
		if got := h.verbs("midori"); !strings.Contains(got, "screen_opened") || strings.Count(got, "screen_locked") != 1 {
			t.Error(got)
		}
	})
}

func TestScreenMinutesAreTheTenants(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		ctx := t.Context()
		for _, n := range []int{14, 61, 0, -1} {
			h.want(h.SetScreenMinutes(ctx, h.admin["midori"], n), "identity.screen_minutes")
		}
		h.want(h.SetScreenMinutes(ctx, actor.Actor{Kind: actor.Human, Tenant: h.tenants["midori"].ID, Roles: []actor.Role{actor.HR}}, 20), "access.denied")
		must(t, h.SetScreenMinutes(ctx, h.admin["midori"], 20))
		must(t, h.SetScreenMinutes(ctx, h.admin["midori"], 15))
		in := h.in("midori", "hr", Visit{})
		must(t, h.AgeSession(ctx, in.Token, 15*time.Minute, 0))
		if s, err := h.Session(ctx, in.Token, false); err != nil || !s.Locked {
			t.Errorf("%+v, %v", s, err)
		}
		for code, want := range map[string]int{"midori": 15, "hikari": 30} {
			if n, err := h.ScreenMinutes(ctx, h.tenants[code].ID); err != nil || n != want {
				t.Errorf("%s: %d, %v", code, n, err)
			}
		}
	})
}

// TestEmailHold: a new address waits for a day, both are told, and it can be taken back.
func TestEmailHold(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		ctx := t.Context()
		in := h.in("midori", "hr", Visit{})
		who := in.Session.Actor
		h.want(h.AskEmail(ctx, Visit{}, in.Token, wrongPW, "new@midori.example"), "identity.password_old")
		h.want(h.AskEmail(ctx, Visit{}, in.Token, rightPW, "new"), "identity.email_form")
		must(t, h.AskEmail(ctx, Visit{}, in.Token, rightPW, "new@midori.example"))
		eventually(t, "the old address is told", func() bool {
			m, ok := h.box.Take("hr@midori.example", time.Time{})
			return ok && strings.Contains(m.Text, "n***@midori.example") && !eight.MatchString(m.Text)
		})
		c, err := h.EmailChange(ctx, who)
		if must(t, err); c.Email != "n***@midori.example" || time.Until(c.Due) < 23*time.Hour {
			t.Errorf("%+v", c)
		}
		must(t, h.Sweep(ctx))
		if own, err := h.OwnEmail(ctx, who); err != nil || own != "h***@midori.example" {
			t.Errorf("changed before its day is over: %s, %v", own, err)
		}
		must(t, h.DropEmail(ctx, who))
		h.want(h.DropEmail(ctx, who), "identity.email_none")
		must(t, h.AskEmail(ctx, Visit{}, in.Token, rightPW, "new@midori.example"))
		must(t, h.changeEmails(ctx, time.Now().Add(EmailHold-time.Minute)))
		must(t, h.changeEmails(ctx, time.Now().Add(EmailHold+time.Minute)))
		if own, err := h.OwnEmail(ctx, who); err != nil || own != "n***@midori.example" {
			t.Errorf("%s, %v", own, err)
		}
		p, err := h.first("midori", "hr", rightPW, Visit{})
		must(t, err)
		_, err = h.SubmitCode(ctx, Visit{}, p.Token, h.mailed("new@midori.example"))
		must(t, err)
		if c, err := h.EmailChange(ctx, who); err != nil || !c.Due.IsZero() {
			t.Errorf("%+v, %v", c, err)
		}
	})
}

// TestSecuringAnAccountTakesAWaitingAddressBack: whoever knew the password may have asked for it, and would
// get the mailed codes a day after the account was thought to be safe again.
func TestSecuringAnAccountTakesAWaitingAddressBack(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		ctx, boss, id := t.Context(), h.admin["midori"], h.ids["midori/hr"]
		password := rightPW
		for name, secure := range map[string]func(in SignedIn){
			"reset":   func(SignedIn) { _, err := h.ResetPassword(ctx, boss, id, "心配なため"); must(t, err) },
			"factors": func(SignedIn) { must(t, h.ResetFactors(ctx, boss, id, "心配なため")) },
			"disable": func(SignedIn) {
				must(t, h.Disable(ctx, boss, id, "心配なため"))
				must(t, h.Enable(ctx, boss, id, "確認済み"))
			},
			"change": func(in SignedIn) {
				_, err := h.ChangePassword(ctx, Visit{}, in.Token, password, password+"Z9!")
				must(t, err)
			},
		} {
			must(t, e.DB.Tx(ctx, h.tenants["midori"].ID, func(tx *db.Tx) error {
				k, err := h.keys.Tenant(ctx, h.tenants["midori"].ID)
				must(t, err)
				return h.setPassword(tx, k, h.tenants["midori"].ID, id, hashPassword(h.policy.Hash, password), time.Now(), false)
			}))
			in := h.in("midori", "hr", Visit{})
			must(t, h.AskEmail(ctx, Visit{}, in.Token, password, "attacker@evil.example"))
			secure(in)
			must(t, h.changeEmails(ctx, time.Now().Add(EmailHold+time.Minute)))
			if own, err := h.OwnEmail(ctx, in.Session.Actor); err != nil || own != "h***@midori.example" {
				t.Errorf("%s: codes go to %s, %v", name, own, err)
			}
		}
	})
}

// TestAssociationRolesStayThere: a customer's administrator can't give the roles of those who run the
// service.
func TestAssociationRolesStayThere(t *testing.T) {
	e := testdb.New(t, db.SQLite)
	h := newHouse(t, e, quick())
	for _, role := range []actor.Role{actor.Operator, actor.ITSM} {
		_, err := h.CreateAccount(t.Context(), h.admin["hikari"], NewAccount{LoginID: "boss", Name: "x", Email: "x@hikari.example", Grants: []Grant{{Role: role}}})
		h.want(err, "identity.role_association")
		h.want(h.SetGrants(t.Context(), h.admin["hikari"], h.ids["hikari/hr"], []Grant{{Role: role}}, "昇格"), "identity.role_association")
	}
	h.tenants["hikari"] = TenantInfo{ID: h.tenants["hikari"].ID, Code: "hikari", Name: "x", Association: true}
	must(t, h.SetGrants(t.Context(), h.admin["hikari"], h.ids["hikari/hr"], []Grant{{Role: actor.ITSM}}, "任命"))
	accounts, twice, shared, err := h.Uniqueness(t.Context())
	if err != nil || accounts != 6 || twice != 0 || shared != 0 {
		t.Errorf("%d accounts, %d twice, %d shared, %v", accounts, twice, shared, err)
	}
}
