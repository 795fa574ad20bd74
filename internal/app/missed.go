package app

import (
	"context"
	"fmt"
	"strings"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/jst"
)

// tellMissed mails those who run the service that days have no backup: nobody looks at a page every night.
func (a *App) tellMissed(ctx context.Context, days []jst.Date) {
	homes, err := tenantLookup{a.Tenants}.Associations(ctx)
	if err != nil {
		a.log.ErrorContext(ctx, "backup: nobody was told of the missed days", "err", err)
		return
	}
	const most = 10
	var list []string
	for _, d := range days[max(0, len(days)-most):] {
		list = append(list, d.String())
	}
	text := fmt.Sprintf(`%s のバックアップに、取れていない日が%d日あります。

・日（新しいものから%d日まで）：%s
・気付いた時刻：%s

その日の記録は、前の日のバックアップからしか戻せません。サービスは取り直しを続けます。
「自動の処理」と「セキュリティ対策と確認状況」（BK-DAILY）の画面で理由を確かめ、置き場所と空き容量を見てください。
`, a.Config.Service.Name, len(days), most, strings.Join(list, "、"), jst.Stamp(time.Now()))
	for _, home := range homes {
		a.Identity.Announce(home, []actor.Role{actor.ITSM}, "backup.alarm", "【重要】バックアップの取れていない日があります", text)
	}
}
