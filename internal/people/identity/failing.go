package identity

import (
	"context"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/mail"
	"rakudos/internal/engine/vault"
)

// How it is known that mail doesn't reach an address.
const (
	Refused  = "refused"  // the relay didn't take the mail
	Returned = "returned" // it came back later
)

// Failing is what is known against an address.
type Failing struct {
	How    string // Refused or Returned
	Status string // RFC 3463, "5.1.1"; may be empty
	At     time.Time
}

const failingColumns = `account_id, how, status, failed_at, address, mac`

var (
	qFailingPut = db.Q("identity.failing_put", `insert into identity_mail_failing (tenant_id, account_id, how, status, failed_at, address, mac) values ($1, $2, $3, $4, $5, $6, $7)
		on conflict (tenant_id, account_id) do update set how = excluded.how, status = excluded.status, failed_at = excluded.failed_at, address = excluded.address, mac = excluded.mac`)
	qFailing     = db.Q("identity.failing", `select `+failingColumns+` from identity_mail_failing where tenant_id = $1 and account_id = $2`)
	qAllFailing  = db.Q("identity.all_failing", `select `+failingColumns+` from identity_mail_failing where tenant_id = $1 order by account_id`)
	qFailingDrop = db.Q("identity.failing_drop", `delete from identity_mail_failing where tenant_id = $1 and account_id = $2`)
)

type failingRow struct {
	account ids.Account
	Failing
	at           int64
	address, mac []byte
}

func scanFailing(s db.Scanner) (failingRow, error) {
	var r failingRow
	err := s.Scan(&r.account, &r.How, &r.Status, &r.at, &r.address, &r.mac)
	r.At = db.Time(r.at)
	return r, err
}

// sum binds what is said to the account and to the address of which it is said.
func (r *failingRow) sum(k *vault.Key) []byte {
	return k.MAC("identity.failing", []byte(r.account), []byte(r.How), []byte(r.Status), num(r.at), r.address)
}

// stands tells whether the row is the service's own and about the address that the account has now.
func (s *Service) stands(k *vault.Key, r *failingRow, a *account) bool {
	email, err := k.Open(at(accountsTable, string(a.ID), "email"), a.email)
	return err == nil && same(r.address, k.Index("identity.address", string(email))) && (s.policy.weak == SabotageRows || same(r.mac, r.sum(k)))
}

// failingOf is what is known against the address of one account; nil is nothing.
func (s *Service) failingOf(tx *db.Tx, k *vault.Key, a *account) (*Failing, error) {
	r, err := db.One(tx, qFailing, scanFailing, a.Tenant, a.ID)
	if fault.Is(err, fault.Missing) || err == nil && !s.stands(k, &r, a) {
		return nil, nil
	}
	return &r.Failing, err
}

// allFailing fills in what is known in a tenant. There are few such rows, so each account is read for itself.
func (s *Service) allFailing(tx *db.Tx, k *vault.Key, t ids.Tenant, into map[ids.Account]*Failing) error {
	rows, err := db.All(tx, qAllFailing, scanFailing, t)
	if err != nil {
		return err
	}
	for _, r := range rows {
		a, err := db.One(tx, qAccountByID, scanAccount, t, r.account)
		if err != nil {
			return err
		}
		if s.stands(k, &r, &a) {
			into[r.account] = &r.Failing
		}
	}
	return nil
}

// FailingMail counts the accounts in use of the actor's tenant that mail doesn't reach.
func (s *Service) FailingMail(ctx context.Context, a actor.Actor) (n int, err error) {
	if err := s.guard(a, permManage); err != nil {
		return 0, err
	}
	k, err := s.keys.Tenant(ctx, a.Tenant)
	if err != nil {
		return 0, err
	}
	known := map[ids.Account]*Failing{}
	err = s.db.View(ctx, a.Tenant, func(tx *db.Tx) error {
		if err := s.allFailing(tx, k, a.Tenant, known); err != nil {
			return err
		}
		for id := range known {
			if acc, err := db.One(tx, qAccountByID, scanAccount, a.Tenant, id); err != nil {
				return err
			} else if acc.State == "active" {
				n++
			}
		}
		return nil
	})
	return n, err
}

// deliver sends a mail to the owner of an account, with a return address that only this service could have made,
// and writes down when the relay refuses the recipient.
func (s *Service) deliver(ctx context.Context, a *account, k *vault.Key, m mail.Message) error {
	back, err := s.returnAddress(ctx, a.ID, m.To)
	if err != nil {
		return err
	}
	m.Return = back
	err = s.mail.Send(ctx, m)
	if now, e := k.Open(at(accountsTable, string(a.ID), "email"), a.email); !isRefused(err) || e == nil && string(now) != m.To { // not the present one, but the next
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	_ = s.transact(ctx, func(tx *db.Tx) error { // what was to be sent has failed all the same
		_, e := s.markFailing(tx, k, actor.System(a.Tenant, "mail"), a, Failing{Refused, fault.Of(err).Args["status"], time.Now()})
		return e
	})
	return err
}

func isRefused(err error) bool {
	f := fault.Of(err)
	return f != nil && f.Code == "mail.refused"
}

// markFailing writes down that mail doesn't reach an account's present address. The same said again is no news.
func (s *Service) markFailing(tx *db.Tx, k *vault.Key, by actor.Actor, a *account, f Failing) (news bool, err error) {
	if before, err := s.failingOf(tx, k, a); err != nil || before != nil && before.How == f.How && before.Status == f.Status {
		return false, err
	}
	email, err := k.Open(at(accountsTable, string(a.ID), "email"), a.email)
	if err != nil {
		return false, err
	}
	r := failingRow{account: a.ID, Failing: f, at: db.Micros(f.At), address: k.Index("identity.address", string(email))}
	if _, err := tx.Exec(qFailingPut, a.Tenant, a.ID, r.How, r.Status, r.at, r.address, r.sum(k)); err != nil {
		return false, err
	}
	return true, s.record(tx, "mail.failing", by, "failed", map[string]any{"account": string(a.ID), "how": f.How, "status": f.Status})
}

// mailWorks clears what was known against an address: a code mailed there was used.
func (s *Service) mailWorks(tx *db.Tx, t ids.Tenant, id ids.Account, who actor.Actor) error {
	n, err := tx.Exec(qFailingDrop, t, id)
	if err != nil || n == 0 {
		return err
	}
	return s.record(tx, "mail.reached", who, "ok", map[string]any{"account": string(id)})
}
