package identity

import (
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/testdb"
)

// TestAdministratorEndsSessions: of one user and of the whole tenant, with a reason; what is between the two
// steps ends too, the administrator's own present session and the neighbours' do not.
func TestAdministratorEndsSessions(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		ctx := t.Context()
		boss, hr, nurse := h.in("midori", "tenantadmin", Visit{}), h.in("midori", "hr", Visit{}), h.in("midori", "nurse", Visit{})
		theirs := h.in("hikari", "hr", Visit{})
		half, err := h.first("midori", "hr", rightPW, Visit{})
		must(t, err)
		code := h.mailed("hr@midori.example")
		lives := func(in SignedIn, want bool) {
			t.Helper()
			_, err := h.Session(ctx, in.Token, false)
			if want {
				must(t, err)
			} else {
				h.want(err, "identity.session_ended")
			}
		}
		h.want(h.EndSessionsOf(ctx, nurse.Session.Actor, h.ids["midori/hr"], "x"), "access.denied")
		h.want(h.EndAllSessions(ctx, nurse.Session.Actor, "x"), "access.denied")
		h.want(h.EndSessionsOf(ctx, boss.Session.Actor, h.ids["midori/hr"], " "), "identity.reason_missing")
		h.want(h.EndAllSessions(ctx, boss.Session.Actor, ""), "identity.reason_missing")
		h.want(h.EndSessionsOf(ctx, boss.Session.Actor, h.ids["hikari/hr"], "x"), "identity.no_account")
		lives(hr, true)
		must(t, h.EndSessionsOf(ctx, boss.Session.Actor, h.ids["midori/hr"], "端末をなくした"))
		lives(hr, false)
		_, err = h.SubmitCode(ctx, Visit{}, half.Token, code)
		h.want(err, "identity.no_signin")
		for _, in := range []SignedIn{boss, nurse, theirs} {
			lives(in, true)
		}
		hr = h.in("midori", "hr", Visit{})
		half, err = h.first("midori", "nurse", rightPW, Visit{})
		must(t, err)
		code = h.mailed("nurse@midori.example")
		must(t, h.EndAllSessions(ctx, boss.Session.Actor, "不正なサインインの疑い"))
		for _, in := range []SignedIn{hr, nurse} {
			lives(in, false)
		}
		_, err = h.SubmitCode(ctx, Visit{}, half.Token, code)
		h.want(err, "identity.no_signin")
		lives(boss, true)
		lives(theirs, true)
		if got := h.verbs("midori"); strings.Count(got, "sessions_ended") != 2 || strings.Contains(h.verbs("hikari"), "sessions_ended") {
			t.Error(got)
		}
	})
}

// TestFactorChangesEndTheOthers: an app, new recovery codes and a removal each end every other session.
func TestFactorChangesEndTheOthers(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		ctx, v := t.Context(), Visit{Addr: "192.0.2.1"}
		other, theirs := h.in("midori", "hr", v), h.in("hikari", "hr", v)
		ends := func() {
			t.Helper()
			_, err := h.Session(ctx, other.Token, false)
			h.want(err, "identity.session_ended")
			_, err = h.Session(ctx, theirs.Token, false)
			must(t, err)
		}
		again := func() {
			t.Helper()
			p, err := h.first("midori", "hr", rightPW, v)
			must(t, err)
			_, err = h.ResendCode(ctx, v, p.Token)
			must(t, err)
			other, err = h.SubmitCode(ctx, v, p.Token, h.mailed("hr@midori.example"))
			must(t, err)
		}
		in, _ := h.enrol("midori", "hr")
		ends()
		again()
		_, err := h.MakeCodes(ctx, v, in.Token)
		must(t, err)
		ends()
		again()
		must(t, h.RemoveTOTP(ctx, v, in.Token))
		ends()
		_, err = h.Session(ctx, in.Token, false)
		must(t, err)
	})
}

// TestRenewedToken: after a proof, of 256 bits in base64, the session goes on under another token, and the old one opens nothing.
func TestRenewedToken(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		ctx, v := t.Context(), Visit{Addr: "192.0.2.1"}
		in, theirs := h.in("midori", "hr", v), h.in("hikari", "hr", v)
		must(t, h.Prove(ctx, v, in.Token, rightPW))
		next, err := h.Renew(ctx, in.Token)
		must(t, err)
		_, err = h.Session(ctx, in.Token, false)
		h.want(err, "identity.no_session")
		_, err = h.Renew(ctx, in.Token)
		h.want(err, "identity.no_session")
		s, err := h.Session(ctx, next, false)
		must(t, err)
		if len(next) != 43 || next == in.Token || s.ID != in.Session.ID || !time.Now().Before(s.ProvenUntil) {
			t.Errorf("%+v", s)
		}
		_, err = h.Session(ctx, theirs.Token, false)
		must(t, err)
	})
}

// TestPasswordsDoNotAge: one that was set ten years ago is as good as a new one.
func TestPasswordsDoNotAge(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		k, err := h.keys.Tenant(t.Context(), h.tenants["midori"].ID)
		must(t, err)
		must(t, h.transact(t.Context(), func(tx *db.Tx) error {
			return h.amend(tx, k, h.tenants["midori"].ID, h.ids["midori/hr"], func(a *account) { a.SetAt = db.Micros(time.Now().AddDate(-10, 0, 0)) })
		}))
		in := h.in("midori", "hr", Visit{})
		if in.Session.MustChange || !in.Session.Actor.Has(actor.HR) {
			t.Errorf("%+v", in.Session)
		}
	})
}
