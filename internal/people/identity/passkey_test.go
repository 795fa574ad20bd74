package identity

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/probe"
	"rakudos/internal/testkit/testdb"
)

var here = Relying{Name: "localhost", Origin: "https://localhost:8443", Service: "検査"}

// passkey gives an account a passkey in a device of its own.
func (h *house) passkey(token string) *probe.Authenticator {
	h.t.Helper()
	ctx, v := h.t.Context(), Visit{Addr: "192.0.2.1"}
	d := probe.NewAuthenticator(here.Origin)
	options, err := h.OfferPasskey(ctx, v, token, here)
	must(h.t, err)
	made, err := d.Make(options)
	must(h.t, err)
	must(h.t, h.AddPasskey(ctx, v, token, here, " 会社の\u0000電話 ", made))
	h.want(h.AddPasskey(ctx, v, token, here, "", made), "identity.ceremony_over")
	return d
}

// byPasskey signs in with a device.
func (h *house) byPasskey(d *probe.Authenticator) (SignedIn, error) {
	h.t.Helper()
	ctx, v := h.t.Context(), Visit{Addr: "192.0.2.1"}
	options, token, err := h.AskSignIn(ctx, v, here)
	must(h.t, err)
	answer, err := d.Use(options)
	must(h.t, err)
	return h.SignInPasskey(ctx, v, token, here, answer)
}

// TestPasskeySignIn: no IDs are typed, one answer is both steps, a lock of the password does not matter, a
// disabled account does; the neighbour's accounts have no passkey.
func TestPasskeySignIn(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		ctx, v := t.Context(), Visit{Addr: "192.0.2.1"}
		in := h.in("midori", "hr", v)
		_, err := h.OfferPasskey(ctx, v, in.Token, here)
		h.want(err, "identity.proof_needed")
		must(t, h.Prove(ctx, v, in.Token, rightPW))
		d := h.passkey(in.Token)
		got, err := h.byPasskey(d)
		must(t, err)
		if s := got.Session; s.Actor.Account != h.ids["midori/hr"] || s.Factor != FactorPasskey || !s.Actor.Has(actor.HR) || !s.ProvenUntil.IsZero() {
			t.Fatalf("%+v", s)
		}
		f, err := h.Factors(ctx, got.Token)
		must(t, err)
		if len(f.Passkeys) != 1 || f.Passkeys[0].Name != "会社の電話" || f.Passkeys[0].Used.IsZero() || f.Factors() != 1 {
			t.Fatalf("%+v", f)
		}
		for range 11 {
			_, _ = h.first("midori", "hr", wrongPW, Visit{})
		}
		_, err = h.first("midori", "hr", rightPW, Visit{})
		h.want(err, "identity.wrong")
		_, err = h.byPasskey(d)
		must(t, err)
		near, err := h.Factors(ctx, h.in("hikari", "hr", v).Token)
		must(t, err)
		if near.Factors() != 0 {
			t.Fatalf("%+v", near)
		}
		must(t, h.Disable(ctx, h.admin["midori"], h.ids["midori/hr"], "退職"))
		_, err = h.byPasskey(d)
		h.want(err, "identity.passkey_wrong")
		if s := h.verbs("midori"); !strings.Contains(s, "factor_added") || !strings.Contains(s, "passkey_failed") {
			t.Error(s)
		}
	})
}

// TestPasskeyRefusals: every way in which an answer can be wrong.
func TestPasskeyRefusals(t *testing.T) {
	h := newHouse(t, testdb.New(t, "sqlite"), quick())
	ctx, v := t.Context(), Visit{Addr: "192.0.2.1"}
	in := h.in("midori", "hr", v)
	must(t, h.Prove(ctx, v, in.Token, rightPW))
	d := h.passkey(in.Token)
	wrong := func(what string, change func(*probe.Authenticator)) {
		t.Helper()
		other := *d
		change(&other)
		_, err := h.byPasskey(&other)
		if d.Count = other.Count; err == nil {
			t.Errorf("%s signs in", what)
			return
		}
		h.want(err, "identity.passkey_wrong")
	}
	wrong("another origin", func(d *probe.Authenticator) { d.Origin = "https://rakudos.example" })
	wrong("another port", func(d *probe.Authenticator) { d.Origin = "https://localhost:9999" })
	wrong("no origin", func(d *probe.Authenticator) { d.Origin = "" })
	wrong("a user that was not verified", func(d *probe.Authenticator) { d.Verified = false })
	stranger := probe.NewAuthenticator(here.Origin)
	_, err := stranger.Make([]byte(`{"publicKey":{"rp":{"id":"localhost"},"user":{"id":"AAAA"}}}`))
	must(t, err)
	wrong("a passkey of nobody", func(d *probe.Authenticator) { *d = *stranger })

	options, token, err := h.AskSignIn(ctx, v, here)
	must(t, err)
	answer, err := d.Use(options)
	must(t, err)
	_, err = h.SignInPasskey(ctx, v, "another browser", here, answer)
	h.want(err, "identity.ceremony_over")
	_, err = h.SignInPasskey(ctx, v, token, Relying{Name: here.Name, Origin: "https://rakudos.example", Service: "x"}, answer)
	h.want(err, "identity.passkey_wrong")
	_, err = h.SignInPasskey(ctx, v, token, here, answer) // used up by the wrong answer
	h.want(err, "identity.ceremony_over")
	_, token, err = h.AskSignIn(ctx, v, here)
	must(t, err)
	_, err = h.SignInPasskey(ctx, v, token, here, answer) // the answer to another challenge
	h.want(err, "identity.passkey_wrong")
	for _, junk := range []string{"", "{}", "null", `{"id":"x"}`, strings.Repeat("[", 1<<10), strings.Repeat("x", maxPasskeyAnswer+1)} {
		_, token, err := h.AskSignIn(ctx, v, here)
		must(t, err)
		if _, err := h.SignInPasskey(ctx, v, token, here, []byte(junk)); err == nil {
			t.Errorf("%.20q signs in", junk)
		}
	}
	// One challenge, twenty answers at once: one of them is in.
	options, token, err = h.AskSignIn(ctx, v, here)
	must(t, err)
	answer, err = d.Use(options)
	must(t, err)
	var wg sync.WaitGroup
	var mu sync.Mutex
	n := 0
	for range 20 {
		wg.Go(func() {
			if _, err := h.SignInPasskey(ctx, v, token, here, answer); err == nil {
				mu.Lock()
				n++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if n != 1 {
		t.Errorf("%d of 20 answers to one challenge sign in", n)
	}
}

// TestPasskeyCopied: a counter that goes backwards suspends the passkey and tells the owner.
func TestPasskeyCopied(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		ctx, v := t.Context(), Visit{Addr: "192.0.2.1"}
		in := h.in("midori", "hr", v)
		must(t, h.Prove(ctx, v, in.Token, rightPW))
		d := h.passkey(in.Token)
		copied := *d
		for range 2 {
			_, err := h.byPasskey(d)
			must(t, err)
		}
		_, err := h.byPasskey(&copied)
		h.want(err, "identity.passkey_wrong")
		_, err = h.byPasskey(d) // whichever is the copy, neither is in
		h.want(err, "identity.passkey_wrong")
		f, err := h.Factors(ctx, in.Token)
		must(t, err)
		if !f.Passkeys[0].Suspended {
			t.Error("it is not shown as suspended")
		}
		eventually(t, "told", func() bool {
			m, ok := h.box.Take("hr@midori.example", time.Time{})
			return ok && strings.Contains(m.Text, "複製された疑い")
		})
	})
}

// TestPasskeyOwnUses: proof, screen and a new password without the old one; somebody else's passkey does none.
func TestPasskeyOwnUses(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		ctx, v := t.Context(), Visit{Addr: "192.0.2.1"}
		in, other := h.in("midori", "hr", v), h.in("midori", "nurse", v)
		must(t, h.Prove(ctx, v, in.Token, rightPW))
		must(t, h.Prove(ctx, v, other.Token, rightPW))
		d, theirs := h.passkey(in.Token), h.passkey(other.Token)
		got, err := h.byPasskey(d)
		must(t, err)
		use := func(d *probe.Authenticator, purpose string, act func(answer []byte) error) error {
			t.Helper()
			options, err := h.AskOwn(ctx, purpose, got.Token, here)
			must(t, err)
			answer, err := d.Use(options)
			must(t, err)
			return act(answer)
		}
		prove := func(answer []byte) error { return h.ProvePasskey(ctx, v, got.Token, here, answer) }
		open := func(answer []byte) error { return h.ReopenPasskey(ctx, v, got.Token, here, answer) }
		_, err = h.NewPassword(ctx, v, got.Token, otherPW)
		h.want(err, "identity.proof_needed")
		h.want(use(theirs, ForProof, prove), "identity.passkey_wrong")
		h.want(use(d, ForUnlock, prove), "identity.ceremony_over") // asked for another purpose
		must(t, h.LockScreen(ctx, got.Token))
		h.want(use(theirs, ForUnlock, open), "identity.passkey_wrong")
		must(t, use(d, ForUnlock, open))
		s, err := h.Session(ctx, got.Token, false)
		must(t, err)
		if s.Locked {
			t.Fatal("still locked")
		}
		must(t, use(d, ForProof, prove))
		next, err := h.NewPassword(ctx, v, got.Token, otherPW)
		must(t, err)
		_, err = h.Session(ctx, in.Token, false)
		h.want(err, "identity.session_ended")
		_, err = h.first("midori", "hr", otherPW, Visit{})
		must(t, err)
		f, err := h.Factors(ctx, next.Token)
		must(t, err)
		h.want(h.RemovePasskey(ctx, v, next.Token, "no such"), "identity.factor_missing")
		their, err := h.Factors(ctx, other.Token)
		must(t, err)
		h.want(h.RemovePasskey(ctx, v, next.Token, their.Passkeys[0].ID), "identity.factor_missing")
		must(t, h.RemovePasskey(ctx, v, next.Token, f.Passkeys[0].ID))
		_, err = h.byPasskey(d)
		h.want(err, "identity.passkey_wrong")
	})
}

// TestPasskeyRowsFromElsewhere: a passkey moved to another account by hand in the database opens nothing.
func TestPasskeyRowsFromElsewhere(t *testing.T) {
	h := newHouse(t, testdb.New(t, "sqlite"), quick())
	ctx, v := t.Context(), Visit{Addr: "192.0.2.1"}
	in := h.in("midori", "hr", v)
	must(t, h.Prove(ctx, v, in.Token, rightPW))
	d := h.passkey(in.Token)
	must(t, h.db.Tx(ctx, h.tenants["midori"].ID, func(tx *db.Tx) error {
		_, err := tx.Exec(qTestPasskeyMove, h.tenants["midori"].ID, h.ids["midori/hr"], h.ids["midori/tenantadmin"])
		return err
	}))
	if _, err := h.byPasskey(d); err == nil {
		t.Error("a moved passkey signs in")
	}
}

var qTestPasskeyMove = db.Q("identity.test_passkey_move", `update identity_passkeys set account_id = $3 where tenant_id = $1 and account_id = $2`)

// TestPasskeysAreBounded: ten for an account, and a network's challenges.
func TestPasskeysAreBounded(t *testing.T) {
	h := newHouse(t, testdb.New(t, "sqlite"), quick())
	ctx, v := t.Context(), Visit{Addr: "192.0.2.1"}
	in := h.in("midori", "hr", v)
	must(t, h.Prove(ctx, v, in.Token, rightPW))
	for range PasskeysMost {
		h.passkey(in.Token)
	}
	_, err := h.OfferPasskey(ctx, v, in.Token, here)
	h.want(err, "identity.passkeys_most")
	for range asksPerTenMinutes {
		if _, _, err = h.AskSignIn(ctx, Visit{Addr: "198.51.100.7"}, here); err != nil {
			t.Fatal(err)
		}
	}
	_, _, err = h.AskSignIn(ctx, Visit{Addr: "198.51.100.7"}, here)
	h.want(err, "identity.too_soon")
	if _, _, err = h.AskSignIn(ctx, v, here); err != nil {
		t.Fatal(err)
	}
}

// TestPasskeyOptions: what the browser is asked demands a discoverable passkey and a verified user, and its
// user handle tells nothing.
func TestPasskeyOptions(t *testing.T) {
	h := newHouse(t, testdb.New(t, "sqlite"), quick())
	ctx, v := t.Context(), Visit{Addr: "192.0.2.1"}
	in := h.in("midori", "hr", v)
	must(t, h.Prove(ctx, v, in.Token, rightPW))
	options, err := h.OfferPasskey(ctx, v, in.Token, here)
	must(t, err)
	var o struct {
		PublicKey struct {
			User                   struct{ ID string }
			AuthenticatorSelection struct{ ResidentKey, UserVerification string }
			Attestation            string
		}
	}
	must(t, json.Unmarshal(options, &o))
	if p := o.PublicKey; p.AuthenticatorSelection.ResidentKey != "required" || p.AuthenticatorSelection.UserVerification != "required" || p.Attestation != "none" {
		t.Errorf("%s", options)
	}
	if id := string(h.ids["midori/hr"]); bytes.Contains(options, []byte(id)) || o.PublicKey.User.ID == "" {
		t.Errorf("%s", options)
	}
	ask, _, err := h.AskSignIn(ctx, v, here)
	must(t, err)
	if !bytes.Contains(ask, []byte(`"userVerification":"required"`)) || bytes.Contains(ask, []byte("allowCredentials")) {
		t.Errorf("%s", ask)
	}
	if err := fmt.Errorf("x: %w", passkeyWrong(nil)); errors.Unwrap(err) == nil {
		t.Error(err)
	}
}
