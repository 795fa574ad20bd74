package identity

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/testdb"
)

// TestTOTPOnce, as a property: of any order of codes from around now, a step is accepted at most once, in its own half
// minute, and never one before the newest accepted.
func TestTOTPOnce(t *testing.T) {
	secret := newTOTPSecret()
	rapid.Check(t, func(t *rapid.T) {
		now := time.Unix(rapid.Int64Range(1_700_000_000, 2_500_000_000).Draw(t, "now"), 0)
		newest := int64(0)
		for range rapid.IntRange(1, 12).Draw(t, "tries") {
			of := totpStep(now) + rapid.Int64Range(-2, 2).Draw(t, "away")
			code, err := totpCode(secret, of)
			if err != nil {
				t.Fatal(err)
			}
			step, is, err := matchTOTP(secret, code, now, newest)
			if err != nil {
				t.Fatal(err)
			}
			if is == codeRight && (step <= newest || step != totpStep(now)) {
				t.Fatalf("step %d at %d after %d", step, totpStep(now), newest)
			}
			if is != codeRight && of == totpStep(now) && of > newest {
				t.Fatalf("step %d is refused after %d", of, newest)
			}
			if is == codeRight {
				newest = step
			}
			now = now.Add(time.Duration(rapid.Int64Range(0, 45).Draw(t, "later")) * time.Second)
		}
	})
}

// TestRecoveryNormal: however a code is written, it is the same one; another one never is.
func TestRecoveryNormal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		code := newRecovery()
		typed := rapid.SampledFrom([]func(string) string{
			strings.ToUpper, strings.TrimSpace, func(s string) string { return " " + s + " " },
			func(s string) string { return strings.ReplaceAll(s, "-", "") }, func(s string) string { return strings.ReplaceAll(s, "-", " - ") },
		}).Draw(t, "typed")(code)
		if normalRecovery(typed) != normalRecovery(code) {
			t.Fatalf("%q is not %q", typed, code)
		}
		if other := newRecovery(); normalRecovery(other) == normalRecovery(code) {
			t.Fatal("two codes are the same")
		}
	})
}

// TestOneUseAtOnce: twenty browsers with the same app code, and twenty with the same recovery code: one of
// each is in, on both engines.
func TestOneUseAtOnce(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		ctx, v := t.Context(), Visit{Addr: "192.0.2.1"}
		_, codes := h.enrol("midori", "hr")
		for what, get := range map[string]func() string{"app": func() string { return h.fresh("midori", "hr") }, "recovery": func() string { return codes[0] }} {
			var tokens []string
			for range 20 {
				p, err := h.first("midori", "hr", rightPW, v)
				must(t, err)
				tokens = append(tokens, p.Token)
			}
			var in atomic.Int32
			var wg sync.WaitGroup
			code := get()
			for _, token := range tokens {
				wg.Go(func() {
					if _, err := h.SubmitCode(ctx, v, token, code); err == nil {
						in.Add(1)
					} else if f := fault.Of(err); f.Kind == fault.Internal {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			if in.Load() != 1 {
				t.Errorf("%s: %d of 20 are in", what, in.Load())
			}
		}
	})
}

// TestProofRunsOut: five minutes after the proof nothing can be changed any more, and a proof made on one
// session is none on another.
func TestProofRunsOut(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		ctx, v := t.Context(), Visit{Addr: "192.0.2.1"}
		one, two := h.in("midori", "hr", v), h.in("midori", "hr", v)
		must(t, h.Prove(ctx, v, one.Token, rightPW))
		s, err := h.Session(ctx, one.Token, false)
		must(t, err)
		if left := time.Until(s.ProvenUntil); left <= 0 || left > ProofFor {
			t.Fatalf("%v left", left)
		}
		h.want(h.OfferTOTP(ctx, v, two.Token), "identity.proof_needed")
		must(t, h.OfferTOTP(ctx, v, one.Token))
		_, err = h.TOTPOffer(ctx, two.Token, "x") // offered to the other browser
		h.want(err, "identity.ceremony_over")
		k, err := h.keys.Tenant(ctx, h.tenants["midori"].ID)
		must(t, err)
		ago := func(d time.Duration) {
			t.Helper()
			must(t, h.transact(ctx, func(tx *db.Tx) error {
				return h.amendSession(tx, k, h.tenants["midori"].ID, s.ID, func(b *boundSession) { b.proven = db.Micros(time.Now().Add(-d)) })
			}))
		}
		ago(ProofFor - 2*time.Second)
		must(t, h.OfferTOTP(ctx, v, one.Token))
		ago(ProofFor)
		h.want(h.OfferTOTP(ctx, v, one.Token), "identity.proof_needed")
		h.want(h.ConfirmTOTP(ctx, v, one.Token, "123456"), "identity.proof_needed")
		h.want(h.RemoveTOTP(ctx, v, one.Token), "identity.proof_needed")
		_, err = h.MakeCodes(ctx, v, one.Token)
		h.want(err, "identity.proof_needed")
		_, err = h.NewPassword(ctx, v, one.Token, otherPW)
		h.want(err, "identity.proof_needed")
	})
}

// TestSessionStrengthIsBound: who writes "signed in with a passkey" or a fresh proof into the database ends
// the session instead.
func TestSessionStrengthIsBound(t *testing.T) {
	h := newHouse(t, testdb.New(t, "sqlite"), quick())
	ctx, v := t.Context(), Visit{Addr: "192.0.2.1"}
	tid := h.tenants["midori"].ID
	for name, q := range map[string]db.Query{"factor": qTestStrength, "proof": qTestProof} {
		in := h.in("midori", "hr", v)
		must(t, h.db.Tx(ctx, tid, func(tx *db.Tx) error {
			_, err := tx.Exec(q, tid, in.Session.ID, db.Micros(time.Now()))
			return err
		}))
		if _, err := h.Session(ctx, in.Token, false); fault.Of(err) == nil || fault.Of(err).Code != "identity.no_session" {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A sign-in that asks for an app can't be turned into one that a mail answers.
	h.enrol("midori", "nurse")
	p, err := h.first("midori", "nurse", rightPW, v)
	must(t, err)
	must(t, h.db.Tx(ctx, tid, func(tx *db.Tx) error { _, err := tx.Exec(qTestMailed, tid, h.ids["midori/nurse"]); return err }))
	for _, typed := range []string{"", "own", "00000000"} {
		if _, err := h.SubmitCode(ctx, v, p.Token, typed); err == nil {
			t.Errorf("%q is in", typed)
		}
	}
}

var (
	qTestStrength = db.Q("identity.test_strength", `update identity_sessions set factor = 'passkey', seen_at = $3 where tenant_id = $1 and session_id = $2`)
	qTestProof    = db.Q("identity.test_proof", `update identity_sessions set proven_at = $3 where tenant_id = $1 and session_id = $2`)
	qTestMailed   = db.Q("identity.test_mailed", `update identity_signins set factor = 'mail' where tenant_id = $1 and account_id = $2`)
)

// TestGuessesADay: whoever knows the password may try an app 60 times in a day over any number of sign-ins;
// then the second step is not even asked for. Probe accounts have no such bound.
func TestGuessesADay(t *testing.T) {
	h := newHouse(t, testdb.New(t, "sqlite"), quick())
	ctx, v := t.Context(), Visit{Addr: "192.0.2.1"}
	h.enrol("hikari", "hr")
	h.enrol("midori", "hr") // of the probes' tenant
	for _, code := range []string{"hikari", "midori"} {
		var err error
		for range ownTriesDay / 5 {
			var p Pending
			p, err = h.first(code, "hr", rightPW, v)
			must(t, err)
			for range 5 {
				_, _ = h.SubmitCode(ctx, v, p.Token, "000000")
			}
		}
		_, err = h.first(code, "hr", rightPW, v)
		if code == "hikari" {
			h.want(err, "identity.factor_ceiling")
		} else {
			must(t, err)
		}
	}
}

// TestPolicyForNewTenants: without a choice, the policy's roles need two factors, and only those.
func TestPolicyForNewTenants(t *testing.T) {
	h := newHouse(t, testdb.New(t, "sqlite"), quick())
	ctx, v := t.Context(), Visit{Addr: "192.0.2.1"}
	tid := h.tenants["midori"].ID
	must(t, h.db.Tx(ctx, tid, func(tx *db.Tx) error { _, err := tx.Exec(qTestUnchosen, tid); return err }))
	roles, err := h.TwoFactor(ctx, tid)
	must(t, err)
	if len(roles) != 8 || anyRole(roles, []actor.Role{actor.HR, actor.Employee, actor.Manager}) {
		t.Fatal(roles)
	}
	for role, must := range map[string]bool{"hr": false, "nurse": true, "tenantadmin": true} {
		if got := h.in("midori", role, v).Session; got.MustEnrol != must || (len(got.Actor.Roles) == 0) != must {
			t.Errorf("%s: %+v", role, got)
		}
	}
	if got := h.in("hikari", "nurse", v).Session; got.MustEnrol {
		t.Error("the neighbour has chosen otherwise")
	}
}

var qTestUnchosen = db.Q("identity.test_unchosen", `delete from identity_two_factor where tenant_id = $1`)

// TestGuessesADayOverOpenSignIns on both engines: sign-ins that were opened before the first guess, and those that
// went on by mail, give whoever knows the password not one guess more. The owner's right code, too, waits then.
func TestGuessesADayOverOpenSignIns(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		ctx, v := t.Context(), Visit{Addr: "192.0.2.1"}
		h.enrol("hikari", "hr")
		var open []string
		for range ownTriesDay/4 + 3 {
			p, err := h.first("hikari", "hr", rightPW, v)
			must(t, err)
			open = append(open, p.Token)
		}
		looked, bymail := 0, 0
		var wg sync.WaitGroup
		var mu sync.Mutex
		for i, token := range open[1:] {
			wg.Go(func() {
				for range 4 {
					_, err := h.SubmitCode(ctx, v, token, "000000")
					mu.Lock()
					if fault.Of(err).Code == "identity.factor_wrong" {
						looked++
					}
					mu.Unlock()
				}
				if i%5 == 0 { // so that its tries might be forgotten
					if _, err := h.ResendCode(ctx, v, token); err == nil {
						mu.Lock()
						bymail++
						mu.Unlock()
					}
				}
			})
		}
		wg.Wait()
		if looked > ownTriesDay || looked == 0 || bymail == 0 {
			t.Errorf("%d guesses were looked at, %d sign-ins went on by mail", looked, bymail)
		}
		_, err := h.SubmitCode(ctx, v, open[0], h.fresh("hikari", "hr"))
		h.want(err, "identity.factor_ceiling")
		_, err = h.first("hikari", "hr", rightPW, v)
		h.want(err, "identity.factor_ceiling")
	})
}
