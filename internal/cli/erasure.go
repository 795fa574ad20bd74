package cli

import (
	"context"
	"flag"
	"fmt"
	"io"

	"rakudos/internal/base/jst"
	"rakudos/internal/governance/erasure"
)

// Erasures is what app gives to the verbs about erasing; both work on a stopped service's data.
type Erasures struct {
	// Verify checks the erasure ledger against key store and records, and the certificates against the log; it also works when the service refuses to
	// start because of it.
	Verify func(ctx context.Context, o Options) (LedgerCheck, error)
	// Status lists the newest runs, of one tenant or of all.
	Status func(ctx context.Context, o Options, tenant string) ([]erasure.Record, error)
}

// LedgerCheck is a ledger that holds.
type LedgerCheck struct {
	OK      bool   `json:"ok"`
	Entries int    `json:"entries"`
	Head    string `json:"head"` // hash of the newest entry
	File    string `json:"file"`
	Copy    string `json:"copy"` // the second copy: "same", "none" or "differs"
	Waiting int    `json:"waiting"`
	// Certificates is how many stand in the register, all as they were issued.
	Certificates int `json:"certificates"`
}

func erasureCommands() []command {
	return []command{
		{
			name: "erasure verify", says: "消去の台帳・消去の記録・消去証明書が、書き換えも削除もなく、互いと監査ログに合うかを、サービスを止めた状態で確かめます。合わなければ 1 で終わります。", args: "[--data フォルダー] [--json]",
			examples: []string{"rakudos erasure verify --data data", "rakudos erasure verify --data data --json"},
			setup: func(f *flag.FlagSet) action {
				var o Options
				dataFlags(f, &o)
				return func(ctx context.Context, s *stage) error {
					o.Env = s.Env
					v, err := s.house.Erasures.Verify(ctx, o)
					if err != nil {
						return err
					}
					return s.answer(v, func(w io.Writer) {
						fmt.Fprintf(w, "消去の台帳と記録は元のままです（%d件、%s）。控え: %s。途中の消去: %d件。消去証明書: %d件、すべて発行したときのままです。\n", v.Entries, v.File, copyWords[v.Copy], v.Waiting, v.Certificates)
					})
				}
			},
		},
		{
			name: "erasure status", says: "消去の記録を、新しい順に表示します（サービスを止めた状態で）。", args: "[--data フォルダー] [--tenant 契約先コード] [--json]",
			examples: []string{"rakudos erasure status --data data", "rakudos erasure status --data data --tenant midori --json"},
			setup: func(f *flag.FlagSet) action {
				var o Options
				dataFlags(f, &o)
				tenant := f.String("tenant", "", "契約先コード（省略時はすべて）")
				return func(ctx context.Context, s *stage) error {
					o.Env = s.Env
					all, err := s.house.Erasures.Status(ctx, o, *tenant)
					if err != nil {
						return err
					}
					return s.answer(all, func(w io.Writer) { tellRuns(w, all) })
				}
			},
		},
	}
}

var copyWords = map[string]string{"same": "同じです", "none": "ありません", "differs": "違います（次の消去のときに揃えます）"}

var stateWords = map[erasure.State]string{erasure.Running: "途中", erasure.Waiting: "保全の解除待ち", erasure.Done: "完了"}

var runKinds = map[erasure.Kind]string{erasure.Persons: "個人", erasure.Tenant: "契約先のすべて", erasure.Records: "期限の過ぎた記録"}

// stepWords say what is done so far.
var stepWords = map[string]string{
	"decided": "決定した", "entered": "台帳に書いた", "closed": "利用を止めた", "mails": "メールを消した", "rows": "記録を消した", "keys": "鍵を破棄した",
	"copies": "鍵の写しを作り直した", "index": "索引を消した", "scrubbed": "作業ファイルを消した", "done": "残りがないことを確かめた",
}

func tellRuns(w io.Writer, all []erasure.Record) {
	if len(all) == 0 {
		fmt.Fprintln(w, "消去の記録はありません。")
	}
	for _, r := range all {
		fmt.Fprintf(w, "%s  %s  %s  %s（%s）  鍵 %d 個  台帳 %d件目\n", jst.Stamp(r.Started), r.ID, runKinds[r.Kind], stateWords[r.State], stepWords[r.Step], r.KeysGone, r.LedgerN)
	}
}
