package cli

import (
	"context"
	"flag"
	"fmt"
	"io"

	"rakudos/internal/base/jst"
	"rakudos/internal/engine/mail"
)

// Mails is what app gives to the verbs of the sealed mail spool.
type Mails struct {
	List func(ctx context.Context, o Options) ([]mail.Mail, error)
	Show func(ctx context.Context, o Options, id string) (mail.Mail, error)
}

// letter is the JSON of a spooled message.
type letter struct {
	ID      string `json:"id"`
	Date    string `json:"date"`
	To      string `json:"to"`
	Subject string `json:"subject"`
	Text    string `json:"text,omitempty"`
}

func letterOf(m mail.Mail) letter {
	return letter{m.File, jst.StampSec(m.Date), m.To, m.Subject, m.Text}
}

func mailCommands() []command {
	return []command{
		{
			name: "mail list", says: "送信せずに暗号化して置いたメール（mail.mode: spool）を、新しい順に表示します。", args: "[--data フォルダー] [--config ファイル] [--json]",
			examples: []string{"rakudos mail list --data data"},
			setup: func(f *flag.FlagSet) action {
				var o Options
				dataFlags(f, &o)
				return func(ctx context.Context, s *stage) error {
					o.Env = s.Env
					all, err := s.house.Mails.List(ctx, o)
					if err != nil {
						return err
					}
					out := []letter{}
					for _, m := range all {
						out = append(out, letterOf(m))
					}
					return s.answer(out, func(w io.Writer) {
						if len(out) == 0 {
							fmt.Fprintln(w, "メールはありません。")
						}
						for _, l := range out {
							fmt.Fprintf(w, "%s  %s  %s  %s\n", l.ID, l.Date, l.To, l.Subject)
						}
					})
				}
			},
		},
		{
			name: "mail show", says: "暗号化して置いたメールの1通を表示します。", args: "--id 番号 [--data フォルダー] [--config ファイル] [--json]",
			examples: []string{"rakudos mail show --id 01a222e9-5d78-799e-aa95-27a614333d1f --data data"},
			setup: func(f *flag.FlagSet) action {
				var o Options
				var id string
				dataFlags(f, &o)
				f.StringVar(&id, "id", "", "mail list に出る番号（必須）")
				return func(ctx context.Context, s *stage) error {
					o.Env = s.Env
					if err := need("--id", id); err != nil {
						return err
					}
					m, err := s.house.Mails.Show(ctx, o, id)
					if err != nil {
						return err
					}
					l := letterOf(m)
					return s.answer(l, func(w io.Writer) {
						fmt.Fprintf(w, "%s\n宛先: %s\n件名: %s\n\n%s", l.Date, l.To, l.Subject, l.Text)
					})
				}
			},
		},
	}
}
