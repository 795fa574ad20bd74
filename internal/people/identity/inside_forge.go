package identity

import (
	"context"
	"fmt"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
)

// Forgery is something that a probe writes into the database past the service, as somebody would who has no key.
type Forgery string

// What is tried.
const (
	ForgedSession Forgery = "session" // a second session of the account, with a token of one's own
	ForgedGrant   Forgery = "grant"   // the role of an administrator
	ForgedAccount Forgery = "account" // what is stated about the account
)

// Forgeries in the order in which they are tried.
var Forgeries = []Forgery{ForgedSession, ForgedGrant, ForgedAccount}

// forger marks what a probe has forged, so that the next run takes away what one that was cut off has left.
const forger = "forged-by-probe"

var (
	qForgedSession = db.Q("identity.forged_session", `insert into identity_sessions (tenant_id, session_id, account_id, token_hash, device_id, addr, agent, created_at, seen_at, factor, mac)
		select tenant_id, $3, account_id, $4, device_id, addr, agent, created_at, seen_at, factor, mac from identity_sessions where tenant_id = $1 and session_id = $2`)
	qForgedGrant      = db.Q("identity.forged_grant", `insert into identity_grants (tenant_id, account_id, role, granted_at, granted_by) values ($1, $2, $3, 1, $4)`)
	qForgedAccount    = db.Q("identity.forged_account", `update identity_accounts set personnel = $3 where tenant_id = $1 and account_id = $2`)
	qUnforgedSessions = db.Q("identity.unforged_sessions", `delete from identity_sessions where tenant_id = $1 and account_id = $2 and session_id like 'forged-%'`)
	qUnforgedGrants   = db.Q("identity.unforged_grants", `delete from identity_grants where tenant_id = $1 and account_id = $2 and granted_by = $3`)
)

// Forge writes one thing past the service about the account of a probe's own session, and gives what undoes it. Of a
// session the other result is its token. What an earlier run has left is taken away first.
func (s *Service) Forge(ctx context.Context, token string, what Forgery) (other string, undo func(context.Context) error, err error) {
	cur, err := s.Session(ctx, token, false)
	if err != nil {
		return "", nil, err
	}
	t, id := cur.Actor.Tenant, cur.Actor.Account
	if _, err := s.ownProbe(s.tenants.TenantByID(ctx, t)); err != nil {
		return "", nil, err
	}
	undo = func(ctx context.Context) error { return s.unforge(ctx, t, id) }
	if err := undo(ctx); err != nil {
		return "", nil, err
	}
	return other, undo, s.transact(ctx, func(tx *db.Tx) (err error) {
		switch what {
		case ForgedSession:
			other = randomToken()
			_, err = tx.Exec(qForgedSession, t, cur.ID, "forged-"+ids.New[string](), tokenHash(other))
		case ForgedGrant:
			_, err = tx.Exec(qForgedGrant, t, id, string(actor.TenantAdmin), forger)
		case ForgedAccount:
			_, err = tx.Exec(qForgedAccount, t, id, string(actor.PersonnelNone))
		default:
			err = fmt.Errorf("identity: nothing is forged as %q", what)
		}
		return err
	})
}

// unforge takes away what probes have forged about an account. Nothing is ever stated about a probe's account.
func (s *Service) unforge(ctx context.Context, t ids.Tenant, id ids.Account) error {
	return s.transact(ctx, func(tx *db.Tx) error {
		if _, err := tx.Exec(qUnforgedSessions, t, id); err != nil {
			return err
		}
		if _, err := tx.Exec(qUnforgedGrants, t, id, forger); err != nil {
			return err
		}
		_, err := tx.Exec(qForgedAccount, t, id, string(actor.PersonnelUnknown))
		return err
	})
}
