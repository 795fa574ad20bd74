package identity

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/engine/mail"
	"rakudos/internal/testkit/testdb"
)

func TestCodeIsEightDigits(t *testing.T) {
	var first [10]int
	for range 5000 {
		c := newCode()
		if len(c) != 8 || strings.Trim(c, "0123456789") != "" {
			t.Fatal(c)
		}
		first[c[0]-'0']++
	}
	for d, n := range first {
		if n < 380 || n > 620 {
			t.Errorf("%d leads %d of 5000 codes", d, n)
		}
	}
	for in, want := range map[string]string{"１２３４ ５６７８": "12345678", " 1234-5678\n": "12345678", "12345678": "12345678", "abc": "abc"} {
		if got := normalCode(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}

func TestCodeLivesTenMinutes(t *testing.T) {
	p, sent := DefaultPolicy(), time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)
	for after, want := range map[time.Duration]bool{
		0: true, 9*time.Minute + 59*time.Second: true, 10 * time.Minute: true,
		10*time.Minute + time.Millisecond: false, 10*time.Minute + time.Microsecond: false, 11 * time.Minute: false,
	} {
		if got := p.inTime(sent, sent.Add(after)); got != want {
			t.Errorf("after %v: %v", after, got)
		}
	}
}

func TestCodeRules(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		ctx := t.Context()
		submit := func(p Pending, code string) error { _, err := h.SubmitCode(ctx, Visit{}, p.Token, code); return err }
		start := func(role string) (Pending, string) {
			p, err := h.first("midori", role, rightPW, Visit{})
			must(t, err)
			return p, h.mailed(role + "@midori.example")
		}

		// Five wrong tries end it, and the right code comes too late.
		p, code := start("hr")
		for i := range 4 {
			err := submit(p, other(code))
			h.want(err, "identity.code_wrong")
			if left := fault.Of(err).Args["left"]; left != fmt.Sprint(4-i) {
				t.Errorf("left %s", left)
			}
		}
		h.want(submit(p, other(code)), "identity.code_dead")
		h.want(submit(p, code), "identity.no_signin")

		// A code of another sign-in, of another person or of the same one.
		a, ca := start("hr")
		b, cb := start("nurse")
		a2, ca2 := start("hr")
		h.want(submit(b, ca), "identity.code_wrong")
		h.want(submit(a2, ca), "identity.code_wrong")
		must(t, submit(a, ca))
		must(t, submit(b, cb))
		must(t, submit(a2, ca2))
		h.want(submit(a, ca), "identity.no_signin")
		h.want(submit(Pending{Token: "x"}, ca), "identity.no_signin")
		h.want(submit(Pending{}, ca), "identity.no_signin")

		// Aged: exactly ten minutes can't be hit with a running clock; the rule itself is tested above.
		p, code = start("hr")
		must(t, h.AgeCode(ctx, p.Token, 9*time.Minute+55*time.Second))
		must(t, submit(p, code))
		p, code = start("hr")
		must(t, h.AgeCode(ctx, p.Token, 10*time.Minute+time.Millisecond))
		h.want(submit(p, code), "identity.code_expired")
		h.want(submit(p, code), "identity.code_expired")
		if n := h.one("midori", "hr").Failures; n != 0 {
			t.Errorf("codes count as password failures: %d", n)
		}
	})
}

// other is a code that is not c.
func other(c string) string {
	return fmt.Sprintf("%s%d", c[:7], (int(c[7]-'0')+1)%10)
}

// TestADoubleClickAsksForOneCode: the clicks that come second wait their turn, and nobody is sent back to the password.
func TestADoubleClickAsksForOneCode(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		ctx := t.Context()
		for round := range 5 {
			p, err := h.first("midori", "hr", rightPW, Visit{})
			must(t, err)
			must(t, h.AgeCode(ctx, p.Token, 31*time.Second))
			errs := make([]error, 6)
			var all sync.WaitGroup
			for i := range errs {
				all.Go(func() { _, errs[i] = h.ResendCode(ctx, Visit{}, p.Token) })
			}
			all.Wait()
			sent := 0
			for _, err := range errs {
				if err == nil {
					sent++
				} else {
					h.want(err, "identity.resend_soon")
				}
			}
			if sent != 1 {
				t.Errorf("round %d: %d codes were sent", round, sent)
			}
			h.mailed("hr@midori.example")
		}
	})
}

func TestResend(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		ctx := t.Context()
		p, err := h.first("midori", "hr", rightPW, Visit{})
		must(t, err)
		old := h.mailed("hr@midori.example")
		_, err = h.ResendCode(ctx, Visit{}, p.Token)
		h.want(err, "identity.resend_soon")
		if f := fault.Of(err); f.RetryAfter < 29*time.Second || f.RetryAfter > 30*time.Second {
			t.Errorf("retry after %v", f.RetryAfter)
		}
		_, err = h.SubmitCode(ctx, Visit{}, p.Token, other(old))
		h.want(err, "identity.code_wrong")
		var newest string
		for i := range 3 {
			must(t, h.AgeCode(ctx, p.Token, 31*time.Second))
			q, err := h.ResendCode(ctx, Visit{}, p.Token)
			must(t, err)
			newest = h.mailed("hr@midori.example")
			if q.ResendsLeft != 2-i || q.TriesLeft != 4 {
				t.Errorf("a resend must keep the tries: %+v", q)
			}
		}
		must(t, h.AgeCode(ctx, p.Token, 31*time.Second))
		_, err = h.ResendCode(ctx, Visit{}, p.Token)
		h.want(err, "identity.resend_limit")
		if old != newest {
			_, err = h.SubmitCode(ctx, Visit{}, p.Token, old)
			h.want(err, "identity.code_wrong")
		}
		_, err = h.SubmitCode(ctx, Visit{}, p.Token, newest)
		must(t, err)
		_, err = h.ResendCode(ctx, Visit{}, p.Token)
		h.want(err, "identity.no_signin")
	})
}

func TestParallelCodesNeverExceedFive(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		p, err := h.first("midori", "hr", rightPW, Visit{})
		must(t, err)
		code := h.mailed("hr@midori.example")
		var looked atomic.Int64
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				_, err := h.SubmitCode(context.Background(), Visit{}, p.Token, other(code))
				if c := fault.Of(err).Code; c == "identity.code_wrong" || c == "identity.code_dead" {
					looked.Add(1)
				}
			})
		}
		wg.Wait()
		if looked.Load() != 5 {
			t.Errorf("%d looked at", looked.Load())
		}
	})
}

func TestParallelRightCodesGiveOneSession(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		p, err := h.first("midori", "hr", rightPW, Visit{})
		must(t, err)
		code := h.mailed("hr@midori.example")
		var in atomic.Int64
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				if _, err := h.SubmitCode(context.Background(), Visit{}, p.Token, code); err == nil {
					in.Add(1)
				}
			})
		}
		wg.Wait()
		if in.Load() != 1 {
			t.Errorf("%d sessions of one code", in.Load())
		}
	})
}

func TestCeilingOfCodes(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		p := quick()
		p.CodesPerDay = 3
		h := newHouse(t, e, p)
		for range 3 {
			_, err := h.first("hikari", "hr", rightPW, Visit{})
			must(t, err)
		}
		_, err := h.first("hikari", "hr", rightPW, Visit{})
		h.want(err, "identity.code_ceiling")
		if f := fault.Of(err); f.RetryAfter < 23*time.Hour || f.RetryAfter > 24*time.Hour {
			t.Errorf("retry after %v", f.RetryAfter)
		}
		if n := h.one("hikari", "hr").Failures; n != 0 {
			t.Errorf("counted as a failure: %d", n)
		}
		h.in("hikari", "nurse", Visit{})
		for range 5 { // a probe tenant's mail never leaves the process
			_, err := h.first("midori", "hr", rightPW, Visit{})
			must(t, err)
		}
		h.in("midori", "hr", Visit{})
	})
}

// deaf is a mail relay that is down.
type deaf struct{}

func (deaf) Send(context.Context, mail.Message) error { return errors.New("no route") }

func TestMailFails(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		h.Service.mail = deaf{}
		_, err := h.first("midori", "hr", rightPW, Visit{})
		h.want(err, "identity.mail_failed")
		if got := h.verbs("midori"); got != "password_ok code_unsent" {
			t.Error(got)
		}
		h.Service.mail = h.box
		h.in("midori", "hr", Visit{})
	})
}

func TestMailsHoldNoOtherRunOfDigits(t *testing.T) {
	s := &Service{policy: DefaultPolicy(), site: "https://health.example:65535"}
	at := time.Date(2026, 11, 23, 14, 5, 9, 0, time.UTC)
	if got := moment(at); got != "2026年11月23日 23時05分" {
		t.Error(got)
	}
	for _, addr := range []string{"203.0.113.255", "2001:db8:1234:5678::9999", "12345678", "1234567890123456", "", "a\nb"} {
		m := s.codeMail("a@b.example", TenantInfo{Name: "第12345678\n営業部"}, Visit{Addr: addr}, "00000000", Pending{SentAt: at, ExpiresAt: at})
		if runs := eight.FindAllString(m.Subject+m.Text, -1); len(runs) != 1 || runs[0] != "00000000" {
			t.Errorf("%q: %v", addr, runs)
		}
		if !strings.Contains(m.Text, "https://health.example:65535\n") {
			t.Error(m.Text)
		}
		must(t, mail.Check(m))
	}
	for in, want := range map[string]string{"hana@a.example": "h***@a.example", "花@a.example": "花***@a.example", "@a": "***", "": "***"} {
		if got := maskEmail(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}
