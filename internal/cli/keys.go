package cli

import (
	"context"
	"flag"
	"fmt"
	"io"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/vault"
	"rakudos/internal/operations/keys"
)

// KeyRing is what app gives to the verbs of keys; each works on a stopped service's data.
type KeyRing struct {
	List     func(ctx context.Context, o Options) (*keys.Inventory, error)
	Rotate   func(ctx context.Context, o Options, r RotateRequest, tell func(*keys.Work)) (*keys.Work, error)
	MoveRoot func(ctx context.Context, o Options, to, reason string, tell vault.Tell) (from, now string, err error)
}

// RotateRequest says what to rotate and why.
type RotateRequest struct {
	Level  keys.Kind
	Tenant string // code
	Person ids.Person
	Reason string
}

func keyCommands() []command {
	return []command{keysListCommand(), keysRotateCommand(), keysRewrapCommand(), keysMoveCommand()}
}

func keysListCommand() command {
	return command{
		name: "keys list", says: "鍵の台帳（種類・版・日付・期限・写し）を表示します。期限を過ぎた鍵や写しがあれば 1 で終わります（サービスを止めた状態で）。",
		args:     "[--data フォルダー] [--config ファイル] [--json]",
		examples: []string{"rakudos keys list --data data", "rakudos keys list --json"},
		setup: func(f *flag.FlagSet) action {
			var o Options
			dataFlags(f, &o)
			return func(ctx context.Context, s *stage) error {
				o.Env = s.Env
				inv, err := s.house.Keys.List(ctx, o)
				if err != nil {
					return err
				}
				if err := s.answer(inv, func(w io.Writer) { tellKeys(w, inv) }); err != nil {
					return err
				}
				if len(inv.Alerts) > 0 {
					return reported{fault.New(fault.Conflict, "keys.alerts")}
				}
				return nil
			}
		},
	}
}

var levelWords = map[keys.Kind]string{keys.Root: "ルート鍵", keys.Tenant: "会社の鍵", keys.Person: "個人の鍵"}

func tellKeys(w io.Writer, inv *keys.Inventory) {
	for _, l := range inv.Lines {
		limit := "期限なし"
		if !l.Limit.IsZero() {
			limit = jst.Stamp(l.Limit) + " まで"
		}
		if l.Over {
			limit += "（期限切れ）"
		}
		fmt.Fprintf(w, "%-6s %-20s %6d本 %2d版 %s  %s  %s\n", levelWords[l.Kind], l.Code, l.Count, l.Versions, l.Name, jst.Stamp(l.Made), limit)
	}
	fmt.Fprintf(w, "鍵データベースの写し %d組。破棄した鍵 %d本、破棄した版 %d。\n", len(inv.Copies), inv.Destroyed, inv.Retired)
	for _, c := range inv.Copies {
		fmt.Fprintf(w, "・写し %s（%s）\n", c.ID, jst.Stamp(c.Taken))
	}
	for _, a := range inv.Alerts {
		fmt.Fprintf(w, "！%s\n", a.Says())
	}
}

// turned is the JSON of a rotation.
type turned struct {
	ID    string     `json:"id"`
	Level keys.Kind  `json:"level"`
	State keys.State `json:"state"`
	Step  string     `json:"step"`
	From  string     `json:"from"`
	Took  string     `json:"took"`
}

func rotateWith(f *flag.FlagSet, verb string, fill func(r *RotateRequest) error) action {
	var o Options
	var r RotateRequest
	dataFlags(f, &o)
	f.StringVar(&r.Tenant, "tenant", "", "契約先コード")
	f.StringVar(&r.Reason, "reason", "", "理由（記録に残ります。必須）")
	var person string
	level := ""
	if verb == "rotate" {
		f.StringVar(&level, "level", "", "root（ルート鍵）・tenant（会社の鍵）・person（個人の鍵）のどれか（必須）")
		f.StringVar(&person, "person", "", "個人の鍵を替える人の番号（画面のアドレスの /people/ の後）")
	}
	return func(ctx context.Context, s *stage) error {
		o.Env = s.Env
		r.Level, r.Person = keys.Kind(level), ids.Person(person)
		if err := fill(&r); err != nil {
			return err
		}
		if err := need("--reason", r.Reason); err != nil {
			return err
		}
		last := time.Time{}
		work, err := s.house.Keys.Rotate(ctx, o, r, func(w *keys.Work) {
			if time.Since(last) >= time.Second {
				last = time.Now()
				fmt.Fprintf(s.Err, "%s %d/%d\n", keys.StepWords[w.Step], w.Done, w.Total)
			}
		})
		if err != nil {
			return err
		}
		v := turned{work.ID, work.Kind, work.State, work.Step, work.From, work.Changed.Sub(work.Started).Round(time.Millisecond).String()}
		return s.answer(v, func(w io.Writer) {
			fmt.Fprintf(w, "鍵を新しくしました（これまでの版 %s、所要 %s）。古い版で暗号化した記録も読めます。\n", v.From, v.Took)
		})
	}
}

func keysRotateCommand() command {
	return command{
		name: "keys rotate", says: "ルート鍵・会社の鍵・個人の鍵のどれかを新しくし、その下の鍵と記録を移します。途中で止めても、同じ指定でもう一度実行すれば続きから行います（サービスを止めた状態で）。",
		args: "--level 段階 --reason 理由 [--tenant コード] [--person 番号] [--data フォルダー] [--json]",
		examples: []string{
			"rakudos keys rotate --level root --reason 年次の更新 --data data",
			"rakudos keys rotate --level tenant --tenant midori --reason 年次の更新",
		},
		setup: func(f *flag.FlagSet) action {
			return rotateWith(f, "rotate", func(r *RotateRequest) error {
				if err := need("--level", string(r.Level)); err != nil {
					return err
				}
				if levelWords[r.Level] == "" {
					return wrong("cli.flags", "detail", "--level は root・tenant・person のどれかです", "verb", "keys rotate")
				}
				if r.Level != keys.Root {
					if err := need("--tenant", r.Tenant); err != nil {
						return err
					}
				}
				if r.Level == keys.Person {
					return need("--person", string(r.Person))
				}
				return nil
			})
		},
	}
}

func keysRewrapCommand() command {
	return command{
		name: "keys rewrap", says: "新しい版を作らずに、すべての鍵と記録を今の版へ包み直します。--tenant を付けると、その契約先だけです（サービスを止めた状態で）。",
		args:     "--reason 理由 [--tenant コード] [--data フォルダー] [--json]",
		examples: []string{"rakudos keys rewrap --reason 鍵管理サービス側の更新のため --data data"},
		setup: func(f *flag.FlagSet) action {
			return rotateWith(f, "rewrap", func(r *RotateRequest) error { r.Level = keys.Rewrap; return nil })
		},
	}
}

func keysMoveCommand() command {
	return command{
		name: "keys move-root", says: "ルート鍵を別の置き場所（ファイル・Azure Key Vault・OpenBao/Vault）へ移します。すべての鍵を新しいルート鍵で包み直して確かめ、1回の書き込みで入れ替えます（サービスを止めた状態で）。",
		args:     "--to 設定ファイル --reason 理由 [--data フォルダー] [--config ファイル] [--json]",
		examples: []string{"rakudos keys move-root --to new.yaml --reason 鍵管理サービスへの移行 --config rakudos.yaml"},
		setup: func(f *flag.FlagSet) action {
			var o Options
			var to, reason string
			dataFlags(f, &o)
			f.StringVar(&to, "to", "", "移す先の keys.root を書いた設定ファイル（必須）")
			f.StringVar(&reason, "reason", "", "理由（記録に残ります。必須）")
			return func(ctx context.Context, s *stage) error {
				o.Env = s.Env
				if err := need("--to", to); err != nil {
					return err
				}
				if err := need("--reason", reason); err != nil {
					return err
				}
				tell := progress(s.Err)
				from, now, err := s.house.Keys.MoveRoot(ctx, o, to, reason, func(done, total int64) { tell(int(done), int(total)) })
				if err != nil {
					return err
				}
				return s.answer(map[string]string{"from": from, "to": now}, func(w io.Writer) {
					fmt.Fprintf(w, "ルート鍵を %s から %s へ移し、すべての鍵を開いて確かめました。\n", from, now)
					fmt.Fprintf(w, "次の起動からは %s の keys.root を使ってください。鍵データベースの写しも、新しいルート鍵で取り直しました。\n", to)
				})
			}
		},
	}
}
