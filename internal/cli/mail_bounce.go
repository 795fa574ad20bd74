package cli

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"

	"rakudos/internal/base/fault"
	"rakudos/internal/people/identity"
)

// bounceWords say what became of a notification.
var bounceWords = map[identity.Outcome]string{
	identity.Marked:  "そのアドレスにはメールが届いていない、と記録しました。利用者の画面に表示します。",
	identity.Unknown: "このサービスが送ったメールの通知ではありません。何も変えていません。",
	identity.Past:    "古い通知か、アドレスが変わったか、その後にメールが届いています。何も変えていません。",
	identity.Notice:  "遅れや配達の知らせです。何も変えていません。",
}

func mailBounceCommand() command {
	return command{
		name: "mail bounce", says: "届かなかったメールの通知（RFC 3464）を1通読み取り、利用者のアドレスに印を付けます。設定の mail.return が必要です。",
		args:     "--file 通知.eml [--data フォルダー] [--json]",
		examples: []string{"rakudos mail bounce --data data --file returned.eml"},
		setup: func(f *flag.FlagSet) action {
			var o Options
			dataFlags(f, &o)
			name := f.String("file", "", "通知のファイル（必須）")
			return func(ctx context.Context, s *stage) error {
				o.Env = s.Env
				if err := need("--file", *name); err != nil {
					return err
				}
				file, err := os.Open(*name)
				if err != nil {
					return fault.New(fault.Invalid, "cli.file", "file", *name).Because(err)
				}
				defer file.Close()
				out, err := s.house.Returned(ctx, o, file)
				if err != nil {
					return err
				}
				return s.answer(map[string]string{"outcome": string(out)}, func(w io.Writer) { fmt.Fprintln(w, bounceWords[out]) })
			}
		},
	}
}
