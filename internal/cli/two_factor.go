package cli

import (
	"context"
	"flag"
	"fmt"
	"io"
	"strings"

	"rakudos/internal/base/actor"
	"rakudos/internal/people/access"
)

func tenantTwoFactorCommand() command {
	return command{
		name: "tenant two-factor", says: "パスキーか認証アプリを必須にする役割を、表示または変更します。",
		args: "--tenant 契約先コード [--roles 役割[,役割…] | --none] [--data フォルダー] [--json]",
		examples: []string{
			"rakudos tenant two-factor --data data --tenant midori",
			"rakudos tenant two-factor --data data --tenant midori --roles nurse,physician,tenantadmin",
		},
		setup: func(f *flag.FlagSet) action {
			var o Options
			dataFlags(f, &o)
			code := f.String("tenant", "", "契約先コード（必須）")
			names := f.String("roles", "", "必須にする役割（コンマ区切り）: "+strings.Join(roleList(), " "))
			none := f.Bool("none", false, "どの役割にも必須にしません（パスワードとメールのコードの二段階）")
			return func(ctx context.Context, s *stage) error {
				o.Env = s.Env
				if err := need("--tenant", *code); err != nil {
					return err
				}
				if *none && *names != "" {
					return wrong("cli.roles_and_none")
				}
				roles := []actor.Role{}
				for r := range strings.SplitSeq(*names, ",") {
					if r = strings.TrimSpace(r); r != "" {
						roles = append(roles, actor.Role(r))
					}
				}
				required, err := s.house.Tenants.TwoFactor(ctx, o, *code, *none || len(roles) > 0, roles)
				if err != nil {
					return err
				}
				out := struct {
					Tenant string   `json:"tenant"`
					Roles  []string `json:"roles"`
				}{*code, []string{}}
				var says []string
				for _, r := range required {
					out.Roles = append(out.Roles, string(r))
					says = append(says, access.RoleName(r))
				}
				return s.answer(out, func(w io.Writer) {
					if len(says) == 0 {
						fmt.Fprintln(w, "どの役割にも必須にしていません（パスワードとメールのコードの二段階）")
						return
					}
					fmt.Fprintln(w, "パスキーか認証アプリが必須の役割: "+strings.Join(says, "、"))
				})
			}
		},
	}
}
