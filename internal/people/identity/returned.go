package identity

import (
	"context"
	"encoding/base32"
	"encoding/binary"
	"strings"
	"time"

	"github.com/google/uuid"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/mail"
	"rakudos/internal/engine/vault"
)

// returnFor is how long a mail may take to come back; RFC 5321 §4.5.4.1 asks servers to try for four or five days.
const returnFor = 14 * 24 * time.Hour

// MaxReturnLocal is how long the local part of the return address may be, so that with the token it is no longer
// than RFC 5321 §4.5.3.1.1 allows.
const MaxReturnLocal = 64 - 1 - 52

var (
	qAccountAnywhere = db.GlobalQ("identity.account_anywhere", `select `+accountColumns+` from identity_accounts a where a.account_id = $1`)
	qCodeUsedSince   = db.Q("identity.code_used_since", `select count(*) from identity_signins where tenant_id = $1 and account_id = $2 and state = 'used' and factor = 'mail' and sent_at >= $3`)
)

// token is a return address's token: which account, sent when (minutes), to which address (four bytes of a keyed
// hash), and eight bytes of the system key's MAC over all of it. Whoever has no key can't make one for anybody; who
// gets a mail can only ever speak against the own address.
type token [32]byte

var tokenText = base32.StdEncoding.WithPadding(base32.NoPadding)

func (t token) seal(system *vault.Key) token {
	copy(t[24:], system.MAC("identity.return", t[:24]))
	return t
}

func addressTag(system *vault.Key, id ids.Account, email string) []byte {
	return system.MAC("identity.return_address", []byte(id), []byte(email))[:4]
}

// returnAddress is the envelope's sender of a mail to an account; empty when nobody reads what comes back.
func (s *Service) returnAddress(ctx context.Context, id ids.Account, email string) (string, error) {
	local, domain, ok := strings.Cut(s.returns, "@")
	if !ok {
		return "", nil
	}
	system, err := s.keys.Tenant(ctx, ids.System)
	if err != nil {
		return "", err
	}
	u, err := uuid.Parse(string(id))
	if err != nil {
		return "", err
	}
	var t token
	copy(t[:16], u[:])
	binary.BigEndian.PutUint32(t[16:], uint32(time.Now().Unix()/60))
	copy(t[20:], addressTag(system, id, email))
	t = t.seal(system)
	return local + "+" + strings.ToLower(tokenText.EncodeToString(t[:])) + "@" + domain, nil
}

// tokenOf finds the one genuine token among the addresses to which a notification came.
func (s *Service) tokenOf(system *vault.Key, to []string) (t token, ok bool) {
	want, domain, set := strings.Cut(s.returns, "@")
	if !set {
		return t, false
	}
	for _, a := range to {
		local, at, _ := strings.Cut(a, "@")
		name, text, _ := strings.Cut(local, "+")
		raw, err := tokenText.DecodeString(strings.ToUpper(text))
		if err != nil || len(raw) != len(t) || !strings.EqualFold(name, want) || !strings.EqualFold(at, domain) {
			continue
		}
		copy(t[:], raw)
		if sealed := t.seal(system); same(t[:], sealed[:]) {
			return t, true
		}
	}
	return t, false
}

// Outcome is what became of a notification.
type Outcome string

const (
	Marked  Outcome = "marked"  // the address is marked as failing, or was already
	Unknown Outcome = "unknown" // no token of ours: ignored
	Past    Outcome = "past"    // too old, of an address given up since, or mail has arrived since
	Notice  Outcome = "notice"  // it tells of a delay or of a delivery
)

// MailReturned acts on a delivery status notification. Only its token says whose mail came back.
func (s *Service) MailReturned(ctx context.Context, by actor.Actor, r mail.Report) (Outcome, error) {
	if err := s.guard(by, permManage); err != nil {
		return "", err
	}
	system, err := s.keys.Tenant(ctx, ids.System)
	if err != nil {
		return "", err
	}
	t, ok := s.tokenOf(system, r.To)
	if !ok {
		return Unknown, nil
	}
	if !r.Failed {
		return Notice, nil
	}
	id := ids.Account(uuid.UUID(t[:16]).String())
	sent := time.Unix(int64(binary.BigEndian.Uint32(t[16:20]))*60, 0)
	out := Past
	err = s.transact(ctx, func(tx *db.Tx) error {
		out = Past
		a, err := db.One(tx, qAccountAnywhere, scanAccount, id)
		if fault.Is(err, fault.Missing) { // erased since
			return nil
		}
		if err != nil {
			return err
		}
		k, err := s.keys.Tenant(ctx, a.Tenant)
		if fault.Is(err, fault.Missing) {
			return nil
		}
		if err != nil {
			return err
		}
		email, err := k.Open(at(accountsTable, string(a.ID), "email"), a.email)
		if err != nil || !same(t[20:24], addressTag(system, id, string(email))) || time.Since(sent) > returnFor {
			return err
		}
		if n, err := db.Value[int](tx, qCodeUsedSince, a.Tenant, id, db.Micros(sent)); err != nil || n > 0 {
			return err
		}
		out = Marked
		by.Tenant = a.Tenant
		_, err = s.markFailing(tx, k, by, &a, Failing{Returned, r.Status, time.Now()})
		return err
	})
	return out, err
}

// RecordReturns writes down how many notifications came to which end, for the operator.
func (s *Service) RecordReturns(ctx context.Context, by actor.Actor, n map[Outcome]int, unread int) error {
	by.Tenant = ids.System
	detail := map[string]any{"unread": unread}
	for _, o := range []Outcome{Marked, Unknown, Past, Notice} {
		detail[string(o)] = n[o]
	}
	return s.transact(ctx, func(tx *db.Tx) error { return s.record(tx, "mail.returns", by, "ok", detail) })
}
