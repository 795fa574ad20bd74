package web

import (
	"rakudos/internal/people/access"
	"rakudos/internal/people/identity"
)

// factorRoutes are the rows of passkeys, the authenticator app and recovery codes.
func (s *server) factorRoutes() []Route {
	return []Route{
		{Pattern: "GET /login/reset", Permission: Public, Action: s.resetForm},
		{Pattern: "POST /login/reset", Permission: Public, Verb: "password.begin", Action: s.resetAsk},
		{Pattern: "POST /login/reset/finish", Permission: Public, Verb: "password.recover", Action: s.resetPost},
		{Pattern: "POST /login/passkey/options", Permission: Public, Verb: "passkey.ask", Action: s.passkeyAsk},
		{Pattern: "POST /login/passkey", Permission: Public, Verb: "signin.passkey", Action: s.passkeySignIn},
		{Pattern: "POST /unlock/passkey/options", Permission: SignedIn, Verb: "passkey.ask", Action: s.passkeyOwn(identity.ForUnlock), Passive: true, BeforeChange: true, WhileLocked: true, InSupport: true},
		{Pattern: "POST /unlock/passkey", Permission: SignedIn, Verb: "screen.open", Action: s.passkeyUnlock, Passive: true, BeforeChange: true, WhileLocked: true, InSupport: true},

		{Pattern: "GET /me/factors", Permission: SignedIn, Action: s.factorsPage, BeforeEnrol: true},
		{Pattern: "POST /me/factors/proof", Permission: SignedIn, Verb: "factor.prove", Action: s.proofPost, BeforeEnrol: true},
		{Pattern: "POST /me/factors/proof/options", Permission: SignedIn, Verb: "passkey.ask", Action: s.passkeyOwn(identity.ForProof), BeforeEnrol: true},
		{Pattern: "POST /me/factors/proof/passkey", Permission: SignedIn, Verb: "factor.prove", Action: s.passkeyProof, BeforeEnrol: true},
		{Pattern: "GET /me/factors/totp", Permission: SignedIn, Action: s.totpForm, BeforeEnrol: true},
		{Pattern: "POST /me/factors/totp", Permission: SignedIn, Verb: "totp.offer", Action: s.totpPost, BeforeEnrol: true},
		{Pattern: "POST /me/factors/totp/confirm", Permission: SignedIn, Verb: "totp.confirm", Action: s.totpConfirm, BeforeEnrol: true},
		{Pattern: "POST /me/factors/totp/remove", Permission: SignedIn, Verb: "totp.remove", Action: s.totpRemove},
		{Pattern: "POST /me/factors/codes", Permission: SignedIn, Verb: "recovery.make", Action: s.codesPost},
		{Pattern: "POST /me/factors/passkeys/options", Permission: SignedIn, Verb: "passkey.offer", Action: s.passkeyOffer, BeforeEnrol: true},
		{Pattern: "POST /me/factors/passkeys", Permission: SignedIn, Verb: "passkey.add", Action: s.passkeyAdd, BeforeEnrol: true},
		{Pattern: "POST /me/factors/passkeys/{id}/remove", Permission: SignedIn, Verb: "passkey.remove", Action: s.passkeyRemove},

		{Pattern: "POST /users/factors", Permission: access.AccountManage, Verb: "settings.two_factor", Action: s.usersFactors},
		{Pattern: "POST /users/{id}/factors", Permission: access.AccountManage, Verb: "account.factors", Action: s.userAct(s.userFactors)},
	}
}
