package identity

import (
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/testkit/testdb"
)

// told waits for a mail whose subject holds some words.
func (h *house) told(t *testing.T, to, subject string) string {
	t.Helper()
	text := ""
	eventually(t, "told "+to+" of "+subject, func() bool {
		m, ok := h.box.Take(to, time.Time{})
		text = m.Text
		return ok && strings.Contains(m.Subject, subject)
	})
	return text
}

// TestOwnersAreTold: of a browser that is new, of a mailed code that was guessed at after the right password, and
// of a first password that an administrator has made; never of the first sign-in and of a remembered browser.
func TestOwnersAreTold(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		ctx, to := t.Context(), "hr@hikari.example"
		count := func() int { return strings.Count(h.verbs("hikari"), "device_notice") }
		first := h.in("hikari", "hr", Visit{Addr: "192.0.2.1"})
		h.in("hikari", "hr", Visit{Addr: "192.0.2.1", Device: first.Device})
		if n := count(); n != 0 {
			t.Errorf("%d notices of nothing new", n)
		}
		h.in("hikari", "hr", Visit{Addr: "198.51.100.9"})
		if text := h.told(t, to, "新しい端末"); !strings.Contains(text, "198.51.100.9") {
			t.Error(text)
		}
		eventually(t, "one event", func() bool { return count() == 1 })
		h.in("midori", "hr", Visit{})
		h.in("midori", "hr", Visit{}) // the service's own probes would be told day and night
		if strings.Contains(h.verbs("midori"), "device_notice") {
			t.Error("a probe account is told")
		}

		p, err := h.first("hikari", "hr", rightPW, Visit{})
		must(t, err)
		h.mailed(to)
		for range 5 {
			_, err = h.SubmitCode(ctx, Visit{}, p.Token, "x")
		}
		h.want(err, "identity.code_dead")
		h.told(t, to, "続けて失敗しました")

		_, err = h.ResetPassword(ctx, h.admin["hikari"], h.ids["hikari/hr"], "本人の依頼")
		must(t, err)
		h.told(t, to, "最初のパスワードが作り直されました")
	})
}

// TestFirstPasswordReminder: once, three days before it is void; not whoever has changed it, is stopped or has
// more time.
func TestFirstPasswordReminder(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		p := quick()
		p.FirstPasswordFor = FirstWarn - time.Hour
		h := newHouse(t, e, p)
		ctx := t.Context()
		make := func(login string) Account {
			return h.account("hikari", NewAccount{LoginID: login, Name: "新人", Email: login + "@hikari.example", Grants: []Grant{{Role: actor.HR}}})
		}
		make("late")
		must(t, h.Disable(ctx, h.admin["hikari"], make("gone").ID, "x"))
		h.policy.FirstPasswordFor = FirstWarn + time.Hour
		make("early")
		for range 3 {
			must(t, h.Sweep(ctx))
		}
		if text := h.told(t, "late@hikari.example", "期限"); !strings.Contains(text, "使えなくなります") {
			t.Error(text)
		}
		eventually(t, "an event", func() bool { return strings.Contains(h.verbs("hikari"), "first_notice") })
		if n := strings.Count(h.verbs("hikari"), "first_notice"); n != 1 || strings.Contains(h.verbs("midori"), "first_notice") {
			t.Errorf("%d reminders", n)
		}
	})
}

// TestRecoveryCodesAreSlowToGuess: what is stored depends on the costs of a password, on the account and on the
// key, and on nothing that is stored beside it.
func TestRecoveryCodesAreSlowToGuess(t *testing.T) {
	h := newHouse(t, testdb.New(t, "sqlite"), quick())
	ctx := t.Context()
	k, err := h.keys.Tenant(ctx, h.tenants["midori"].ID)
	must(t, err)
	of := func(account, code string) string {
		t.Helper()
		b, err := h.recoveryMAC(ctx, k, h.ids["midori/"+account], code)
		must(t, err)
		return string(b)
	}
	one := of("hr", "abcde-fghjk")
	if one != of("hr", "ABCDEFGHJK") || one == of("nurse", "abcde-fghjk") || one == of("hr", "abcde-fghjm") {
		t.Error("not of this code and this account alone")
	}
	h.policy.Hash.Time++
	if one == of("hr", "abcde-fghjk") {
		t.Error("the costs of a password do not count")
	}
}
