package identity

import (
	"context"
	"fmt"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
)

// FirstWarn is how long before a first password runs out its owner is reminded of it.
const FirstWarn = 3 * 24 * time.Hour

var qFirstDue = db.GlobalQ("identity.first_due", `select `+accountColumns+` from identity_accounts a where a.state = 'active' and a.must_change = 1 and a.first_until > $1 and a.first_until <= $2 order by a.tenant_id, a.account_id`)

// tellReset tells the owner that an administrator has made another first password: who has not asked for one
// learns of it.
func (s *Service) tellReset(ctx context.Context, by actor.Actor, id ids.Account) {
	v := Visit{Addr: by.Addr, Request: by.Request}
	a, err := s.known(ctx, by.Tenant, id, v)
	if err != nil {
		return
	}
	s.tell(a, "auth.change_notice", "最初のパスワードが作り直されました", fmt.Sprintf(`%s の利用者IDについて、管理者が最初のパスワードを作り直しました。これまでのパスワードは使えません。すべての端末のサインインは終了しました。

・時刻：%s

新しい最初のパスワードは、管理者から受け取ってください。お心当たりがない場合は、自社の管理者へ知らせてください。
`, oneLine(a.info.Name), moment(time.Now())))
}

// tellDevice tells the owner of a sign-in on a browser that is not remembered. The account's very first one is
// nothing to wonder about, and the service's own probes come without a browser every time.
func (s *Service) tellDevice(ctx context.Context, v Visit, before *account, in SignedIn) {
	if in.Device == "" || before.SignedInAt == 0 {
		return
	}
	a, err := s.known(ctx, before.Tenant, before.ID, v)
	if err != nil || a.info.Probe {
		return
	}
	s.tell(a, "auth.device_notice", "新しい端末からサインインがありました", fmt.Sprintf(`%s の利用者IDで、これまでに使われていない端末（ブラウザー）からサインインがありました。

・時刻：%s
・接続元：%s

ご自分のサインインであれば、することはありません。お心当たりがない場合は、「サインインと安全」の画面でその端末のサインインを終了し、パスワードを変え、自社の管理者へ知らせてください。
`, oneLine(a.info.Name), moment(time.Now()), plain(v.Addr)))
}

// remindFirst reminds, once, whoever has not yet changed a first password that will soon be void.
func (s *Service) remindFirst(ctx context.Context, now time.Time) error {
	var due []account
	if err := s.db.View(ctx, db.Global, func(tx *db.Tx) (err error) {
		due, err = db.All(tx, qFirstDue, scanAccount, db.Micros(now), db.Micros(now.Add(FirstWarn)))
		return err
	}); err != nil {
		return err
	}
	for _, acc := range due {
		a, err := s.known(ctx, acc.Tenant, acc.ID, Visit{})
		if fault.Is(err, fault.Missing) || err != nil && fault.Of(err).Code == "identity.row_tampered" {
			continue // the tenant's key is destroyed, or the row is not the service's own
		}
		if err != nil {
			return err
		}
		n := 0
		until := db.Time(acc.FirstUntil)
		if err := s.transact(ctx, func(tx *db.Tx) (err error) {
			n, err = db.Value[int](tx, qTally, ids.System, fmt.Sprintf("first-told.%s.%d", acc.ID, acc.FirstUntil), db.Micros(now), db.Micros(until))
			return err
		}); err != nil {
			return err
		}
		if n == 1 {
			s.tell(a, "auth.first_notice", "最初のパスワードの期限が近づいています", fmt.Sprintf(`%s の利用者IDの最初のパスワードは、%s を過ぎると使えなくなります。

それまでにサインインして、自分のパスワードを決めてください。過ぎたときや、最初のパスワードが分からないときは、自社の管理者に作り直しを依頼してください。
`, oneLine(a.info.Name), moment(until)))
		}
	}
	return nil
}
