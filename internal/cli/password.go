package cli

import (
	"context"
	"flag"
	"fmt"
	"io"
	"strings"

	"rakudos/internal/people/identity"
)

// passwordInput bounds what is read of a password; a longer one breaks the rule "maximum" all the same.
const passwordInput = 64 << 10

// PasswordCheck is a password with what may not stand inside it.
type PasswordCheck struct {
	Context  identity.PasswordContext
	Password string
}

// checkedPassword is the JSON of a check. It never holds the password.
type checkedPassword struct {
	OK    bool                  `json:"ok"`
	Rules []identity.RuleResult `json:"rules"`
}

func explainPasswordCommand() command {
	return command{
		name: "explain password", says: "標準入力のパスワードが決まりに合うかを、規則ごとに表示します（データは使いません。パスワードは表示も保存もしません）。",
		args: "[--tenant 契約先コード] [--tenant-name 契約先の名前] [--login-id 利用者ID] [--config ファイル] [--json]",
		examples: []string{
			"rakudos explain password --tenant midori --login-id hr --json < password.txt",
			"rakudos explain password --tenant midori --login-id hr",
		},
		setup: func(f *flag.FlagSet) action {
			var o Options
			var c PasswordCheck
			f.StringVar(&c.Context.TenantCode, "tenant", "", "契約先コード（パスワードに含められません）")
			f.StringVar(&c.Context.TenantName, "tenant-name", "", "契約先の名前（パスワードに含められません）")
			f.StringVar(&c.Context.LoginID, "login-id", "", "利用者ID（パスワードに含められません）")
			f.StringVar(&o.Config, "config", "", "設定ファイル（identity.blocklist_file を使うとき）")
			return func(_ context.Context, s *stage) error {
				o.Env = s.Env
				var err error
				if c.Password, err = readPassword(s.In); err != nil {
					return err
				}
				rules, err := s.house.Password(o, c)
				if err != nil {
					return err
				}
				v := checkedPassword{OK: true, Rules: rules}
				for _, r := range rules {
					v.OK = v.OK && r.OK
				}
				return s.answer(v, func(w io.Writer) {
					tellPassword(w, v)
					if c.Context.TenantName == "" {
						fmt.Fprintln(w, "契約先の名前は比べていません（名前を含むパスワードはサービスが断ります）。比べるには --tenant-name を付けてください。")
					}
				})
			}
		},
	}
}

// readPassword takes the input as it is, without the line end that a terminal or echo adds.
func readPassword(r io.Reader) (string, error) {
	b, err := io.ReadAll(io.LimitReader(r, passwordInput))
	if err != nil {
		return "", err
	}
	s, ok := strings.CutSuffix(string(b), "\n")
	if ok {
		s = strings.TrimSuffix(s, "\r")
	}
	return s, nil
}

func tellPassword(w io.Writer, v checkedPassword) {
	if v.OK {
		fmt.Fprintln(w, "このパスワードは使えます。")
	} else {
		fmt.Fprintln(w, "このパスワードは使えません。")
	}
	p := identity.DefaultPolicy()
	for _, r := range v.Rules {
		mark := "○"
		if !r.OK {
			mark = "×"
		}
		fmt.Fprintf(w, "%s %-10s %s\n", mark, r.Rule, p.RuleSentence(r.Rule))
	}
}
