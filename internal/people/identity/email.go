package identity

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

// EmailHold is how long a new mail address waits before codes go to it.
const EmailHold = 24 * time.Hour

const emailTable = "identity_email_changes"

var (
	qEmailAsk = db.Q("identity.email_ask", `insert into identity_email_changes (tenant_id, account_id, email, asked_at, due_at, mac) values ($1, $2, $3, $4, $5, $6)
		on conflict (tenant_id, account_id) do update set email = excluded.email, asked_at = excluded.asked_at, due_at = excluded.due_at, mac = excluded.mac`)
	qEmailAsked  = db.Q("identity.email_asked", `select tenant_id, account_id, email, asked_at, due_at, mac from identity_email_changes where tenant_id = $1 and account_id = $2`)
	qEmailsAsked = db.Q("identity.emails_asked", `select tenant_id, account_id, email, asked_at, due_at, mac from identity_email_changes where tenant_id = $1`)
	qEmailDrop   = db.Q("identity.email_drop", `delete from identity_email_changes where tenant_id = $1 and account_id = $2`)
	qEmailDue    = db.GlobalQ("identity.email_due", `select tenant_id, account_id, email, asked_at, due_at, mac from identity_email_changes where due_at <= $1 order by due_at limit 500`)
	qEmailSet    = db.Q("identity.email_set", `update identity_accounts set email = $3 where tenant_id = $1 and account_id = $2`)
)

// EmailChange is a new address that still waits; Due is zero when there is none.
type EmailChange struct {
	Email string // masked
	Due   time.Time
}

type emailRow struct {
	tenant  ids.Tenant
	account ids.Account
	sealed  []byte
	asked   int64
	due     int64
	mac     []byte
}

func scanEmail(s db.Scanner) (emailRow, error) {
	var r emailRow
	return r, s.Scan(&r.tenant, &r.account, &r.sealed, &r.asked, &r.due, &r.mac)
}

// emailAsks is how often somebody asks for another address in a day: each time two people hear of it, one of whom may
// be nobody's colleague.
const emailAsks = 5

// AskEmail asks for another address for the codes. It needs the password, tells the present address and the new one,
// and holds for a day; until then codes go to the present one.
func (s *Service) AskEmail(ctx context.Context, v Visit, token, password, email string) error {
	cur, err := s.Session(ctx, token, true)
	if err != nil {
		return err
	}
	if err := address(email); err != nil {
		return err
	}
	k, err := s.keys.Tenant(ctx, cur.Actor.Tenant)
	if err != nil {
		return err
	}
	var asked *attempt
	now := time.Now()
	due := now.Add(EmailHold)
	err = s.again(ctx, v, cur, password, "identity.password_old", func(tx *db.Tx, a *attempt, who actor.Actor) error {
		if err := a.another(email); err != nil {
			return err
		}
		n, err := db.Value[int](tx, qTally, ids.System, "email-asked."+string(cur.Actor.Account), db.Micros(now), db.Micros(now.Add(24*time.Hour)))
		if err != nil {
			return err
		}
		if n > emailAsks {
			return fault.New(fault.Conflict, "identity.email_daily", "most", strconv.Itoa(emailAsks))
		}
		asked = a
		sealed := k.Seal(at(emailTable, string(cur.Actor.Account), "email"), []byte(email))
		if _, err := tx.Exec(qEmailAsk, cur.Actor.Tenant, cur.Actor.Account, sealed, db.Micros(now), db.Micros(due), emailMAC(k, cur.Actor.Account, db.Micros(now), db.Micros(due))); err != nil {
			return err
		}
		return s.record(tx, "auth.email_asked", who, "ok", nil)
	})
	if err != nil {
		return err
	}
	text := fmt.Sprintf(`%s の利用者IDで、確認コードを送るメールアドレスの変更が申し込まれました。

・今のアドレス：%s
・新しいアドレス：%s
・切り替わる時刻：%s
・接続元：%s

それまでは、今のアドレスへコードを送ります。
お心当たりがない場合は、サインインして「サインインと安全」の画面で取り消し、パスワードを変え、自社の管理者へ知らせてください。
`, oneLine(asked.info.Name), s.maskedOwn(asked), maskEmail(email), moment(due), plain(v.Addr))
	s.tell(asked, "auth.email_notice", "メールアドレスの変更の申込み", text)
	s.tellNew(asked, email, due)
	return nil
}

func (s *Service) maskedOwn(a *attempt) string {
	email, err := a.key.Open(at(accountsTable, string(a.account.ID), "email"), a.account.email)
	if err != nil {
		return "***"
	}
	return maskEmail(string(email))
}

// EmailChange tells the actor's own pending change.
func (s *Service) EmailChange(ctx context.Context, a actor.Actor) (EmailChange, error) {
	k, err := s.keys.Tenant(ctx, a.Tenant)
	if err != nil {
		return EmailChange{}, err
	}
	var r emailRow
	err = s.db.View(ctx, a.Tenant, func(tx *db.Tx) (err error) {
		r, err = db.One(tx, qEmailAsked, scanEmail, a.Tenant, a.Account)
		return err
	})
	if fault.Is(err, fault.Missing) {
		return EmailChange{}, nil
	}
	if err != nil {
		return EmailChange{}, err
	}
	email, err := k.Open(at(emailTable, string(r.account), "email"), r.sealed)
	return EmailChange{maskEmail(string(email)), db.Time(r.due)}, err
}

// OwnEmail is the masked address to which the actor's codes go.
func (s *Service) OwnEmail(ctx context.Context, a actor.Actor) (string, error) {
	k, err := s.keys.Tenant(ctx, a.Tenant)
	if err != nil {
		return "", err
	}
	var acc account
	if err := s.db.View(ctx, a.Tenant, func(tx *db.Tx) (err error) {
		acc, err = db.One(tx, qAccountByID, scanAccount, a.Tenant, a.Account)
		return err
	}); err != nil {
		return "", err
	}
	return s.maskedOwn(&attempt{key: k, account: &acc}), nil
}

// DropEmail takes the actor's own pending change back; it needs nothing else.
func (s *Service) DropEmail(ctx context.Context, a actor.Actor) error {
	return s.db.Tx(ctx, a.Tenant, func(tx *db.Tx) error {
		n, err := tx.Exec(qEmailDrop, a.Tenant, a.Account)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.Missing, "identity.email_none")
		}
		return s.record(tx, "auth.email_dropped", a, "ok", nil)
	})
}

// dropPending takes a waiting address away with whatever is done against somebody who knew the password: it
// may be theirs, and would get the codes after its day.
func (s *Service) dropPending(tx *db.Tx, t ids.Tenant, id ids.Account, by actor.Actor) error {
	n, err := tx.Exec(qEmailDrop, t, id)
	if err != nil || n == 0 {
		return err
	}
	return s.record(tx, "auth.email_dropped", by, "ok", map[string]any{"account": string(id), "reason": "account secured"})
}

// changeEmails puts addresses in force whose day is over, and tells the old ones.
func (s *Service) changeEmails(ctx context.Context, now time.Time) error {
	var due []emailRow
	if err := s.db.View(ctx, db.Global, func(tx *db.Tx) (err error) {
		due, err = db.All(tx, qEmailDue, scanEmail, db.Micros(now))
		return err
	}); err != nil {
		return err
	}
	for _, r := range due {
		k, err := s.keys.Tenant(ctx, r.tenant)
		if fault.Is(err, fault.Missing) {
			continue // the tenant's key is destroyed
		}
		if err != nil {
			return err
		}
		if err := s.changeEmail(ctx, k, r); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) changeEmail(ctx context.Context, k *vault.Key, r emailRow) error {
	info, err := s.tenants.TenantByID(ctx, r.tenant)
	if err != nil {
		return err
	}
	if s.policy.weak != SabotageRows && !same(r.mac, emailMAC(k, r.account, r.asked, r.due)) {
		s.found(ctx, finding{r.tenant, emailTable, string(r.account)})
		return s.transact(ctx, func(tx *db.Tx) error { _, err := tx.Exec(qEmailDrop, r.tenant, r.account); return err })
	}
	email, err := k.Open(at(emailTable, string(r.account), "email"), r.sealed)
	if err != nil {
		return err
	}
	a, done := &attempt{info: info, key: k}, false
	err = s.transact(ctx, func(tx *db.Tx) error {
		done = false
		n, err := tx.Exec(qEmailDrop, r.tenant, r.account)
		if err != nil || n == 0 { // taken back meanwhile
			return err
		}
		acc, err := db.One(tx, qAccountByID, scanAccount, r.tenant, r.account)
		if err != nil {
			return err
		}
		if !s.genuine(k, &acc) {
			return s.noteFinding(tx, finding{r.tenant, accountsTable, string(r.account)})
		}
		a.account, done = &acc, true
		if _, err := tx.Exec(qEmailSet, r.tenant, r.account, k.Seal(at(accountsTable, string(r.account), "email"), email)); err != nil {
			return err
		}
		if _, err := tx.Exec(qFailingDrop, r.tenant, r.account); err != nil { // it was about the old address
			return err
		}
		return s.record(tx, "auth.email_changed", actor.System(r.tenant, "sign-in"), "ok", map[string]any{"account": string(r.account)})
	})
	if err != nil || !done {
		return err
	}
	s.tell(a, "auth.email_notice", "メールアドレスが変わりました", fmt.Sprintf(`%s の利用者IDの確認コードは、これから新しいアドレス（%s）へ送ります。

・時刻：%s

お心当たりがない場合は、すぐに自社の管理者へ知らせてください。
`, oneLine(info.Name), maskEmail(string(email)), moment(time.Now())))
	return nil
}
