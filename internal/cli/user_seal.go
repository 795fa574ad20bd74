package cli

import (
	"context"
	"flag"
	"fmt"
	"io"
)

func userSealCommand() command {
	return command{
		name: "user breakglass", says: "緊急用の利用者IDに封をします。封筒に入れるパスワードとコードを一度だけ表示します。使ったあとは、使用の確認が記録されるまで封をし直せません。",
		args:     "--tenant 契約先コード --login-id 利用者ID [--name 名前] [--data フォルダー] [--json]",
		examples: []string{"rakudos user breakglass --data data --tenant kyokai --login-id glass-1 --name '本部の金庫'"},
		setup: func(f *flag.FlagSet) action {
			var o Options
			dataFlags(f, &o)
			tenant := f.String("tenant", "", "契約先コード（必須）")
			login := f.String("login-id", "", "利用者ID（必須）")
			name := f.String("name", "緊急用", "保管場所などの名前")
			return func(ctx context.Context, s *stage) error {
				o.Env = s.Env
				if err := need("--tenant", *tenant, "--login-id", *login); err != nil {
					return err
				}
				e, err := s.house.Users.Seal(ctx, o, *tenant, *login, *name)
				if err != nil {
					return err
				}
				return s.answer(e, func(w io.Writer) {
					fmt.Fprintf(w, "封筒に入れる紙（ここに一度だけ表示します。印刷して封をし、鍵のかかる場所に保管してください）\n\n契約先コード %s\n利用者ID     %s\nパスワード   %s\n", *tenant, e.LoginID, e.Password)
					for i, c := range e.Codes {
						fmt.Fprintf(w, "コード%d番    %s\n", i+1, c)
					}
				})
			}
		},
	}
}
