package identity

import (
	"context"
	"fmt"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
)

// asksPerHour bounds the requests of one network, whatever names they are for.
const asksPerHour = 10

var (
	qResetAsk = db.Q("identity.reset_ask", `insert into identity_resets (tenant_id, account_id, asked_at) values ($1, $2, $3)
		on conflict (tenant_id, account_id) do update set asked_at = excluded.asked_at where identity_resets.asked_at <= $4`)
	qResets    = db.Q("identity.resets", `select account_id, asked_at from identity_resets where tenant_id = $1`)
	qResetDone = db.Q("identity.reset_done", `delete from identity_resets where tenant_id = $1 and account_id = $2`)
)

// AskReset asks the tenant's administrators for a new first password. The answer and its time are the same
// whether the account exists or not: the work is done behind it. Neither a mail nor a code gives anything;
// only ResetPassword by an administrator does. Too many requests from one network are fault.Busy
// "identity.too_soon".
func (s *Service) AskReset(ctx context.Context, v Visit, tenantCode, loginID string) error {
	system, err := s.keys.Tenant(ctx, ids.System)
	if err != nil {
		return err
	}
	n := 0
	err = s.transact(ctx, func(tx *db.Tx) (err error) {
		now := time.Now()
		n, err = db.Value[int](tx, qTally, ids.System, hashID(system, "forgot", Network(v.Addr)), db.Micros(now), db.Micros(now.Add(time.Hour)))
		return err
	})
	if err != nil {
		return err
	}
	if n > asksPerHour {
		return fault.New(fault.Busy, "identity.too_soon").After(time.Hour)
	}
	s.later(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ending), 30*time.Second)
		defer cancel()
		_ = s.askReset(ctx, v, tenantCode, loginID) // nobody is waiting for the outcome; the event is the record
	})
	return nil
}

func (s *Service) askReset(ctx context.Context, v Visit, tenantCode, loginID string) error {
	info, err := s.tenants.TenantByCode(ctx, tenantCode)
	if err != nil || info.Closed {
		return err
	}
	key, err := s.keys.Tenant(ctx, info.ID)
	if err != nil {
		return err
	}
	a, asked := &attempt{visit: v, info: info, key: key}, false
	err = s.transact(ctx, func(tx *db.Tx) error {
		acc, err := db.One(tx, qAccountByLogin, scanAccount, info.ID, s.loginIndex(key, loginID))
		if err != nil || acc.State != "active" || !s.genuine(key, &acc) {
			return err
		}
		now := time.Now()
		a.account = &acc
		n, err := tx.Exec(qResetAsk, info.ID, acc.ID, db.Micros(now), db.Micros(now.Add(-time.Hour)))
		if asked = n > 0; err != nil || !asked { // asked already within the hour
			return err
		}
		return s.record(tx, "auth.reset_asked", a.actor(), "ok", nil)
	})
	if err != nil || !asked {
		return err
	}
	when := moment(time.Now())
	s.tell(a, "auth.reset_notice", "パスワードの再設定の依頼を受け付けました", fmt.Sprintf(`%s の利用者IDについて、パスワードを忘れたという依頼がありました。自社の管理者が本人を確かめてから、新しい最初のパスワードを渡します。

・時刻：%s
・接続元：%s

今のパスワードはそのまま使えます。お心当たりがない場合は、自社の管理者へ知らせてください。
`, oneLine(info.Name), when, plain(v.Addr)))
	s.tellAdmins(a, "auth.reset_notice", "パスワードの再設定の依頼があります", fmt.Sprintf(`%s の利用者から、パスワードを忘れたという依頼がありました。

・時刻：%s
・接続元：%s

「利用者と役割」の画面で確かめてください。電話などで本人を確かめてから、最初のパスワードを作り直し、メール以外の方法で渡してください。
`, oneLine(info.Name), when, plain(v.Addr)))
	return nil
}
