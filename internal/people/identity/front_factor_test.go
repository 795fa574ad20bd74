package identity

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"

	"rakudos/internal/base/actor"
	"rakudos/internal/testkit/testdb"
)

// factors is the part of the small web that the probe of passkeys and apps looks at.
func (f front) factors(w http.ResponseWriter, r *http.Request, v Visit, get func(string) string, set func(name, value string), fail func(error)) {
	here, ctx, token := Relying{Name: "localhost", Origin: "https://" + r.Host, Service: "検査"}, r.Context(), get(CookieSession)
	var body struct {
		Name       string
		Credential json.RawMessage
	}
	if r.Header.Get("Content-Type") == "application/json" {
		b, _ := io.ReadAll(r.Body)
		_ = json.Unmarshal(b, &body)
	}
	var out []byte
	var err error
	switch r.Method + " " + r.URL.Path {
	case "POST /login/passkey/options":
		var ask string
		out, ask, err = f.h.AskSignIn(ctx, v, here)
		set("__Host-passkey", ask)
	case "POST /login/passkey":
		var in SignedIn
		if in, err = f.h.SignInPasskey(ctx, v, get("__Host-passkey"), here, body.Credential); err == nil {
			set(CookieSession, in.Token)
		}
	case "POST /me/factors/proof":
		err = f.h.Prove(ctx, v, token, r.FormValue("password"))
	case "POST /me/factors/passkeys/options":
		if out, err = f.h.OfferPasskey(ctx, v, token, here); err != nil {
			w.WriteHeader(http.StatusConflict)
			return
		}
	case "POST /me/factors/passkeys":
		err = f.h.AddPasskey(ctx, v, token, here, body.Name, body.Credential)
	case "POST /me/factors/totp":
		err = f.h.OfferTOTP(ctx, v, token)
	case "GET /me/factors/totp":
		var offer TOTPOffer
		if offer, err = f.h.TOTPOffer(ctx, token, "検査"); err == nil {
			out = fmt.Appendf(nil, "<code>%s</code>", offer.Secret)
		}
	case "POST /me/factors/totp/confirm":
		err = f.h.ConfirmTOTP(ctx, v, token, r.FormValue("code"))
	}
	if err != nil {
		fail(err)
		return
	}
	_, _ = w.Write(out)
}

// TestPrivilegedShare counts people of customers and the association, once each, without the probes' own;
// what a probe may take away is a probe account's.
func TestPrivilegedShare(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		ctx := t.Context()
		count := func(privileged, with int) {
			t.Helper()
			a, b, err := h.PrivilegedFactors(ctx)
			must(t, err)
			if a != privileged || b != with {
				t.Errorf("%d of %d, want %d of %d", b, a, with, privileged)
			}
		}
		count(2, 0) // hikari's nurse and administrator; midori is the probes'
		h.account("hikari", NewAccount{LoginID: "both", Name: "両方", Email: "both@hikari.example", Password: rightPW, Grants: []Grant{{Role: actor.Nurse}, {Role: actor.Physician}}})
		count(3, 0)
		h.enrol("hikari", "nurse")
		h.enrol("hikari", "hr") // no privileged role
		h.enrol("midori", "nurse")
		count(3, 1)
		must(t, h.Disable(ctx, h.admin["hikari"], h.ids["hikari/nurse"], "退職"))
		count(2, 0)
		h.want(h.DropFactors(ctx, "hikari", "hr"), "identity.not_a_probe")
		h.want(h.RewindApp(ctx, "hikari", "hr"), "identity.not_a_probe")
		must(t, h.DropFactors(ctx, "midori", "nurse"))
		must(t, h.DropFactors(ctx, "midori", "nurse"))
		p, err := h.first("midori", "nurse", rightPW, Visit{})
		must(t, err)
		if p.Own {
			t.Error("an app is still asked for")
		}
	})
}
