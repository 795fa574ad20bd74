package identity

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/testdb"
)

// inTime runs fn with a house in a bubble of time, on both engines; it begins with a half minute.
func inTime(t *testing.T, fn func(t *testing.T, h *house)) {
	t.Helper()
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		synctest.Test(t, func(t *testing.T) {
			inner := *e
			var err error
			inner.DB, err = db.Open(t.Context(), e.Main)
			must(t, err)
			t.Cleanup(func() { must(t, inner.DB.Close()) })
			inner.Keys, err = db.Open(t.Context(), e.KeyStore)
			must(t, err)
			t.Cleanup(func() { must(t, inner.Keys.Close()) })
			fn(t, newHouse(t, &inner, quick()))
		})
	})
}

// until sleeps to an instant of a step, counted from its beginning.
func until(step int64, into time.Duration) {
	time.Sleep(time.Until(time.Unix(step*totpPeriod, 0).Add(into)))
}

// typed opens a sign-in and answers it with a code.
func (h *house) typed(code, role, app string) error {
	h.t.Helper()
	v := Visit{Addr: "192.0.2.1"}
	p, err := h.first(code, role, rightPW, v)
	must(h.t, err)
	_, err = h.SubmitCode(h.t.Context(), v, p.Token, app)
	return err
}

// TestAppCodeLivesHalfAMinute: from the first to the last microsecond of its own 30 seconds a code counts, and at no
// other time; who typed it a moment too late or with a fast clock is told so. The neighbour's app is untouched.
func TestAppCodeLivesHalfAMinute(t *testing.T) {
	inTime(t, func(t *testing.T, h *house) {
		h.enrol("midori", "hr")
		h.enrol("hikari", "hr")
		_, neighbours := h.appSecret("hikari", "hr")
		secret, step := h.appSecret("midori", "hr")
		for _, c := range []struct {
			into time.Duration
			want string
		}{
			{0, ""}, {30*time.Second - time.Microsecond, ""}, {15 * time.Second, ""},
			{30 * time.Second, "identity.factor_past"}, {60*time.Second - time.Microsecond, "identity.factor_past"}, {60 * time.Second, "identity.factor_wrong"},
			{-time.Microsecond, "identity.factor_ahead"}, {-30 * time.Second, "identity.factor_ahead"}, {-30*time.Second - time.Microsecond, "identity.factor_wrong"},
		} {
			step += 5
			code, err := totpCode(secret, step)
			must(t, err)
			until(step, c.into)
			h.want(h.typed("midori", "hr", code), c.want)
			if c.want == "" {
				h.want(h.typed("midori", "hr", code), "identity.factor_wrong") // each once
			}
		}
		if _, got := h.appSecret("hikari", "hr"); got != neighbours {
			t.Errorf("the neighbour's step went from %d to %d", neighbours, got)
		}
	})
}

// TestTellingWhyHelpsNoGuess: a code of the next half minute that was told to be early never counts, a late one is
// counted like any wrong one in an attempt and in a day, and the present one still signs in beside them.
func TestTellingWhyHelpsNoGuess(t *testing.T) {
	inTime(t, func(t *testing.T, h *house) {
		ctx, v := t.Context(), Visit{Addr: "192.0.2.1"}
		h.enrol("hikari", "hr")
		secret, step := h.appSecret("hikari", "hr")
		at := func(n int64) string {
			code, err := totpCode(secret, n)
			must(t, err)
			return code
		}
		step += 4
		until(step, 10*time.Second)
		h.want(h.typed("hikari", "hr", at(step+1)), "identity.factor_ahead")
		h.want(h.typed("hikari", "hr", at(step+1)), "identity.factor_wrong") // the second time it is used up
		until(step+1, 0)
		h.want(h.typed("hikari", "hr", at(step+1)), "identity.factor_wrong")
		until(step+2, 0)
		h.want(h.typed("hikari", "hr", at(step+2)), "")

		step += 6
		until(step, 0)
		late := at(step - 1)
		p, err := h.first("hikari", "hr", rightPW, v)
		must(t, err)
		for left := 4; left > 0; left-- {
			_, err = h.SubmitCode(ctx, v, p.Token, late)
			h.want(err, "identity.factor_past")
			if f := fault.Of(err); f.Args["left"] != strconv.Itoa(left) {
				t.Errorf("%v tries are left, want %d", f.Args, left)
			}
		}
		_, err = h.SubmitCode(ctx, v, p.Token, late)
		h.want(err, "identity.code_dead")
		looked := 0
		for err = nil; err == nil && looked <= ownTriesDay; {
			if p, err = h.first("hikari", "hr", rightPW, v); err == nil {
				_, wrong := h.SubmitCode(ctx, v, p.Token, late)
				h.want(wrong, "identity.factor_past")
				looked++
			}
		}
		if looked > ownTriesDay-8 { // eight tries were made above
			t.Errorf("%d more late codes were looked at", looked)
		}
		h.want(err, "identity.factor_ceiling")
	})
}

// TestEnrolmentAndResetKeepTheHalfMinute: an app is enrolled and a password set anew with the present code alone.
func TestEnrolmentAndResetKeepTheHalfMinute(t *testing.T) {
	inTime(t, func(t *testing.T, h *house) {
		ctx, v := t.Context(), Visit{Addr: "192.0.2.1"}
		in := h.in("midori", "hr", v)
		must(t, h.Prove(ctx, v, in.Token, rightPW))
		must(t, h.OfferTOTP(ctx, v, in.Token))
		offer, err := h.TOTPOffer(ctx, in.Token, "検査")
		must(t, err)
		secret := unspell(t, offer.Secret)
		step := totpStep(time.Now()) + 1
		around := func() (before, present, after string) {
			until(step, 30*time.Second-time.Microsecond)
			before, present, after, err := codesAround(secret, step)
			must(t, err)
			return before, present, after
		}
		before, present, after := around()
		h.want(h.ConfirmTOTP(ctx, v, in.Token, before), "identity.totp_past")
		h.want(h.ConfirmTOTP(ctx, v, in.Token, after), "identity.totp_ahead")
		must(t, h.ConfirmTOTP(ctx, v, in.Token, present))

		token, err := h.BeginReset(ctx, v, "midori", "hr")
		must(t, err)
		mailed := h.resetCode("hr@midori.example")
		step += 3
		before, present, _ = around()
		h.want(h.FinishReset(ctx, v, token, "00000000", before, otherPW), "identity.reset_wrong") // nothing about the app without the mail
		h.want(h.FinishReset(ctx, v, token, mailed, before, otherPW), "identity.reset_past")
		must(t, h.FinishReset(ctx, v, token, mailed, present, otherPW))
		token, err = h.BeginReset(ctx, v, "midori", "hr")
		must(t, err)
		mailed = h.resetCode("hr@midori.example")
		step += 3
		_, _, after = around()
		h.want(h.FinishReset(ctx, v, token, mailed, after, rightPW), "identity.reset_ahead")
		until(step+1, 0)
		h.want(h.FinishReset(ctx, v, token, mailed, after, rightPW), "identity.reset_wrong")
	})
}

// TestProbeOfTheAppFitsIntoOneHalfMinute: near its end the probe waits, what a turn has split begins anew, and a host
// too slow for it is no result.
func TestProbeOfTheAppFitsIntoOneHalfMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := totpStep(time.Now())
		until(first, 30*time.Second-stepRoom)
		must(t, inStep(t.Context(), func(step int64) error {
			if step != first {
				t.Errorf("it waits although there is room: %d", step-first)
			}
			return nil
		}))
		time.Sleep(time.Microsecond)
		var seen []int64
		must(t, inStep(t.Context(), func(step int64) error {
			seen = append(seen, step-first)
			if len(seen) == 1 {
				time.Sleep(30 * time.Second)
				return errors.New("what a turn makes of it")
			}
			return nil
		}))
		if len(seen) != 2 || seen[0] != 1 || seen[1] != 2 {
			t.Error(seen)
		}
		if err := inStep(t.Context(), func(int64) error { time.Sleep(40 * time.Second); return nil }); err == nil {
			t.Error("three half minutes that were too short are a result")
		}
		if err := inStep(t.Context(), func(int64) error { return context.DeadlineExceeded }); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		over, stop := context.WithCancel(t.Context())
		stop()
		until(totpStep(time.Now()), 29*time.Second)
		if err := inStep(over, func(int64) error { t.Error("it tries although it has to end"); return nil }); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}
