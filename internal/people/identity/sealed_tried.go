package identity

import (
	"context"
	"fmt"
	"time"

	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
)

// An emergency account is no personal one, and the lock of clause 3-4 would let strangers who know its ID take it away
// from those who need it when nobody else gets in. Its password is generated and far beyond guessing, so tries are not
// counted: they are slowed down like all others, by account name and network, and each is told.

var qIsSealed = db.Q("identity.is_sealed", `select count(*) from identity_sealed where tenant_id = $1 and account_id = $2`)

// triedEvery is how often mail goes out while somebody keeps trying; the log has each.
const triedEvery = 10 * time.Minute

// isSealed tells whether an account is an emergency account. Whether the row is genuine is seen when it is used: one
// made up spares an account its lock and opens nothing, as turning back its count would.
func (s *Service) isSealed(tx *db.Tx, t ids.Tenant, id ids.Account) (bool, error) {
	n, err := db.Value[int](tx, qIsSealed, t, id)
	return n > 0, err
}

// alarmTried tells everybody who watches that somebody tries passwords on an emergency account.
func (s *Service) alarmTried(ctx context.Context, a *attempt) {
	told, now := 0, time.Now()
	if err := s.transact(ctx, func(tx *db.Tx) (err error) {
		told, err = db.Value[int](tx, qTally, ids.System, "sealed-tried."+string(a.account.ID), db.Micros(now), db.Micros(now.Add(triedEvery)))
		return err
	}); err != nil || told != 1 {
		return
	}
	s.watched(a.info.ID, "sealed.alarm", "【緊急】緊急用の利用者IDに、違うパスワードが入力されました", fmt.Sprintf(`%s の緊急用の利用者IDに、違うパスワードが入力されました。

・時刻：%s
・接続元：%s

緊急用の利用者IDはロックしません（入力の間隔だけを空けます）。心当たりがない場合は、「操作の記録」で接続元を確かめ、保健会の窓口へ知らせてください。
続いている間の知らせは10分に一度です。一回ごとの記録は「操作の記録」にあります。
`, oneLine(a.info.Name), moment(now), plain(a.visit.Addr)))
}
