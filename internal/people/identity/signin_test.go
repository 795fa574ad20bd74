package identity

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/testkit/testdb"
)

func TestTwoSteps(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		v := Visit{Addr: "192.0.2.9", Agent: "Mozilla", Request: "r1"}
		p, err := h.SignIn(t.Context(), v, " ＭＩＤＯＲＩ ", "HR", rightPW)
		must(t, err)
		if p.SentTo != "h***@midori.example" || p.TriesLeft != 5 || p.ResendsLeft != 3 || !p.ExpiresAt.Equal(p.SentAt.Add(10*time.Minute)) || p.Tenant != "株式会社みどり製作所" {
			t.Errorf("%+v", p)
		}
		q, err := h.Pending(t.Context(), p.Token)
		must(t, err)
		if q.Token = p.Token; q != p {
			t.Errorf("%+v, want %+v", q, p)
		}
		m, _ := h.box.Take("hr@midori.example", time.Time{})
		for _, part := range []string{"192.0.2.9", "10分", "みどり製作所", moment(p.SentAt)} {
			if !strings.Contains(m.Text, part) {
				t.Errorf("the mail does not say %q:\n%s", part, m.Text)
			}
		}
		must(t, h.box.Send(t.Context(), m))
		if _, err := h.Session(t.Context(), p.Token, true); !fault.Is(err, fault.Denied) {
			t.Fatalf("a session without the second step: %v", err)
		}
		code := h.mailed("hr@midori.example")
		in, err := h.SubmitCode(t.Context(), v, p.Token, " "+code[:4]+" "+code[4:])
		must(t, err)
		s, err := h.Session(t.Context(), in.Token, true)
		must(t, err)
		if s.LoginID != "hr" || s.Name != "担当 hr" || !s.Actor.Has(actor.HR) || len(s.Actor.Roles) != 1 || s.Actor.Tenant != h.tenants["midori"].ID || len(s.Actor.Places) != 0 || s.MustChange || s.Actor.Session != s.ID || in.Device == "" {
			t.Errorf("%+v", s)
		}
		h.want(func() error { _, err := h.SubmitCode(t.Context(), v, p.Token, code); return err }(), "identity.no_signin")
		must(t, h.SignOut(t.Context(), v, in.Token))
		must(t, h.SignOut(t.Context(), v, in.Token))
		_, err = h.Session(t.Context(), in.Token, true)
		h.want(err, "identity.session_ended")
		if got := h.verbs("midori"); got != "password_ok code_sent signed_in signed_out" {
			t.Error(got)
		}
		if got := h.verbs("hikari"); got != "" {
			t.Error("the other tenant's log holds " + got)
		}
	})
}

func TestEleventhFailureLocks(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		wrong := func(n int, code, role string) {
			for range n {
				_, err := h.first(code, role, wrongPW, Visit{})
				h.want(err, "identity.wrong")
			}
		}
		wrong(10, "midori", "hr")
		if p, err := h.first("midori", "hr", rightPW, Visit{}); err != nil || h.one("midori", "hr").Failures != 10 {
			t.Fatalf("10 wrong, then right: %v, %d; the password alone resets nothing", err, h.one("midori", "hr").Failures)
		} else if _, err := h.SubmitCode(t.Context(), Visit{}, p.Token, h.mailed("hr@midori.example")); err != nil || h.one("midori", "hr").Failures != 0 {
			t.Fatalf("the second step: %v, %d", err, h.one("midori", "hr").Failures)
		}
		wrong(11, "midori", "nurse")
		if a := h.one("midori", "nurse"); a.LockedAt == 0 || a.Failures != 11 {
			t.Fatalf("after 11: %+v", a)
		}
		_, err := h.first("midori", "nurse", rightPW, Visit{})
		h.want(err, "identity.wrong")
		wrong(3, "midori", "nurse")
		if a := h.one("midori", "nurse"); a.Failures != 11 {
			t.Errorf("counted on to %d", a.Failures)
		}
		var notice string
		eventually(t, "the owner is told", func() bool {
			m, ok := h.box.Take("nurse@midori.example", time.Time{})
			notice = m.Subject + m.Text
			return ok
		})
		if eight.MatchString(notice) || !strings.Contains(notice, "ロック") {
			t.Error(notice)
		}
		// The neighbour with the same ID is untouched.
		if a := h.one("hikari", "nurse"); a.Failures != 0 || a.LockedAt != 0 {
			t.Errorf("the other tenant: %+v", a)
		}
		if _, err := h.first("hikari", "nurse", rightPW, Visit{}); err != nil {
			t.Error(err)
		}
		id := h.ids["midori/nurse"]
		h.want(h.Unlock(t.Context(), h.admin["midori"], id, " "), "identity.reason_missing")
		h.want(h.Unlock(t.Context(), h.admin["hikari"], id, "他社"), "identity.no_account")
		must(t, h.Unlock(t.Context(), h.admin["midori"], id, "本人から電話で依頼"))
		eventually(t, "the unlocking is told", func() bool { _, ok := h.box.Take("nurse@midori.example", time.Time{}); return ok })
		h.in("midori", "nurse", Visit{})
		eventually(t, "both notices are events", func() bool { return strings.Contains(h.verbs("midori"), "unlock_notice") })
		if got := h.verbs("midori"); strings.Count(got, "locked") != 2 || strings.Count(got, "failed") != 10+11+4 {
			t.Error(got) // "locked" and "unlocked"
		}
	})
}

func TestParallelGuessesNeverExceedEleven(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		p := quick()
		p.HashSlots = 20
		h := newHouse(t, e, p)
		var looked atomic.Int64
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				a, err := h.find(context.Background(), Visit{Addr: fmt.Sprintf("198.51.100.%d", i)}, "midori", "nurse", wrongPW)
				if err != nil {
					t.Error(err)
					return
				}
				right, _, err := h.look(context.Background(), a, wrongPW)
				if err != nil || right {
					t.Errorf("%v %v", right, err)
					return
				}
				if a.number > 0 {
					looked.Add(1)
				}
				if err := h.failed(context.Background(), a); fault.Of(err).Code != "identity.wrong" {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if a := h.one("midori", "nurse"); looked.Load() != 11 || a.LockedAt == 0 || a.Failures != 11 {
			t.Errorf("%d looked at, %d failures, locked at %d", looked.Load(), a.Failures, a.LockedAt)
		}
		if n := strings.Count(h.verbs("midori"), "locked"); n != 1 {
			t.Errorf("locked %d times", n)
		}
	})
}

// TestRightAmongParallelWrong: a right password gives its number back and does not unlock.
func TestRightAmongParallelWrong(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		var wg sync.WaitGroup
		for i := range 12 {
			wg.Go(func() {
				pw := wrongPW
				if i%2 == 0 {
					pw = rightPW
				}
				_, _ = h.SignIn(context.Background(), Visit{Addr: fmt.Sprintf("198.51.100.%d", i)}, "midori", "hr", pw)
			})
		}
		wg.Wait()
		if a := h.one("midori", "hr"); a.Failures != 6 || a.LockedAt != 0 {
			t.Errorf("6 wrong, 6 right: %d failures, locked at %d", a.Failures, a.LockedAt)
		}
	})
}

func TestThrottle(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		p := quick()
		p.ThrottleFrom, p.ThrottleFirst, p.ThrottleMost = 5, time.Hour, 2*time.Hour
		h := newHouse(t, e, p)
		for _, who := range [][2]string{{"midori", "hr"}, {"midori", "ghost"}, {"nowhere", "hr"}} {
			for range 5 {
				_, err := h.first(who[0], who[1], wrongPW, Visit{})
				h.want(err, "identity.wrong")
			}
			for _, pw := range []string{wrongPW, rightPW} {
				_, err := h.first(who[0], who[1], pw, Visit{})
				h.want(err, "identity.too_soon")
				if f := fault.Of(err); f.Kind != fault.Busy || f.RetryAfter <= 59*time.Minute || f.RetryAfter > time.Hour {
					t.Errorf("%v: retry after %v", who, f.RetryAfter)
				}
			}
		}
		if a := h.one("midori", "hr"); a.Failures != 5 {
			t.Errorf("an attempt that came too soon was counted: %d", a.Failures)
		}
		// Another network, and the same name in another tenant, are not held up.
		if _, err := h.first("midori", "hr", rightPW, Visit{Addr: "203.0.113.5"}); err != nil {
			t.Error(err)
		}
		if _, err := h.first("hikari", "hr", rightPW, Visit{}); err != nil {
			t.Error(err)
		}
	})
}

// TestThrottleIsAtomic: of 20 at once from one network, five are looked at and the rest told to wait.
func TestThrottleIsAtomic(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		p := quick()
		p.ThrottleFrom, p.ThrottleFirst, p.ThrottleMost, p.HashSlots = 5, time.Hour, time.Hour, 20
		h := newHouse(t, e, p)
		var wrong, soon atomic.Int64
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				_, err := h.SignIn(context.Background(), Visit{Addr: "192.0.2.1"}, "midori", "hr", wrongPW)
				switch fault.Of(err).Code {
				case "identity.wrong":
					wrong.Add(1)
				case "identity.too_soon":
					soon.Add(1)
				}
			})
		}
		wg.Wait()
		if wrong.Load() != 5 || soon.Load() != 15 || h.one("midori", "hr").Failures != 5 {
			t.Errorf("%d looked at, %d too soon, %d counted", wrong.Load(), soon.Load(), h.one("midori", "hr").Failures)
		}
	})
}

func TestRememberedDeviceHasItsOwnCounter(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		in := h.in("midori", "hr", Visit{})
		device := Visit{Device: in.Device}
		for range 11 { // strangers
			_, err := h.first("midori", "hr", wrongPW, Visit{})
			h.want(err, "identity.wrong")
		}
		_, err := h.first("midori", "hr", rightPW, Visit{})
		h.want(err, "identity.wrong")
		_, err = h.first("midori", "hr", rightPW, Visit{Device: "forged"})
		h.want(err, "identity.wrong")
		eventually(t, "the lock is told", func() bool { _, ok := h.box.Take("hr@midori.example", time.Time{}); return ok })
		if again := h.in("midori", "hr", device); again.Device != "" {
			t.Error("a known device is remembered a second time")
		}
		if h.one("midori", "hr").LockedAt == 0 {
			t.Error("the owner's device unlocked the account for everybody")
		}
		// Another account's device is no device of this one.
		_, err = h.first("midori", "nurse", wrongPW, device)
		h.want(err, "identity.wrong")
		if h.one("midori", "nurse").Failures != 1 {
			t.Error("a foreign device's counter was used")
		}
		for range 11 {
			_, err := h.first("midori", "hr", wrongPW, device)
			h.want(err, "identity.wrong")
		}
		_, err = h.first("midori", "hr", rightPW, device)
		h.want(err, "identity.wrong")
	})
}

func TestDeviceFailuresLockTheAccount(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		device := Visit{Device: h.in("midori", "hr", Visit{}).Device}
		for range 10 {
			_, err := h.first("midori", "hr", wrongPW, device)
			h.want(err, "identity.wrong")
		}
		h.in("midori", "hr", device) // the tenth is not too many, and success clears the count
		for range 11 {
			_, err := h.first("midori", "hr", wrongPW, device)
			h.want(err, "identity.wrong")
		}
		if h.one("midori", "hr").LockedAt == 0 {
			t.Error("eleven failures on a remembered device do not lock")
		}
		for _, v := range []Visit{device, {}} {
			_, err := h.first("midori", "hr", rightPW, v)
			h.want(err, "identity.wrong")
		}
	})
}

func TestRulesAndHashesAreRenewed(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		old := h.one("midori", "hr").Hash
		h.Service.policy.Hash.Time = 2
		h.Service.policy.Rules, h.Service.policy.PasswordLeast = 2, 20
		in := h.in("midori", "hr", Visit{})
		if a := h.one("midori", "hr"); a.Hash == old || !strings.Contains(a.Hash, "t=2") || a.Rules != 2 || a.MustChange != 1 {
			t.Errorf("%+v", a)
		}
		if !in.Session.MustChange || in.Session.Actor.Roles != nil {
			t.Error("a password that breaks the new rules is good enough")
		}
		h.in("midori", "hr", Visit{})
	})
}

// TestARightPasswordIsRightBesideAnotherSignIn: a second sign-in of the same person comes to its end while the password of
// the first is being hashed, and gives all failures back.
func TestARightPasswordIsRightBesideAnotherSignIn(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		for _, v := range []Visit{{}, {Device: h.in("midori", "hr", Visit{}).Device}} {
			a, err := h.find(t.Context(), v, "midori", "hr", rightPW)
			must(t, err)
			right, rehash, err := h.look(t.Context(), a, rightPW)
			if must(t, err); !right {
				t.Fatal("the password is right")
			}
			h.in("midori", "hr", v)
			if _, err := h.passed(t.Context(), a, rightPW, rehash); err != nil {
				t.Errorf("with the device %q: %v", a.device, err)
			}
		}
		if n := h.one("midori", "hr").Failures; n != 0 {
			t.Errorf("%d failures", n)
		}
	})
}
