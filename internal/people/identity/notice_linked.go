package identity

import (
	"context"
	"fmt"
	"time"

	"rakudos/internal/base/ids"
)

// TellLinked tells the owner at once that an account of the company's provider now opens theirs: a wrong match, or
// a provider that somebody has taken over, must not go unnoticed.
func (s *Service) TellLinked(ctx context.Context, v Visit, t ids.Tenant, id ids.Account, provider string) {
	a, err := s.known(ctx, t, id, v)
	if err != nil {
		return
	}
	s.tell(a, "auth.linked_notice", "会社のアカウントと結び付きました", fmt.Sprintf(`%s の利用者IDが、会社のアカウントと結び付きました。これからは、そのアカウントでもサインインできます。

・認証サービス：%s
・時刻：%s
・接続元：%s

ご自分で行ったのであれば、することはありません。
お心当たりがない場合は、すぐに自社の管理者へ知らせてください。管理者は「認証・人事との連携」の画面で結び付けを解き、利用者の画面でサインインを終わらせられます。
`, oneLine(a.info.Name), oneLine(provider), moment(time.Now()), plain(v.Addr)))
}
