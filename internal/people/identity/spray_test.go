package identity

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/testkit/testdb"
)

// TestSprayingIsSlowed: one password at many names, from everywhere.
func TestSprayingIsSlowed(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		guess := func(code string, i int, password string) error {
			_, err := h.first(code, fmt.Sprintf("name%d", i), password, Visit{Addr: fmt.Sprintf("198.51.100.%d", i)})
			return err
		}
		for i := range 10 {
			h.want(guess("hikari", i, "Spring2026!"), "identity.wrong")
			if i < 9 {
				h.want(guess("hikari", i, "Spring2026!"), "identity.wrong") // the same name counts once
			}
		}
		h.want(guess("hikari", 11, "SPRING2026!"), "identity.too_soon")
		h.want(guess("hikari", 12, "Autumn2026!"), "identity.wrong")
		h.want(guess("midori", 11, "Spring2026!"), "identity.wrong")
		h.in("hikari", "hr", Visit{Addr: "198.51.100.1"}) // nobody else waits
		eventually(t, "the administrators are told", func() bool {
			m, ok := h.box.Take("tenantadmin@hikari.example", time.Time{})
			return ok && strings.Contains(m.Subject, "総当たり") && !eight.MatchString(m.Text)
		})
		eventually(t, "it is in the log", func() bool {
			return strings.Contains(h.verbs("hikari"), "spray spray_notice") || strings.Contains(h.verbs("hikari"), "spray_notice")
		})
		if got := h.verbs("hikari"); strings.Count(got, "spray ") != 1 {
			t.Error(got)
		}
		if got := h.verbs("midori"); strings.Contains(got, "spray") {
			t.Error("the other tenant's log: " + got)
		}
	})
}

// TestSprayingFromOneNetwork: many names with different passwords; a remembered device does not wait.
func TestSprayingFromOneNetwork(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		known := h.in("hikari", "hr", Visit{Addr: "203.0.113.9"})
		for i := range 30 {
			_, err := h.first("hikari", fmt.Sprintf("n%d", i), fmt.Sprintf("Guess%d!abc", i), Visit{Addr: "203.0.113.9"})
			h.want(err, "identity.wrong")
		}
		_, err := h.first("hikari", "n31", "Guess31!abc", Visit{Addr: "203.0.113.9"})
		if h.want(err, "identity.too_soon"); err == nil {
			t.Fatal("not slowed")
		}
		h.in("hikari", "hr", Visit{Addr: "203.0.113.9", Device: known.Device})
		h.in("hikari", "nurse", Visit{Addr: "203.0.113.10"})
	})
}

// TestManyLocksAlert: the sixth lock in ten minutes tells the administrators, and all are cleared at once.
func TestManyLocksAlert(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		for i := range 6 {
			login := fmt.Sprintf("staff%d", i)
			h.account("hikari", NewAccount{LoginID: login, Name: login, Email: login + "@hikari.example", Password: rightPW, Grants: []Grant{{Role: actor.Employee}}})
			if i == 5 && strings.Contains(h.verbs("hikari"), "many_locks") {
				t.Error("five locks are no alert")
			}
			for range 11 {
				_, err := h.first("hikari", login, fmt.Sprintf("Wrong%d!%s", i, login), Visit{Addr: fmt.Sprintf("192.0.2.%d", 10+i)})
				h.want(err, "identity.wrong")
			}
		}
		eventually(t, "the alert", func() bool {
			m, ok := h.box.Take("tenantadmin@hikari.example", time.Time{})
			return ok && strings.Contains(m.Text, "10分のあいだに5を超える")
		})
		if _, err := h.UnlockAll(t.Context(), h.admin["hikari"], ""); err == nil {
			t.Error("unlocked without a reason")
		}
		n, err := h.UnlockAll(t.Context(), h.admin["midori"], "確認済")
		if must(t, err); n != 0 {
			t.Errorf("the other tenant unlocks %d", n)
		}
		n, err = h.UnlockAll(t.Context(), h.admin["hikari"], "本人に確認しました")
		if must(t, err); n != 6 {
			t.Errorf("%d unlocked", n)
		}
		h.t = t
		if _, err := h.first("hikari", "staff3", rightPW, Visit{}); err != nil {
			t.Error(err)
		}
	})
}

// TestSprayingOverManyTenants: a new tenant code with each guess, known or not, is one network all the same. Other
// networks and remembered devices do not wait, and no tenant's administrators are bothered.
func TestSprayingOverManyTenants(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		p := quick()
		p.AnywhereNames = 12
		h := newHouse(t, e, p)
		known := h.in("hikari", "hr", Visit{Addr: "203.0.113.9"})
		guess := func(i int, v Visit) error {
			_, err := h.first(fmt.Sprintf("tenant%d", i), "hr", fmt.Sprintf("Guess%d!abc", i), v)
			return err
		}
		for i := range 12 {
			h.want(guess(i, Visit{Addr: "203.0.113.9"}), "identity.wrong")
			if i == 5 {
				h.want(guess(i, Visit{Addr: "203.0.113.9"}), "identity.wrong") // the same name counts once
			}
		}
		err := guess(13, Visit{Addr: "203.0.113.9"})
		if h.want(err, "identity.too_soon"); fault.Of(err) == nil || fault.Of(err).RetryAfter < time.Second {
			t.Errorf("no time to come back: %v", err)
		}
		_, err = h.first("hikari", "nurse", rightPW, Visit{Addr: "203.0.113.9"})
		h.want(err, "identity.too_soon")
		h.want(guess(14, Visit{Addr: "203.0.113.10"}), "identity.wrong")
		h.in("hikari", "hr", Visit{Addr: "203.0.113.9", Device: known.Device})
		if got := h.verbs("hikari"); strings.Contains(got, "spray") {
			t.Error(got)
		}
	})
}
