package cli

import (
	"context"
	"flag"
	"io"
)

// userPersonnelCommand states whether somebody has a say in dismissal, promotion and transfer
// (労働安全衛生規則第52条の10第2項).
func userPersonnelCommand() command {
	return command{
		name: "user personnel", says: "人事権（解雇・昇進・異動を直接決める立場）の有無を記録します。ある人は、ストレスチェックの実施者・実施事務従事者になれません。",
		args:     "--tenant 契約先コード --login-id 利用者ID --say held|none|unknown --reason 理由 [--data フォルダー] [--json]",
		examples: []string{"rakudos user personnel --data data --tenant midori --login-id hr --say none --reason '人事課の事務担当で、人事を決める立場ではない'"},
		setup: func(f *flag.FlagSet) action {
			var o Options
			dataFlags(f, &o)
			tenant := f.String("tenant", "", "契約先コード（必須）")
			login := f.String("login-id", "", "利用者ID（必須）")
			say := f.String("say", "", "held（あり） none（なし） unknown（未確認）のどれか（必須）")
			reason := f.String("reason", "", "理由（必須。監査ログに残ります）")
			return func(ctx context.Context, s *stage) error {
				o.Env = s.Env
				if err := need("--tenant", *tenant, "--login-id", *login, "--say", *say, "--reason", *reason); err != nil {
					return err
				}
				if *say == "unknown" {
					*say = ""
				}
				a, err := s.house.Users.Personnel(ctx, o, *tenant, *login, *say, *reason)
				if err != nil {
					return err
				}
				return s.answer(userOf(a), func(w io.Writer) { tellUser(w, userOf(a)) })
			}
		},
	}
}
