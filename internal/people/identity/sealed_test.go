package identity

import (
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/testdb"
)

// keeper is an administrator with an account, who seals and reviews.
func (h *house) keeper(account string) actor.Actor {
	return actor.Actor{Kind: actor.Human, Tenant: h.tenants["midori"].ID, Account: ids.Account(account), Roles: []actor.Role{actor.TenantAdmin}}
}

// hired is one whose account the installation has made.
func (h *house) hired(login string) actor.Actor {
	h.t.Helper()
	a := h.account("midori", NewAccount{LoginID: login, Name: login, Email: login + "@midori.example", Password: rightPW, Grants: []Grant{{Role: actor.TenantAdmin}}})
	return h.keeper(string(a.ID))
}

// broken goes through both steps with an envelope.
func (h *house) opened(e Envelope) (SignedIn, Pending) {
	h.t.Helper()
	p, err := h.first("midori", e.LoginID, e.Password, Visit{})
	must(h.t, err)
	in, err := h.SubmitCode(h.t.Context(), Visit{Addr: "192.0.2.1"}, p.Token, e.Codes[p.Envelope-1])
	must(h.t, err)
	return in, p
}

func (h *house) alarm(part string) func() bool {
	return func() bool {
		m, ok := h.box.Take("tenantadmin@midori.example", time.Time{})
		return ok && strings.Contains(m.Subject+m.Text, part) && !eight.MatchString(m.Text)
	}
}

func sealHouse(t *testing.T, e *testdb.Env, p Policy) *house {
	h := newHouse(t, e, p)
	h.guard = func(a actor.Actor, permission string) error {
		switch {
		case a.Has(actor.Emergency) && (permission == permEmergency || permission == permUnlock):
			return nil
		case a.Has(actor.Emergency) || permission == permEmergency:
			return fault.New(fault.Denied, "access.denied")
		}
		return guardTest(a, permission)
	}
	return h
}

// TestOneUseOfAnEnvelope on both engines: sealed, alarmed, opened once, spent, reviewed, sealed by another.
func TestOneUseOfAnEnvelope(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h, ctx := sealHouse(t, e, quick()), t.Context()
		first, second := h.hired("k1"), h.hired("k2")
		env, err := h.Seal(ctx, first, "Glass", "金庫")
		must(t, err)
		if env.LoginID != "glass" || len(env.Codes) != SealedCodes {
			t.Fatalf("%+v", env)
		}
		eventually(t, "sealing is told", h.alarm("封をしました"))

		// A code that is asked for and not given is used up; the next sign-in asks for the next.
		p, err := h.first("midori", "glass", env.Password, Visit{})
		must(t, err)
		if p.Envelope != 1 || p.ResendsLeft != 0 {
			t.Fatalf("%+v", p)
		}
		eventually(t, "the alarm", h.alarm("【緊急】"))
		_, err = h.ResendCode(ctx, Visit{}, p.Token)
		h.want(err, "identity.resend_limit")
		_, err = h.SubmitCode(ctx, Visit{}, p.Token, env.Codes[1])
		h.want(err, "identity.envelope_wrong")
		in, p := h.opened(env)
		if p.Envelope != 2 || !in.Session.Actor.Has(actor.Emergency) || len(in.Session.Actor.Roles) != 1 {
			t.Fatalf("%+v %+v", p, in.Session)
		}
		if _, ok := h.box.Take("glass@sealed.invalid", time.Time{}); ok {
			t.Error("a mail to nobody")
		}
		_, err = h.first("midori", "glass", env.Password, Visit{})
		h.want(err, "identity.wrong")

		a := in.Session.Actor
		h.want(h.SayWhy(ctx, a, " ", false), "identity.reason_missing")
		h.want(h.SayWhy(ctx, a, "管理者が全員ロックされた。山田", true), "")
		use, err := h.Emergency(ctx, a)
		if err != nil || !use.Drill || !strings.Contains(use.Reason, "山田") {
			t.Errorf("%+v, %v", use, err)
		}
		for range 11 {
			_, err := h.first("midori", "hr", wrongPW, Visit{Addr: "198.51.100.7"})
			h.want(err, "identity.wrong")
		}
		locked, err := h.LockedOut(ctx, a)
		if err != nil || len(locked) != 1 || locked[0].LoginID != "hr" {
			t.Errorf("%+v, %v", locked, err)
		}
		h.want(h.Unlock(ctx, a, h.ids["midori/hr"], "本人に確認"), "")
		h.want(h.Unlock(ctx, a, h.ids["hikari/hr"], "他社"), "identity.no_account")
		h.in("midori", "hr", Visit{Addr: "198.51.100.8"})
		h.want(h.Disable(ctx, a, h.ids["midori/hr"], "x"), "access.denied")
		other := a
		other.Session = "another"
		_, err = h.Emergency(ctx, other)
		h.want(err, "identity.session_ended")
		_, err = h.Seal(ctx, second, "glass", "金庫")
		h.want(err, "identity.sealed_in_use")

		must(t, h.SignOut(ctx, Visit{}, in.Token))
		_, err = h.Emergency(ctx, a)
		h.want(err, "identity.session_ended")
		_, err = h.Session(ctx, in.Token, false)
		h.want(err, "identity.session_ended")
		_, err = h.Seal(ctx, second, "glass", "金庫")
		h.want(err, "identity.sealed_unreviewed")
		h.want(h.Enable(ctx, first, a.Account, "x"), "identity.sealed_account")
		_, err = h.ResetPassword(ctx, first, a.Account, "x")
		h.want(err, "identity.sealed_account")
		h.want(h.SetGrants(ctx, first, a.Account, []Grant{{Role: actor.HR}}, "x"), "identity.sealed_account")
		h.want(h.ReviewSealed(ctx, first, a.Account, ""), "identity.reason_missing")
		h.want(h.ReviewSealed(ctx, first, a.Account, "訓練どおり"), "")
		h.want(h.ReviewSealed(ctx, second, a.Account, "もう一度"), "identity.sealed_nothing")
		_, err = h.Seal(ctx, first, "glass", "金庫")
		h.want(err, "identity.sealed_same")
		again, err := h.Seal(ctx, second, "glass", "金庫")
		must(t, err)
		if again.Password == env.Password {
			t.Error("the old password lives on")
		}
		_, err = h.first("midori", "glass", env.Password, Visit{})
		h.want(err, "identity.wrong")
		in, p = h.opened(again)
		if p.Envelope != 1 {
			t.Errorf("%+v", p)
		}
		all, err := h.SealedAccounts(ctx, first)
		if err != nil || len(all) != 1 || all[0].State != Opened || all[0].DrilledAt.IsZero() || all[0].Drill {
			t.Errorf("%+v, %v", all, err)
		}
		if all, err := h.SealedAccounts(ctx, actor.Actor{Kind: actor.Human, Tenant: h.tenants["hikari"].ID, Roles: []actor.Role{actor.TenantAdmin}}); err != nil || len(all) != 0 {
			t.Errorf("the neighbour's: %+v, %v", all, err)
		}
		if got := h.verbs("midori"); !strings.Contains(got, "sealed.broken") || !strings.Contains(got, "sealed.reason") || !strings.Contains(got, "sealed.spent") || !strings.Contains(got, "sealed.reviewed") {
			t.Error(got)
		}
		_ = in
	})
}

// TestTheHourEnds: at the request by the clock, in the books by the sweep; a broken seal that nobody follows
// up is spent too.
func TestTheHourEnds(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h, ctx := sealHouse(t, e, quick()), t.Context()
		env, err := h.Seal(ctx, h.keeper("k"), "glass", "金庫")
		must(t, err)
		left, err := h.Seal(ctx, h.keeper("k"), "glass2", "支所")
		must(t, err)
		_, err = h.first("midori", "glass2", left.Password, Visit{})
		must(t, err)
		in, _ := h.opened(env)
		a := in.Session.Actor
		h.ageSealed(a.Account, SealedFor-10*time.Second)
		if _, err := h.Emergency(ctx, a); err != nil {
			t.Errorf("over before the hour: %v", err)
		}
		h.ageSealed(a.Account, 10*time.Second)
		_, err = h.Emergency(ctx, a)
		h.want(err, "identity.session_ended")
		all, _ := h.SealedAccounts(ctx, h.keeper("k"))
		for _, x := range all {
			if x.LoginID == "glass2" {
				h.ageSealed(x.ID, SealedFor)
			}
		}
		must(t, h.Sweep(ctx))
		all, err = h.SealedAccounts(ctx, h.keeper("k"))
		if err != nil || len(all) != 2 || all[0].State != Spent || all[1].State != Spent {
			t.Errorf("%+v, %v", all, err)
		}
		_, err = h.first("midori", "glass2", left.Password, Visit{})
		h.want(err, "identity.wrong")
	})
}

// ageSealed moves a use into the past, bound as the service binds it.
func (h *house) ageSealed(id ids.Account, by time.Duration) {
	h.t.Helper()
	t := h.tenants["midori"].ID
	k, err := h.keys.Tenant(h.t.Context(), t)
	must(h.t, err)
	must(h.t, h.db.Tx(h.t.Context(), t, func(tx *db.Tx) error {
		r, err := h.sealedOf(tx, k, t, id)
		if err != nil {
			return err
		}
		r.brokenAt -= by.Microseconds()
		if r.openedAt != 0 {
			r.openedAt -= by.Microseconds()
		}
		return h.putSealed(tx, k, r)
	}))
}

// TestTheRoleIsForEnvelopesAlone: no path of an administrator gives it.
func TestTheRoleIsForEnvelopesAlone(t *testing.T) {
	h := sealHouse(t, testdb.New(t, db.SQLite), quick())
	ctx := t.Context()
	_, err := h.CreateAccount(ctx, h.admin["midori"], NewAccount{LoginID: "x1", Name: "x", Email: "x@midori.example", Grants: []Grant{{Role: actor.Emergency}}})
	h.want(err, "identity.role_unknown")
	for _, r := range []actor.Role{actor.Emergency, actor.SupportLists, actor.SupportPerson} {
		h.want(h.SetGrants(ctx, h.admin["midori"], h.ids["midori/hr"], []Grant{{Role: r}}, "x"), "identity.role_unknown")
	}
	_, err = h.Seal(ctx, h.keeper("k"), "hr", "人のIDに封はできない")
	h.want(err, "identity.login_taken")
	hr := actor.Actor{Kind: actor.Human, Tenant: h.tenants["midori"].ID, Account: h.ids["midori/hr"], Roles: []actor.Role{actor.HR}}
	_, err = h.Seal(ctx, hr, "glass9", "x")
	h.want(err, "access.denied")
	h.want(h.SayWhy(ctx, hr, "x", false), "access.denied")
}

// TestAForgedEnvelope opens nothing: a spent one that somebody turns back is refused.
func TestAForgedEnvelope(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h, ctx := sealHouse(t, e, quick()), t.Context()
		env, err := h.Seal(ctx, h.keeper("k"), "glass", "金庫")
		must(t, err)
		must(t, h.db.Tx(ctx, db.Global, func(tx *db.Tx) error { _, err := tx.Exec(qTestSealCode); return err }))
		_, err = h.first("midori", "glass", env.Password, Visit{})
		h.want(err, "identity.row_tampered")
		_, err = h.SealedAccounts(ctx, h.keeper("k"))
		h.want(err, "identity.row_tampered")
	})
}

var qTestSealCode = db.GlobalQ("identity.test_seal_code", `update identity_sealed set code = 3`)

// TestTheMutantDiffers: in the sandbox alone a password opens a second session.
func TestTheMutantDiffers(t *testing.T) {
	h := sealHouse(t, testdb.New(t, db.SQLite), quick().Sabotage(SabotageSealed))
	env, err := h.Seal(t.Context(), h.keeper("k"), "glass", "金庫")
	must(t, err)
	in, _ := h.opened(env)
	must(t, h.SignOut(t.Context(), Visit{}, in.Token))
	if _, err := h.first("midori", "glass", env.Password, Visit{}); err != nil {
		t.Error(err)
	}
}

// TestStrangersDoNotLockTheEnvelope: whoever knows the ID of an emergency account and tries passwords on it is slowed
// down and told of, each time, and takes it from nobody; a personal account is locked by the same tries (clause 3-4b).
func TestStrangersDoNotLockTheEnvelope(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h, ctx := sealHouse(t, e, quick()), t.Context()
		env, err := h.Seal(ctx, h.keeper("k1"), "Glass", "金庫")
		must(t, err)
		const tries = 30
		for range tries {
			_, err := h.first("midori", env.LoginID, wrongPW, Visit{Addr: "198.51.100.7"})
			h.want(err, "identity.wrong")
			_, err = h.first("midori", "hr", wrongPW, Visit{Addr: "198.51.100.7"})
			h.want(err, "identity.wrong")
		}
		eventually(t, "the alarm", h.alarm("違うパスワードが入力されました"))
		n := 0
		for _, entry := range h.entries("midori") {
			if entry.Verb == "sealed.tried" {
				n++
			}
		}
		if n != tries {
			t.Errorf("%d events of %d tries", n, tries)
		}
		if acc := h.one("midori", "hr"); acc.LockedAt == 0 {
			t.Error("a personal account is not locked")
		}
		_, err = h.first("midori", "hr", rightPW, Visit{Addr: "192.0.2.1"})
		h.want(err, "identity.wrong")
		in, _ := h.opened(env)
		if !in.Session.Actor.Has(actor.Emergency) {
			t.Errorf("%+v", in.Session.Actor)
		}
		// Its password is used up: from now on nobody goes on, and tries still lock nothing.
		_, err = h.first("midori", env.LoginID, env.Password, Visit{Addr: "192.0.2.1"})
		h.want(err, "identity.wrong")
		// One that an earlier version has locked opens too.
		locked, err := h.Seal(ctx, h.keeper("k1"), "Second", "金庫")
		must(t, err)
		var id ids.Account
		must(t, h.db.View(ctx, h.tenants["midori"].ID, func(tx *db.Tx) error {
			k, err := h.keys.Tenant(ctx, h.tenants["midori"].ID)
			if err != nil {
				return err
			}
			a, err := db.One(tx, qAccountByLogin, scanAccount, h.tenants["midori"].ID, h.loginIndex(k, "second"))
			id = a.ID
			return err
		}))
		h.forge(qLock, id, 1, h.policy.LockAt)
		if in, _ := h.opened(locked); !in.Session.Actor.Has(actor.Emergency) {
			t.Errorf("%+v", in.Session.Actor)
		}
	})
}

// TestTheEnvelopeIsSlowedDown: tries on an emergency account wait like all others.
func TestTheEnvelopeIsSlowedDown(t *testing.T) {
	p := quick()
	p.ThrottleFrom = 5
	h := sealHouse(t, testdb.New(t, "sqlite"), p)
	env, err := h.Seal(t.Context(), h.keeper("k1"), "Glass", "金庫")
	must(t, err)
	for range 5 {
		_, err := h.first("midori", env.LoginID, wrongPW, Visit{Addr: "198.51.100.7"})
		h.want(err, "identity.wrong")
	}
	_, err = h.first("midori", env.LoginID, wrongPW, Visit{Addr: "198.51.100.7"})
	h.want(err, "identity.too_soon")
	_, err = h.first("midori", env.LoginID, env.Password, Visit{Addr: "192.0.2.1"}) // from elsewhere at once
	must(t, err)
}
