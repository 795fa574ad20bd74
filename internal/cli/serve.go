package cli

import (
	"context"
	"flag"
	"fmt"
	"io"
)

// dataFlags are those of every verb that works on the service's data.
func dataFlags(f *flag.FlagSet, o *Options) {
	f.StringVar(&o.Config, "config", "", "設定ファイル（YAML）")
	f.StringVar(&o.Data, "data", "", "データフォルダー（省略時は設定の値、設定もなければ data）")
}

func serveCommand() command {
	return command{
		name: "serve", says: "サービスを動かします（TLS 1.3 のみ）。Ctrl+C で安全に止まります。",
		args: "[--demo] [--listen ホスト:ポート] [--data フォルダー] [--config ファイル]",
		examples: []string{
			"rakudos serve --demo",
			"rakudos serve --listen 127.0.0.1:9443 --data /var/lib/rakudos --config /etc/rakudos.yaml",
		},
		setup: func(f *flag.FlagSet) action {
			var o Options
			dataFlags(f, &o)
			f.StringVar(&o.Listen, "listen", "", "待ち受けるホスト:ポート（省略時は設定の値、設定もなければ localhost:8443）")
			f.BoolVar(&o.Demo, "demo", false, "体験用の会社・利用者・ページを用意します（この機械からだけ使えます）")
			return func(ctx context.Context, s *stage) error {
				o.Env = s.Env
				return s.house.Serve(ctx, o, s.Out)
			}
		},
	}
}

func configCheckCommand() command {
	return command{
		name: "config check", says: "設定を調べ、使われる値をすべて表示します。サービスは動かしません。",
		args:     "[--config ファイル] [--data フォルダー]",
		examples: []string{"rakudos config check --config /etc/rakudos.yaml"},
		setup: func(f *flag.FlagSet) action {
			var o Options
			dataFlags(f, &o)
			return func(_ context.Context, s *stage) error {
				o.Env = s.Env
				text, err := s.house.Config(o)
				if err != nil {
					return configFault(err)
				}
				return s.answer(map[string]any{"ok": true, "config": text}, func(w io.Writer) {
					fmt.Fprintf(w, "設定に問題はありません。\n\n%s", text)
				})
			}
		},
	}
}

func versionCommand() command {
	return command{
		name: "version", says: "版を表示します。",
		examples: []string{"rakudos version", "rakudos version --json"},
		setup: func(*flag.FlagSet) action {
			return func(_ context.Context, s *stage) error {
				return s.answer(map[string]string{"version": s.house.Version}, func(w io.Writer) {
					fmt.Fprintf(w, "rakudos %s\n", s.house.Version)
				})
			}
		},
	}
}
