package identity

import (
	"context"
	"slices"
	"strings"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

// How the second step is asked for, and how that of a session was answered. The mailed code is the literal
// step of clause 3-5; the others are factors of one's own.
const (
	FactorMail     = "mail"
	factorOwn      = "own" // asked for: app, recovery code or passkey
	FactorTOTP     = "totp"
	FactorRecovery = "recovery"
	FactorPasskey  = "passkey"
	FactorSSO      = "sso" // two factors shown to the tenant's identity provider, which the tenant counts as both steps
)

const (
	ProofFor      = 5 * time.Minute // after the password or a passkey, factors may be changed for so long
	CeremonyFor   = 5 * time.Minute
	ResetFor      = 10 * time.Minute // a mail may take its time
	RecoveryCodes = 10
	RecoveryLow   = 3 // fewer are few
	PasskeysMost  = 10
	ownTriesDay   = 60 // wrong answers to an own factor in 24 hours: 6 digits are no more than that
)

const (
	twoFactorTable = "identity_two_factor"
	factorsTable   = "identity_totp, identity_passkeys"
)

var (
	qTwoFactor    = db.Q("identity.two_factor", `select roles from identity_two_factor where tenant_id = $1`)
	qTwoFactorSet = db.Q("identity.two_factor_set", `insert into identity_two_factor (tenant_id, roles, changed_at) values ($1, $2, $3)
		on conflict (tenant_id) do update set roles = excluded.roles, changed_at = excluded.changed_at`)
	qGrantsOf  = db.Q("identity.grants_of", `select account_id, role, site_id, dept_id, granted_at, granted_by, vouched_at, vouched_by from identity_grants where tenant_id = $1 and account_id = $2 order by role, site_id, dept_id`)
	qOwnCounts = db.Q("identity.own_counts", `select
		(select count(*) from identity_totp where tenant_id = $1 and account_id = $2),
		(select count(*) from identity_passkeys where tenant_id = $1 and account_id = $2),
		(select count(*) from identity_recovery where tenant_id = $1 and account_id = $2)`)
	qOwnTries = db.Q("identity.own_tries", `select coalesce(sum(tries), 0) from identity_signins where tenant_id = $1 and account_id = $2 and created_at > $3 and state <> 'used'`)
	// qOwnWait changes nothing: it takes the account's row, so that tries at one account are counted one after another.
	qOwnWait = db.Q("identity.own_wait", `update identity_accounts set signed_in_at = signed_in_at where tenant_id = $1 and account_id = $2`)
)

// Owned are the factors of an account by number.
type Owned struct{ TOTP, Passkeys, Codes int }

// Factors are those that count; a recovery code only stands in for one of them.
func (o Owned) Factors() int { return o.TOTP + o.Passkeys }

func ownedBy(tx *db.Tx, t ids.Tenant, a ids.Account) (Owned, error) {
	return db.One(tx, qOwnCounts, func(r db.Scanner) (o Owned, err error) { return o, r.Scan(&o.TOTP, &o.Passkeys, &o.Codes) }, t, a)
}

// countFactors writes into the account, which its MAC binds, how many factors it has now.
func (s *Service) countFactors(tx *db.Tx, k *vault.Key, t ids.Tenant, id ids.Account) error {
	own, err := ownedBy(tx, t, id)
	if err != nil {
		return err
	}
	return s.amend(tx, k, t, id, func(a *account) { a.Factors = own.Factors() })
}

// lacking tells whether factors of an account are gone that nobody took away by the service. Accounts whose factors
// were enrolled before they were counted lack none.
func (s *Service) lacking(a *account, own Owned) bool {
	return own.Factors() < a.Factors && s.policy.weak != SabotageRows
}

// requiredRoles are the roles for which a tenant requires two factors: its own choice, or the policy's when
// it has made none. A choice that the service did not seal is a fault, not a choice.
func (p Policy) requiredRoles(k *vault.Key, t ids.Tenant, sealed []byte) ([]actor.Role, error) {
	if sealed == nil {
		return p.TwoFactor, nil
	}
	plain, err := k.Open(at(twoFactorTable, string(t), "roles"), sealed)
	if err != nil {
		return nil, err
	}
	var out []actor.Role
	for _, r := range strings.Split(string(plain), ",") {
		if r != "" {
			out = append(out, actor.Role(r))
		}
	}
	return out, nil
}

func anyRole(held, of []actor.Role) bool {
	return slices.ContainsFunc(held, func(r actor.Role) bool { return slices.Contains(of, r) })
}

// needsTwo tells whether an account holds a role for which its tenant requires two factors.
func (s *Service) needsTwo(tx *db.Tx, k *vault.Key, t ids.Tenant, a ids.Account) (bool, error) {
	sealed, err := db.Value[[]byte](tx, qTwoFactor, t)
	if err != nil && !fault.Is(err, fault.Missing) {
		return false, err
	}
	required, err := s.policy.requiredRoles(k, t, sealed)
	if err != nil {
		return false, err
	}
	acc, err := db.One(tx, qAccountByID, scanAccount, t, a)
	if err != nil {
		return false, err
	}
	grants, err := db.All(tx, qGrantsOf, scanGrant, t, a)
	if err != nil || !s.genuineGrants(k, &acc, grants) { // roles that somebody else wrote: the stricter way
		return true, err
	}
	return slices.ContainsFunc(grants, func(g grantRow) bool { return slices.Contains(required, g.Role) }), nil
}

// TwoFactor gives the roles for which the tenant requires two factors.
func (s *Service) TwoFactor(ctx context.Context, t ids.Tenant) ([]actor.Role, error) {
	k, err := s.keys.Tenant(ctx, t)
	if err != nil {
		return nil, err
	}
	var sealed []byte
	err = s.db.View(ctx, t, func(tx *db.Tx) (err error) {
		sealed, err = db.Value[[]byte](tx, qTwoFactor, t)
		return err
	})
	if err != nil && !fault.Is(err, fault.Missing) {
		return nil, err
	}
	return s.policy.requiredRoles(k, t, sealed)
}

// SetTwoFactor is the tenant's choice of roles. It is in force at the next request: who has no factor yet
// sees nothing but the page to enrol one, and who signed in by mail although there is one signs in anew.
func (s *Service) SetTwoFactor(ctx context.Context, a actor.Actor, roles []actor.Role) error {
	if err := s.guard(a, permManage); err != nil {
		return err
	}
	var names []string
	for _, r := range actor.Roles { // in the order of the list, each once
		if slices.Contains(roles, r) {
			names = append(names, string(r))
		}
	}
	for _, r := range roles {
		if !slices.Contains(actor.Roles, r) {
			return fault.New(fault.Invalid, "identity.role_unknown", "role", string(r))
		}
	}
	k, err := s.keys.Tenant(ctx, a.Tenant)
	if err != nil {
		return err
	}
	sealed := k.Seal(at(twoFactorTable, string(a.Tenant), "roles"), []byte(strings.Join(names, ",")))
	return s.db.Tx(ctx, a.Tenant, func(tx *db.Tx) error {
		if _, err := tx.Exec(qTwoFactorSet, a.Tenant, sealed, db.Micros(time.Now())); err != nil {
			return err
		}
		return s.record(tx, "settings.two_factor", a, "ok", map[string]any{"roles": names})
	})
}

// errLacking refuses a sign-in whose account has fewer factors than it should.
var errLacking = fault.New(fault.Denied, "identity.factors_lacking")

// second decides how a sign-in whose password was right goes on: an app that was enrolled takes the place
// of the mail; whoever must have two factors and has any is asked for one of them.
func (s *Service) second(tx *db.Tx, k *vault.Key, a *account) (string, error) {
	own, err := ownedBy(tx, a.Tenant, a.ID)
	if err == nil && s.lacking(a, own) {
		err = errLacking
	}
	if err != nil || own.Factors() == 0 {
		return FactorMail, err
	}
	if own.TOTP > 0 {
		return factorOwn, nil
	}
	needs, err := s.needsTwo(tx, k, a.Tenant, a.ID)
	if err == nil && needs {
		return factorOwn, nil
	}
	return FactorMail, err
}

// ownCeiling bounds the guesses at an own factor by somebody who knows the password, over all sign-ins of a
// day: those that are open at once, and those that went on by mail. It is asked before a factor is asked for and
// again with each answer, with how many tries there may have been. Probe accounts have none, as with mails.
func (s *Service) ownCeiling(tx *db.Tx, info TenantInfo, t ids.Tenant, a ids.Account, most int, now time.Time) (refused, err error) {
	if info.Probe {
		return nil, nil
	}
	if _, err := tx.Exec(qOwnWait, t, a); err != nil {
		return nil, err
	}
	n, err := db.Value[int](tx, qOwnTries, t, a, db.Micros(now.Add(-24*time.Hour)))
	if err != nil || n <= most {
		return nil, err
	}
	return fault.New(fault.Busy, "identity.factor_ceiling").After(time.Hour), nil
}

// submitOwn looks at an answer to an own factor: six digits of the app, or a recovery code. It tells which
// it was; "" is a wrong one. What is right is used up in the same transaction.
func (s *Service) submitOwn(tx *db.Tx, k *vault.Key, t ids.Tenant, a ids.Account, typed string, recovery []byte, now time.Time) (how string, left int, is standing, err error) {
	if recovery != nil {
		ok, left, err := useRecovery(tx, t, a, recovery)
		if err != nil || !ok {
			return "", 0, codeWrong, err
		}
		return FactorRecovery, left, codeRight, nil
	}
	is, err = s.useTOTP(tx, k, t, a, typed, now)
	if err == nil && is == codeRight {
		how = FactorTOTP
	}
	return how, 0, is, err
}
