package identity

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

var codes = big.NewInt(100_000_000)

// newCode is 8 digits, each equally likely.
func newCode() string {
	n, err := rand.Int(rand.Reader, codes)
	if err != nil {
		panic(err) // crypto/rand never fails
	}
	return fmt.Sprintf("%0*d", CodeDigits, n)
}

// codeMAC binds a code to its transaction and to the account and device that it is for: it is nothing in
// any other.
func codeMAC(k *vault.Key, r signin, code string) []byte {
	return k.MAC("identity.code", []byte(r.ID), []byte(r.Account), []byte(r.Device), []byte(code))
}

// normalCode takes full-width digits and spaces for what they mean.
func normalCode(typed string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' {
			return -1
		}
		return r
	}, strings.TrimSpace(norm.NFKC.String(typed)))
}

// inTime tells whether a code sent at an instant still counts: exactly 10 minutes later it does.
func (p Policy) inTime(sent, now time.Time) bool { return now.Sub(sent) <= p.CodeFor }

// ceiling bounds the mails to one account in any 24 hours: it protects a person's mailbox. The accounts of a
// probe tenant have none (their mail never leaves the process), so what the probes do day and night does
// not count.
func (s *Service) ceiling(tx *db.Tx, info TenantInfo, a *account, now time.Time) error {
	if info.Probe {
		return nil
	}
	type sum struct{ n, oldest int64 }
	got, err := db.One(tx, qCodesSent, func(r db.Scanner) (v sum, err error) { return v, r.Scan(&v.n, &v.oldest) }, a.Tenant, a.ID, db.Micros(now.Add(-24*time.Hour)))
	if err != nil || got.n < int64(s.policy.CodesPerDay) {
		return err
	}
	return fault.New(fault.Busy, "identity.code_ceiling").After(wholeSeconds(db.Time(got.oldest).Add(24 * time.Hour).Sub(now)))
}

func noSignIn() error { return fault.New(fault.Denied, "identity.no_signin") }

// load finds an open sign-in by its cookie, with its account.
func (s *Service) load(ctx context.Context, token string) (r signin, a account, k *vault.Key, err error) {
	if token == "" {
		return r, a, nil, noSignIn()
	}
	err = s.db.View(ctx, db.Global, func(tx *db.Tx) (err error) {
		if r, err = db.One(tx, qSignIn, scanSignIn, tokenHash(token)); err != nil {
			return err
		}
		a, err = db.One(tx, qAccountByID, scanAccount, r.Tenant, r.Account)
		return err
	})
	if fault.Is(err, fault.Missing) {
		return r, a, nil, noSignIn()
	}
	if err != nil {
		return r, a, nil, err
	}
	if s.policy.weak != SabotageCode && (r.State != "open" || time.Since(db.Time(r.CreatedAt)) > s.policy.longest()) {
		return r, a, nil, noSignIn()
	}
	if k, err = s.keys.Tenant(ctx, r.Tenant); err == nil && !s.genuine(k, &a) {
		s.found(ctx, finding{a.Tenant, accountsTable, string(a.ID)})
		err = noSignIn()
	}
	return r, a, k, err
}

// longest is how long a sign-in can possibly stay open: the last resend's code has its full time.
func (p Policy) longest() time.Duration { return time.Duration(p.Resends+1) * p.CodeFor }

// Pending tells how a sign-in stands; fault.Denied "identity.no_signin" when there is none.
func (s *Service) Pending(ctx context.Context, token string) (Pending, error) {
	r, a, k, err := s.load(ctx, token)
	if err != nil {
		return Pending{}, err
	}
	info, err := s.tenants.TenantByID(ctx, r.Tenant)
	if err != nil {
		return Pending{}, err
	}
	email, err := k.Open(at(accountsTable, string(a.ID), "email"), a.email)
	if err != nil {
		return Pending{}, err
	}
	p := s.pending(r, info, string(email))
	if r.Factor == factorOwn {
		return s.pendingOwn(ctx, k, p, r)
	}
	err = s.db.View(ctx, r.Tenant, func(tx *db.Tx) error {
		e, err := s.sealedOf(tx, k, r.Tenant, r.Account)
		if err != nil {
			return err
		}
		if e != nil {
			p.Envelope, p.ResendsLeft = e.code, 0
			return nil
		}
		failing, err := s.failingOf(tx, k, &a)
		p.Failing = failing != nil
		return err
	})
	return p, err
}

func (s *Service) pending(r signin, info TenantInfo, email string) Pending {
	sent := db.Time(r.SentAt)
	return Pending{
		Tenant: info.Name, SentTo: maskEmail(email), SentAt: sent, ExpiresAt: sent.Add(s.policy.CodeFor), ResendAt: sent.Add(s.policy.ResendAfter),
		TriesLeft: max(0, s.policy.CodeTries-r.Tries), ResendsLeft: max(0, s.policy.Resends-r.Resends),
	}
}

// maskEmail leaves enough for the owner to know the mailbox: "h***@example.jp".
func maskEmail(email string) string {
	local, domain, ok := strings.Cut(email, "@")
	if !ok || local == "" {
		return "***"
	}
	return string([]rune(local)[0]) + "***@" + domain
}

// mailCode sends a code. A mail that can't be sent is fault.Busy "identity.mail_failed"; the sign-in stays
// open for a resend.
func (s *Service) mailCode(ctx context.Context, v Visit, info TenantInfo, k *vault.Key, a *account, r signin, code string) (Pending, error) {
	email, err := k.Open(at(accountsTable, string(a.ID), "email"), a.email)
	if err != nil {
		return Pending{}, err
	}
	p := s.pending(r, info, string(email))
	if err := s.deliver(ctx, a, k, s.codeMail(string(email), info, v, code, p)); err != nil {
		_ = s.transact(context.WithoutCancel(ctx), func(tx *db.Tx) error {
			return s.record(tx, "auth.code_unsent", visitor(r.Tenant, r.Account, v), "failed", nil)
		})
		return p, fault.New(fault.Busy, "identity.mail_failed").After(s.policy.ResendAfter).Because(err)
	}
	return p, s.transact(ctx, func(tx *db.Tx) error {
		return s.record(tx, "auth.code_sent", visitor(r.Tenant, r.Account, v), "ok", map[string]any{"signin": r.ID, "resends": r.Resends})
	})
}

// ResendCode replaces the code by a new one with its own ten minutes. The tries already made stay made.
func (s *Service) ResendCode(ctx context.Context, v Visit, token string) (Pending, error) {
	r, a, k, err := s.load(ctx, token)
	if err != nil {
		return Pending{}, err
	}
	info, err := s.tenants.TenantByID(ctx, r.Tenant)
	if err != nil {
		return Pending{}, err
	}
	if r.Factor == factorOwn {
		return s.mailInstead(ctx, v, info, k, &a, r)
	}
	code := newCode()
	mac := codeMAC(k, r, code)
	if s.policy.weak == SabotageOlder {
		mac = r.mac
	}
	err = s.transact(ctx, func(tx *db.Tx) error {
		now := time.Now()
		if e, err := s.sealedOf(tx, k, r.Tenant, r.Account); err != nil {
			return err
		} else if e != nil {
			return fault.New(fault.Conflict, "identity.resend_limit")
		}
		if err := s.mayResend(r, now); err != nil {
			return err
		}
		if err := s.ceiling(tx, info, &a, now); err != nil {
			return err
		}
		n, err := db.Value[int](tx, qSignInResend, r.Tenant, r.ID, mac, db.Micros(now), s.policy.Resends, db.Micros(now.Add(-s.policy.ResendAfter)), s.policy.CodeTries)
		if fault.Is(err, fault.Missing) { // another request was faster, or the tries are used up
			return noSignIn()
		}
		r.Resends, r.SentAt = n, db.Micros(now)
		return err
	})
	if fault.Is(err, fault.Denied) {
		if now, _, _, e := s.load(ctx, token); e == nil && now.Tries < s.policy.CodeTries { // the other one of a double click
			if e := s.mayResend(now, time.Now()); e != nil {
				err = e
			}
		}
	}
	if err != nil {
		return Pending{}, err
	}
	return s.mailCode(ctx, v, info, k, &a, r, code)
}

// mayResend tells why a sign-in may not have another code now.
func (s *Service) mayResend(r signin, now time.Time) error {
	if r.Resends >= s.policy.Resends {
		return fault.New(fault.Conflict, "identity.resend_limit")
	}
	if wait := db.Time(r.SentAt).Add(s.policy.ResendAfter).Sub(now); wait > 0 {
		return fault.New(fault.Busy, "identity.resend_soon").After(wholeSeconds(wait))
	}
	return nil
}

// SubmitCode is the second step. A wrong code is fault.Invalid "identity.code_wrong" with the tries left;
// after the last one, and for a used, unknown or foreign transaction, fault.Denied sends back to the
// password. Only success clears the count of failures.
func (s *Service) SubmitCode(ctx context.Context, v Visit, token, typed string) (SignedIn, error) {
	r, a, k, err := s.load(ctx, token)
	if err != nil {
		return SignedIn{}, err
	}
	info, err := s.tenants.TenantByID(ctx, r.Tenant)
	if err != nil {
		return SignedIn{}, err
	}
	code := normalCode(typed)
	recovery, err := s.typedRecovery(ctx, k, r, typed)
	if err != nil {
		return SignedIn{}, err
	}
	var out SignedIn
	var refused error
	codesLeft, is := 0, codeWrong
	err = s.transact(ctx, func(tx *db.Tx) error {
		now := time.Now()
		refused = nil
		who := visitor(r.Tenant, r.Account, v)
		// Counted before it is looked at, and read anew: a resend may have replaced the code meanwhile.
		fresh, err := db.One(tx, qSignInTry, scanTry, r.Tenant, r.ID, s.policy.CodeTries)
		switch {
		case err == nil:
			r.Tries, r.mac, r.SentAt, r.Factor = fresh.Tries, fresh.mac, fresh.SentAt, fresh.Factor
		case !fault.Is(err, fault.Missing):
			return err
		case s.policy.weak != SabotageCode:
			refused = noSignIn()
			return nil
		}
		tries := r.Tries
		right := subtle.ConstantTimeCompare(codeMAC(k, r, code), r.mac) == 1
		r.How = FactorMail
		if r.Factor == factorOwn {
			right = false
			if !same(r.mac, ownMAC(k, r)) {
				refused = noSignIn()
				return nil
			}
			// This try is counted already; one beyond the day's is not looked at.
			if refused, err = s.ownCeiling(tx, info, r.Tenant, r.Account, ownTriesDay, now); err != nil {
				return err
			}
			if refused != nil {
				return s.record(tx, "auth.factor_ceiling", who, "denied", map[string]any{"signin": r.ID})
			}
			if !s.policy.inTime(db.Time(r.SentAt), now) {
				right = true // said to be too late below; nothing is used up
			} else if r.How, codesLeft, is, err = s.submitOwn(tx, k, r.Tenant, r.Account, typed, recovery, now); err != nil {
				return err
			} else {
				right = r.How != ""
			}
		}
		switch {
		case right && !s.policy.inTime(db.Time(r.SentAt), now):
			refused = fault.New(fault.Invalid, "identity.code_expired")
			return s.record(tx, "auth.code_expired", who, "failed", map[string]any{"signin": r.ID})
		case !right && tries >= s.policy.CodeTries:
			refused = fault.New(fault.Denied, "identity.code_dead")
			if _, err := tx.Exec(qSignInState, r.Tenant, r.ID, "dead"); err != nil {
				return err
			}
			return s.record(tx, "auth.code_dead", who, "failed", map[string]any{"signin": r.ID})
		case !right:
			wrong := "identity.code_wrong"
			if e, err := s.sealedOf(tx, k, r.Tenant, r.Account); err != nil {
				return err
			} else if e != nil { // no mail: the envelope has the codes
				wrong = "identity.envelope_wrong"
			}
			if r.Factor == factorOwn {
				wrong = is.says("identity.factor_wrong", "identity.factor_past", "identity.factor_ahead")
			}
			refused = fault.New(fault.Invalid, wrong, "left", strconv.Itoa(s.policy.CodeTries-tries))
			return s.record(tx, "auth.code_failed", who, "failed", map[string]any{"signin": r.ID, "tries": tries})
		}
		ok, err := s.complete(tx, k, r, now)
		if err != nil {
			return err
		}
		if !ok {
			refused = noSignIn()
			return nil
		}
		if r.throttle != "" { // begun with the password, perhaps before the tenant's choice
			if refused, err = s.barred(tx, k, &a, who, "password"); err != nil || refused != nil {
				return err
			}
		}
		if r.How == FactorMail {
			if err := s.mailWorks(tx, r.Tenant, r.Account, who); err != nil {
				return err
			}
		}
		out, err = s.open(tx, k, r, &a, v, now)
		return err
	})
	if err == nil {
		err = refused
	}
	if err != nil {
		if fault.Of(err).Code == "identity.code_dead" {
			s.tellFactors(ctx, r.Tenant, r.Account, v, "正しいパスワードのあとの確認（認証コードや認証アプリなど）が続けて失敗しました")
		}
		return SignedIn{}, err
	}
	if r.How == FactorRecovery {
		s.tellFactors(ctx, r.Tenant, r.Account, v, fmt.Sprintf("回復用コードが使われました（残り%d個）", codesLeft))
	}
	s.tellDevice(ctx, v, &a, out)
	out.Session, err = s.Session(ctx, out.Token, false)
	return out, err
}

// complete uses the transaction up and clears the counters, if the account is still in good order. A lock
// that came in between stands, unless the sign-in runs on a remembered device.
func (s *Service) complete(tx *db.Tx, k *vault.Key, r signin, now time.Time) (bool, error) {
	n, err := tx.Exec(qSignInState, r.Tenant, r.ID, "used")
	if err != nil || n == 0 && s.policy.weak != SabotageCode {
		return false, err
	}
	a, err := db.One(tx, qAccountByID, scanAccount, r.Tenant, r.Account)
	if err != nil || a.State != "active" || !s.genuine(k, &a) {
		return false, err
	}
	sealed, err := s.isSealed(tx, r.Tenant, r.Account)
	if err != nil {
		return false, err
	}
	if sealed { // what strangers have tried on it is no lock
		_, err = tx.Exec(qUnlock, r.Tenant, r.Account)
	} else if r.Device == "" {
		if n, err = tx.Exec(qForgive, r.Tenant, r.Account); err != nil || n == 0 {
			return false, err
		}
	} else if _, err = tx.Exec(qDeviceForgive, r.Tenant, r.Device, db.Micros(now), db.Micros(now.Add(s.policy.DeviceFor))); err != nil {
		return false, err
	}
	if err == nil {
		_, err = tx.Exec(qThrottleForget, ids.System, r.throttle)
	}
	return err == nil, err
}
