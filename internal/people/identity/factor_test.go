package identity

import (
	"errors"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/testdb"
)

// TestTOTPVectors are those of RFC 6238, appendix B (SHA-1), cut to six digits.
func TestTOTPVectors(t *testing.T) {
	secret := []byte("12345678901234567890")
	for at, want := range map[int64]string{59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130"} {
		got, err := totpCode(secret, totpStep(time.Unix(at, 0)))
		if err != nil || got != want {
			t.Errorf("%d: %s %v, want %s", at, got, err, want)
		}
	}
}

// TestTOTPWindow: a code counts in its own half minute, its neighbours are known by name, and none counts twice.
func TestTOTPWindow(t *testing.T) {
	secret, now := newTOTPSecret(), time.Unix(1_800_000_015, 0)
	for d, want := range map[int64]standing{-3: codeWrong, -2: codeWrong, -1: codePast, 0: codeRight, 1: codeAhead, 2: codeWrong, 3: codeWrong} {
		code, err := totpCode(secret, totpStep(now)+d)
		must(t, err)
		step, is, err := matchTOTP(secret, code, now, 0)
		must(t, err)
		if is != want || is != codeWrong && step != totpStep(now)+d {
			t.Errorf("a code of %d steps away: %v %d", d, is, step)
		}
		if _, is, _ := matchTOTP(secret, code, now, totpStep(now)+d); is != codeWrong {
			t.Errorf("a used step of %d is known again: %v", d, is)
		}
	}
	for _, bad := range []string{"", "12345", "1234567", "abcdef", strings.Repeat("1", 1000)} {
		if _, is, err := matchTOTP(secret, bad, now, 0); is != codeWrong || err != nil {
			t.Errorf("%.10q is %v: %v", bad, is, err)
		}
	}
}

func TestRecoveryForm(t *testing.T) {
	seen := map[string]bool{}
	for range 200 {
		c := newRecovery()
		if n := normalRecovery(c); len(c) != 11 || c[5] != '-' || len(n) != recoveryLetters || seen[n] {
			t.Fatalf("%q", c)
		}
		seen[normalRecovery(c)] = true
	}
	if normalRecovery(" ＡＢＣＤＥ－fghjk ") != "abcdefghjk" {
		t.Error(normalRecovery(" ＡＢＣＤＥ－fghjk "))
	}
}

// roomInStep waits for the next half minute when the present one is nearly over, so that a code read now is still
// good when it arrives.
func roomInStep(t testing.TB) int64 {
	t.Helper()
	if left := time.Until(time.Unix((totpStep(time.Now())+1)*totpPeriod, 0)); left < 6*time.Second {
		time.Sleep(left)
	}
	return totpStep(time.Now())
}

// appSecret is what the account's app knows, and the newest step that was used up.
func (h *house) appSecret(code, role string) ([]byte, int64) {
	h.t.Helper()
	k, err := h.keys.Tenant(h.t.Context(), h.tenants[code].ID)
	must(h.t, err)
	id := h.ids[code+"/"+role]
	var r totpRow
	must(h.t, h.db.View(h.t.Context(), h.tenants[code].ID, func(tx *db.Tx) (err error) {
		r, err = db.One(tx, qTOTP, scanTOTP, h.tenants[code].ID, id)
		return err
	}))
	secret, err := k.Open(at(totpTable, string(id), "secret"), r.secret)
	must(h.t, err)
	return secret, r.step
}

// fresh is a code of the account's app that counts now. Where this half minute's is used up, it is as if that had
// been the one before.
func (h *house) fresh(code, role string) string {
	h.t.Helper()
	step := roomInStep(h.t)
	secret, newest := h.appSecret(code, role)
	if newest >= step {
		k, err := h.keys.Tenant(h.t.Context(), h.tenants[code].ID)
		must(h.t, err)
		id := h.ids[code+"/"+role]
		must(h.t, h.db.Tx(h.t.Context(), h.tenants[code].ID, func(tx *db.Tx) error {
			r, err := db.One(tx, qTOTP, scanTOTP, h.tenants[code].ID, id)
			if err != nil {
				return err
			}
			_, err = tx.Exec(qTOTPUse, h.tenants[code].ID, id, step-1, totpMAC(k, id, r.secret, step-1), 1, r.step)
			return err
		}))
	}
	out, err := totpCode(secret, step)
	must(h.t, err)
	return out
}

// enrol gives an account an app and recovery codes.
func (h *house) enrol(code, role string) (SignedIn, []string) {
	h.t.Helper()
	ctx, v := h.t.Context(), Visit{Addr: "192.0.2.1"}
	in := h.in(code, role, v)
	h.want(h.OfferTOTP(ctx, v, in.Token), "identity.proof_needed")
	h.want(h.Prove(ctx, v, in.Token, wrongPW), "identity.proof_wrong")
	must(h.t, h.Prove(ctx, v, in.Token, rightPW))
	_, err := h.MakeCodes(ctx, v, in.Token)
	h.want(err, "identity.codes_alone")
	must(h.t, h.OfferTOTP(ctx, v, in.Token))
	offer, err := h.TOTPOffer(ctx, in.Token, "検査")
	must(h.t, err)
	if !strings.HasPrefix(offer.URI, "otpauth://totp/") || !strings.Contains(offer.URI, "secret="+strings.ReplaceAll(offer.Secret, " ", "")) || strings.Contains(offer.URI, "+") {
		h.t.Fatal(offer.URI)
	}
	h.want(h.ConfirmTOTP(ctx, v, in.Token, "000000"), "identity.totp_wrong")
	secret := unspell(h.t, offer.Secret)
	right, err := totpCode(secret, roomInStep(h.t))
	must(h.t, err)
	must(h.t, h.ConfirmTOTP(ctx, v, in.Token, right))
	h.want(h.ConfirmTOTP(ctx, v, in.Token, right), "identity.ceremony_over")
	codes, err := h.MakeCodes(ctx, v, in.Token)
	must(h.t, err)
	if len(codes) != RecoveryCodes {
		h.t.Fatal(codes)
	}
	return in, codes
}

// TestTOTPSignIn: with an app nothing is mailed; a code counts once; five wrong ones end the sign-in; a
// mail may be asked for as long as two factors are not required. The neighbour's account is untouched.
func TestTOTPSignIn(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		ctx, v := t.Context(), Visit{Addr: "192.0.2.1"}
		h.enrol("midori", "hr")
		start := time.Now()
		p, err := h.first("midori", "hr", rightPW, v)
		must(t, err)
		if !p.Own || !p.TOTP || p.Passkey || !p.MayMail || p.SentTo != "" {
			t.Fatalf("%+v", p)
		}
		if m, ok := h.box.Take("hr@midori.example", start); ok && strings.Contains(m.Subject, "確認コード") {
			t.Fatal("a code was mailed")
		}
		_, err = h.SubmitCode(ctx, v, p.Token, "")
		h.want(err, "identity.factor_wrong")
		code := h.fresh("midori", "hr")
		in, err := h.SubmitCode(ctx, v, p.Token, " "+code[:3]+" "+code[3:])
		must(t, err)
		if in.Session.Factor != FactorTOTP || in.Session.MustEnrol {
			t.Fatalf("%+v", in.Session)
		}
		p, err = h.first("midori", "hr", rightPW, v)
		must(t, err)
		_, err = h.SubmitCode(ctx, v, p.Token, code)
		h.want(err, "identity.factor_wrong") // replayed
		for range 3 {
			_, err = h.SubmitCode(ctx, v, p.Token, "000000")
			h.want(err, "identity.factor_wrong")
		}
		_, err = h.SubmitCode(ctx, v, p.Token, "000000")
		h.want(err, "identity.code_dead")
		_, err = h.SubmitCode(ctx, v, p.Token, h.fresh("midori", "hr"))
		h.want(err, "identity.no_signin")

		p, err = h.first("midori", "hr", rightPW, v)
		must(t, err)
		mail, err := h.ResendCode(ctx, v, p.Token)
		must(t, err)
		if mail.Own || mail.SentTo == "" {
			t.Fatalf("%+v", mail)
		}
		_, err = h.SubmitCode(ctx, v, p.Token, h.fresh("midori", "hr"))
		h.want(err, "identity.code_wrong") // it is the mail's turn now
		in, err = h.SubmitCode(ctx, v, p.Token, h.mailed("hr@midori.example"))
		must(t, err)
		if in.Session.Factor != FactorMail {
			t.Fatal(in.Session.Factor)
		}
		if got := h.in("hikari", "hr", v); got.Session.Factor != FactorMail {
			t.Fatal("the neighbour is asked for an app")
		}
	})
}

// TestRecoveryCodes: each once; new ones void the old; they belong to one account.
func TestRecoveryCodes(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		ctx, v := t.Context(), Visit{Addr: "192.0.2.1"}
		_, old := h.enrol("hikari", "nurse")
		_, codes := h.enrol("midori", "nurse")
		step := func(code string) (SignedIn, error) {
			p, err := h.first("midori", "nurse", rightPW, v)
			must(t, err)
			return h.SubmitCode(ctx, v, p.Token, code)
		}
		in, err := step(strings.ToUpper(codes[0]))
		must(t, err)
		if in.Session.Factor != FactorRecovery {
			t.Fatal(in.Session.Factor)
		}
		eventually(t, "told", func() bool {
			m, ok := h.box.Take("nurse@midori.example", time.Time{})
			return ok && strings.Contains(m.Text, "残り9個")
		})
		for _, bad := range []string{codes[0], old[0]} {
			_, err = step(bad)
			h.want(err, "identity.factor_wrong")
		}
		f, err := h.Factors(ctx, in.Token)
		must(t, err)
		if f.Codes != 9 || f.Factors() != 1 || f.FewCodes() || f.Required {
			t.Fatalf("%+v", f)
		}
		must(t, h.Prove(ctx, v, in.Token, rightPW))
		again, err := h.MakeCodes(ctx, v, in.Token)
		must(t, err)
		_, err = step(codes[1])
		h.want(err, "identity.factor_wrong")
		_, err = step(again[9])
		must(t, err)
	})
}

// TestTwoFactorsRequired: without one the session opens nothing but the enrolment; a mailed code does not do
// any more once there is one; the last factor stays; a reset by the administrator leads to the start again.
func TestTwoFactorsRequired(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		ctx, v := t.Context(), Visit{Addr: "192.0.2.1"}
		before := h.in("midori", "nurse", v)
		must(t, h.SetTwoFactor(ctx, h.admin["midori"], []actor.Role{actor.Nurse}))
		roles, err := h.TwoFactor(ctx, h.tenants["midori"].ID)
		must(t, err)
		if len(roles) != 1 || roles[0] != actor.Nurse {
			t.Fatal(roles)
		}
		s, err := h.Session(ctx, before.Token, false)
		must(t, err)
		if !s.MustEnrol || len(s.Actor.Roles) != 0 {
			t.Fatalf("%+v", s)
		}
		h.want(h.SetTwoFactor(ctx, s.Actor, nil), "access.denied")
		h.want(h.SetTwoFactor(ctx, h.admin["midori"], []actor.Role{"king"}), "identity.role_unknown")
		if got := h.in("hikari", "nurse", v); got.Session.MustEnrol {
			t.Fatal("the neighbour's nurse must enrol")
		}
		in, _ := h.enrol("midori", "nurse")
		s, err = h.Session(ctx, in.Token, false)
		must(t, err)
		if s.MustEnrol || s.Factor != FactorTOTP || !s.Actor.Has(actor.Nurse) {
			t.Fatalf("%+v", s)
		}
		_, err = h.Session(ctx, before.Token, false)
		h.want(err, "identity.session_ended")
		h.want(h.RemoveTOTP(ctx, v, in.Token), "identity.last_factor")
		p, err := h.first("midori", "nurse", rightPW, v)
		must(t, err)
		if !p.Own || p.MayMail {
			t.Fatalf("%+v", p)
		}
		_, err = h.ResendCode(ctx, v, p.Token)
		h.want(err, "identity.mail_barred")
		h.want(h.ResetFactors(ctx, h.admin["midori"], h.ids["midori/nurse"], ""), "identity.reason_missing")
		must(t, h.ResetFactors(ctx, h.admin["midori"], h.ids["midori/nurse"], "電話をなくした"))
		_, err = h.Session(ctx, in.Token, false)
		h.want(err, "identity.session_ended")
		if got := h.in("midori", "nurse", v); !got.Session.MustEnrol {
			t.Fatal("nothing is asked for after a reset")
		}
		must(t, h.SetTwoFactor(ctx, h.admin["midori"], nil))
		last, _ := h.enrol("midori", "nurse")
		p, err = h.first("midori", "nurse", rightPW, v)
		must(t, err)
		_, err = h.ResendCode(ctx, v, p.Token)
		must(t, err)
		weak, err := h.SubmitCode(ctx, v, p.Token, h.mailed("nurse@midori.example"))
		must(t, err)
		must(t, h.SetTwoFactor(ctx, h.admin["midori"], []actor.Role{actor.Nurse}))
		_, err = h.Session(ctx, weak.Token, false)
		h.want(err, "identity.session_weak") // by mail, before it was required
		must(t, h.SetTwoFactor(ctx, h.admin["midori"], nil))
		must(t, h.RemoveTOTP(ctx, v, last.Token))
		f, err := h.Factors(ctx, last.Token)
		must(t, err)
		if f.Factors()+f.Codes != 0 {
			t.Fatalf("%+v", f)
		}
	})
}

// TestFactorRowsFromElsewhere: rows that the service did not write open nothing.
func TestFactorRowsFromElsewhere(t *testing.T) {
	e := testdb.New(t, "sqlite")
	h := newHouse(t, e, quick())
	ctx, v := t.Context(), Visit{Addr: "192.0.2.1"}
	h.enrol("midori", "hr")
	code := h.fresh("midori", "hr")
	p, err := h.first("midori", "hr", rightPW, v)
	must(t, err)
	_, err = h.SubmitCode(ctx, v, p.Token, code)
	must(t, err)
	tid, hr, nurse := h.tenants["midori"].ID, h.ids["midori/hr"], h.ids["midori/nurse"]
	exec := func(q db.Query, args ...any) {
		t.Helper()
		must(t, h.db.Tx(ctx, tid, func(tx *db.Tx) error { _, err := tx.Exec(q, args...); return err }))
	}
	exec(qTestStep, tid, hr, 0) // so that the used code would count again
	p, err = h.first("midori", "hr", rightPW, v)
	must(t, err)
	_, err = h.SubmitCode(ctx, v, p.Token, code)
	h.want(err, "identity.factor_broken")
	exec(qTestMove, tid, hr, nurse) // a secret that an intruder knows, moved to somebody else
	p, err = h.first("midori", "nurse", rightPW, v)
	must(t, err)
	_, err = h.SubmitCode(ctx, v, p.Token, code)
	h.want(err, "identity.factor_broken")
	exec(qTwoFactorSet, tid, []byte("nurse"), 1)
	if _, err := h.TwoFactor(ctx, tid); fault.Of(err) == nil || errors.Is(err, nil) {
		t.Error("a choice that nobody sealed counts")
	}
}

var (
	qTestStep = db.Q("identity.test_step", `update identity_totp set step = $3 where tenant_id = $1 and account_id = $2`)
	qTestMove = db.Q("identity.test_move", `update identity_totp set account_id = $3 where tenant_id = $1 and account_id = $2`)
)

// TestDeletedFactorsBringNoMailBack: whoever deletes the rows of somebody's factors in the database does not open the
// way by password and mail; it is refused, an event, and the administrators are told. Taken away by the service, the mail
// is back; the number itself is bound.
func TestDeletedFactorsBringNoMailBack(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		ctx, v := t.Context(), Visit{Addr: "192.0.2.1"}
		h.enrol("midori", "hr")
		tid, hr := h.tenants["midori"].ID, h.ids["midori/hr"]
		exec := func(q db.Query, args ...any) {
			t.Helper()
			must(t, h.db.Tx(ctx, tid, func(tx *db.Tx) error { _, err := tx.Exec(q, args...); return err }))
		}
		start := time.Now()
		exec(qTOTPDrop, tid, hr)
		_, err := h.first("midori", "hr", rightPW, v)
		h.want(err, "identity.factors_lacking")
		if m, ok := h.box.Take("hr@midori.example", start); ok && strings.Contains(m.Subject, "確認コード") {
			t.Error("a code was mailed")
		}
		if n := strings.Count(h.verbs("midori"), "integrity.row_refused"); n != 1 {
			t.Errorf("%d events", n)
		}
		must(t, h.ResetFactors(ctx, h.admin["midori"], hr, "記録がなくなったため"))
		if p, err := h.first("midori", "hr", rightPW, v); err != nil || p.Own {
			t.Errorf("after the reset: %+v, %v", p, err)
		}
		h.enrol("midori", "nurse")
		exec(qTestCount, tid, h.ids["midori/nurse"])
		if _, err := h.first("midori", "nurse", rightPW, v); err == nil {
			t.Error("the number can be changed")
		}
	})
}

var qTestCount = db.Q("identity.test_count", `update identity_accounts set factors = 0 where tenant_id = $1 and account_id = $2`)
