package identity

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/vault"
	"rakudos/internal/testkit/testdb"
)

func TestSessionState(t *testing.T) {
	p, from := DefaultPolicy(), time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		created, seen time.Duration
		want          state
	}{
		{0, 0, alive},
		{0, 2*time.Hour + 59*time.Minute + 59*time.Second, alive},
		{0, 3*time.Hour - time.Microsecond, alive},
		{0, 3 * time.Hour, idle},
		{0, 4 * time.Hour, idle},
		{12*time.Hour - time.Second, 0, alive},
		{12 * time.Hour, 0, overdue},
		{12 * time.Hour, 3 * time.Hour, overdue},
		{0, -time.Minute, alive}, // a clock set back
	} {
		if got := p.sessionState(from.Add(-c.created), from.Add(-c.seen), from); got != c.want {
			t.Errorf("created %v, seen %v ago: %q, want %q", c.created, c.seen, got, c.want)
		}
	}
}

func TestSessionLimits(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		ctx := t.Context()
		in := h.in("midori", "hr", Visit{})
		neighbour := h.in("hikari", "hr", Visit{})
		check := func(code string) {
			t.Helper()
			_, err := h.Session(ctx, in.Token, false)
			h.want(err, code)
		}
		must(t, h.AgeSession(ctx, in.Token, 3*time.Hour-5*time.Second, 0))
		check("")
		s, err := h.Session(ctx, in.Token, false)
		must(t, err)
		if left := time.Until(s.IdleEnds); left < 0 || left > 5*time.Second {
			t.Errorf("polling extended the session: %v left", left)
		}
		if s, err = h.Session(ctx, in.Token, true); err != nil || !s.Locked || time.Until(s.IdleEnds) > 5*time.Second {
			t.Errorf("a request behind the locked screen extended it: %+v, %v", s, err)
		}
		must(t, h.Reopen(ctx, Visit{}, in.Token, rightPW))
		must(t, h.AgeSession(ctx, in.Token, 29*time.Minute, 0))
		_, err = h.Session(ctx, in.Token, true) // activity
		must(t, err)
		must(t, h.touch.flush())
		if s, _ = h.Session(ctx, in.Token, false); time.Until(s.IdleEnds) < 3*time.Hour-time.Minute {
			t.Errorf("activity did not extend it: %v", time.Until(s.IdleEnds))
		}
		must(t, h.AgeSession(ctx, in.Token, 0, 12*time.Hour))
		check("identity.session_limit")

		in = h.in("midori", "hr", Visit{})
		_, err = h.Session(ctx, in.Token, true)
		must(t, err)
		must(t, h.AgeSession(ctx, in.Token, 3*time.Hour, 0))
		check("identity.session_idle")
		if _, err := h.Session(ctx, in.Token, true); !fault.Is(err, fault.Denied) {
			t.Error("an idle session is woken by a request")
		}
		check("identity.session_idle")
		_, err = h.Session(ctx, neighbour.Token, true)
		must(t, err)
		if err := h.AgeSession(ctx, neighbour.Token, time.Hour, 0); fault.Of(err).Code != "identity.not_a_probe" {
			t.Errorf("a customer's session was aged: %v", err)
		}
		for _, token := range []string{"", "x", in.Token + "x"} {
			_, err := h.Session(ctx, token, true)
			h.want(err, "identity.no_session")
		}
		must(t, h.Sweep(ctx))
		check("identity.session_ended")
		_, err = h.Session(ctx, neighbour.Token, true)
		must(t, err)
	})
}

// TestASessionEndsWithItsTenantsKey: its row may still lie there when a customer has just been erased.
func TestASessionEndsWithItsTenantsKey(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		in := h.in("midori", "hr", Visit{})
		must(t, h.keys.(*vault.Vault).DestroyTenant(t.Context(), in.Session.Actor.Tenant))
		_, err := h.Session(t.Context(), in.Token, false)
		h.want(err, "identity.session_ended")
	})
}

func TestSessionsSurviveARestart(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		in := h.in("midori", "hr", Visit{})
		must(t, h.AgeSession(t.Context(), in.Token, 20*time.Minute, time.Hour))
		_, err := h.Session(t.Context(), in.Token, true)
		must(t, err)
		must(t, h.Close()) // writes the activity down
		again, err := New(Options{DB: h.db, Keys: h.keys, Log: h.log, Mail: h.box, Tenants: h.tenants, Guard: guardTest, Policy: quick(), Sandbox: true})
		must(t, err)
		defer again.Close()
		s, err := again.Session(t.Context(), in.Token, false)
		must(t, err)
		if time.Since(s.SeenAt) > time.Minute || time.Since(s.StartedAt) < time.Hour {
			t.Errorf("%+v", s)
		}
	})
}

func TestOwnSessions(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		ctx := t.Context()
		a := h.in("midori", "hr", Visit{Addr: "192.0.2.1", Agent: "Browser A " + strings.Repeat("x", 300)})
		b := h.in("midori", "hr", Visit{Addr: "192.0.2.2", Agent: "Browser B"})
		n := h.in("midori", "nurse", Visit{})
		h.in("hikari", "hr", Visit{})
		list, err := h.Sessions(ctx, a.Session.Actor)
		must(t, err)
		if len(list) != 2 || list[0].Current == list[1].Current {
			t.Fatalf("%+v", list)
		}
		for _, s := range list {
			if s.Current != (s.ID == a.Session.ID) || !strings.HasPrefix(s.Agent, "Browser") || len(s.Agent) > 200 || !strings.HasPrefix(s.Addr, "192.0.2.") {
				t.Errorf("%+v", s)
			}
		}
		v := Visit{Addr: "192.0.2.1"}
		h.want(h.EndSession(ctx, v, a.Token, n.Session.ID), "identity.session_missing")
		h.want(h.EndSession(ctx, v, a.Token, b.Session.ID), "identity.proof_needed")
		h.want(h.EndOthers(ctx, v, a.Token), "identity.proof_needed")
		_, err = h.Session(ctx, b.Token, true)
		must(t, err)
		must(t, h.Prove(ctx, v, a.Token, rightPW))
		must(t, h.EndSession(ctx, v, a.Token, b.Session.ID))
		_, err = h.Session(ctx, b.Token, true)
		h.want(err, "identity.session_ended")
		b = h.in("midori", "hr", Visit{})
		must(t, h.EndOthers(ctx, v, a.Token))
		_, err = h.Session(ctx, b.Token, true)
		h.want(err, "identity.session_ended")
		for _, token := range []string{a.Token, n.Token} {
			_, err = h.Session(ctx, token, true)
			must(t, err)
		}
	})
}

func TestChangePassword(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		ctx := t.Context()
		first := h.account("midori", NewAccount{LoginID: "newcomer", Name: "新人", Email: "newcomer@midori.example", Grants: []Grant{{Role: actor.HR}}})
		if first.FirstPassword == "" || !first.MustChange {
			t.Fatalf("%+v", first)
		}
		p, err := h.first("midori", "newcomer", first.FirstPassword, Visit{})
		must(t, err)
		in, err := h.SubmitCode(ctx, Visit{}, p.Token, h.mailed("newcomer@midori.example"))
		must(t, err)
		if !in.Session.MustChange || len(in.Session.Actor.Roles) != 0 {
			t.Fatalf("a first password opens the service: %+v", in.Session)
		}
		p2, err := h.first("midori", "newcomer", first.FirstPassword, Visit{})
		must(t, err)
		second, err := h.SubmitCode(ctx, Visit{}, p2.Token, h.mailed("newcomer@midori.example"))
		must(t, err)

		change := func(old, next string) error {
			got, err := h.ChangePassword(ctx, Visit{}, in.Token, old, next)
			if err == nil {
				in = got
			}
			return err
		}
		err = change(first.FirstPassword, "Newcomer#1zQ")
		h.want(err, "identity.password_rules")
		if f := fault.Of(err); f.Args["rules"] != "context" || f.Args["says"] == "" {
			t.Errorf("%v", f.Args)
		}
		h.want(change(wrongPW, "Vf3+yellow-Zz"), "identity.password_old")
		h.want(change(first.FirstPassword, first.FirstPassword), "identity.password_same")
		before := in.Token
		must(t, change(first.FirstPassword, "Vf3+yellow-Zz"))
		if in.Session.MustChange || !in.Session.Actor.Has(actor.HR) || in.Token == before {
			t.Errorf("%+v", in.Session)
		}
		for _, old := range []string{before, second.Token} {
			if _, err := h.Session(ctx, old, true); !fault.Is(err, fault.Denied) {
				t.Errorf("an old token lives on: %v", err)
			}
		}
		_, err = h.first("midori", "newcomer", first.FirstPassword, Visit{})
		h.want(err, "identity.wrong")
		_, err = h.first("midori", "newcomer", "Vf3+yellow-Zz", Visit{})
		must(t, err)
		eventually(t, "the change is told", func() bool { return strings.Contains(h.verbs("midori"), "change_notice") })
	})
}

func TestStolenSessionCannotGuessThePassword(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		in := h.in("midori", "hr", Visit{})
		for range 11 {
			_, err := h.ChangePassword(t.Context(), Visit{}, in.Token, wrongPW, "Vf3+yellow-Zz")
			h.want(err, "identity.password_old")
		}
		_, err := h.ChangePassword(t.Context(), Visit{}, in.Token, rightPW, "Vf3+yellow-Zz")
		h.want(err, "identity.session_ended")
		if h.one("midori", "hr").LockedAt == 0 {
			t.Error("not locked")
		}
	})
}

func TestTouchesAreCoalesced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var writes atomic.Int64
		var fail atomic.Bool
		fail.Store(true)
		var last map[ids.Session]touched
		p := newTouches(func(m map[ids.Session]touched) error {
			writes.Add(1)
			last = m
			if fail.Load() {
				return errors.New("busy")
			}
			return nil
		})
		for range 50 {
			p.note("t", "s1", time.Now(), time.Second)
			p.note("t", "s2", time.Now(), time.Second)
			time.Sleep(10 * time.Millisecond)
		}
		if writes.Load() != 0 {
			t.Fatalf("%d writes within the step", writes.Load())
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if writes.Load() != 1 || len(last) != 2 {
			t.Fatalf("%d writes, %v", writes.Load(), last)
		}
		if p.last("s1") == 0 {
			t.Error("what could not be written is lost")
		}
		fail.Store(false)
		p.note("t", "s1", time.Now(), time.Second)
		p.forget("s2")
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if writes.Load() != 2 || len(last) != 1 || p.last("s1") != 0 {
			t.Errorf("%d writes, %v, %d", writes.Load(), last, p.last("s1"))
		}
		p.note("t", "s3", time.Now(), time.Second)
		if err := p.close(); err != nil || writes.Load() != 3 {
			t.Errorf("close wrote %d times: %v", writes.Load(), err)
		}
	})
}
