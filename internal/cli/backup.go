package cli

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/jst"
	"rakudos/internal/operations/backup"
)

// Backups is what app gives to the backup verbs; each works on a stopped service's data.
type Backups struct {
	Run    func(ctx context.Context, o Options) (*backup.Made, error)
	Copy   func(ctx context.Context, o Options) (*backup.Copied, error)
	List   func(ctx context.Context, o Options) ([]backup.Generation, error)
	Verify func(ctx context.Context, o Options) (*backup.Report, error)
	Drill  func(ctx context.Context, o Options) (*backup.Receipt, error)
	// Restore needs no running or whole service: only the place of the backups and the root key.
	Restore func(ctx context.Context, o Options, r RestoreRequest) (*backup.Restored, error)
}

// RestoreRequest says from where and to where.
type RestoreRequest struct {
	To      string
	At      jst.Date  // zero: the newest
	Instant time.Time // not zero: exactly this instant, on PostgreSQL
	Cluster string    // folder that keeps the recovered PostgreSQL cluster; empty: it is not kept
	From    string    // folder of the backups, or "second"; empty: that of the data
	RootKey string    // file; empty: that of the data
	Ledger  string    // folder of the erasure ledger; empty: that of the data
}

// backupVerb is what the verbs share: flags of the data, a result and how to tell it.
func backupVerb[T any](name, says string, examples []string, work func(s *stage) func(context.Context, Options) (T, error), tell func(io.Writer, T), judge func(T) error) command {
	return command{
		name: "backup " + name, says: says, args: "[--data フォルダー] [--config ファイル] [--json]", examples: examples,
		setup: func(f *flag.FlagSet) action {
			var o Options
			dataFlags(f, &o)
			return func(ctx context.Context, s *stage) error {
				o.Env = s.Env
				v, err := work(s)(ctx, o)
				if err != nil {
					return err
				}
				if err := s.answer(v, func(w io.Writer) { tell(w, v) }); err != nil {
					return err
				}
				return judge(v)
			}
		},
	}
}

func fine[T any](T) error { return nil }

func backupCommands() []command {
	return []command{
		backupVerb("run", "バックアップを取り、すべて読み直して確かめ、古い世代を消します（サービスを止めた状態で）。",
			[]string{"rakudos backup run --data data"},
			func(s *stage) func(context.Context, Options) (*backup.Made, error) { return s.house.Backup.Run }, tellMade, fine),
		backupVerb("copy", "バックアップを二つ目の置き場所（設定 backup.second）に写し、期限まで消せないようにします（サービスを止めた状態で）。",
			[]string{"rakudos backup copy --data data --config rakudos.yaml"},
			func(s *stage) func(context.Context, Options) (*backup.Copied, error) { return s.house.Backup.Copy }, tellCopied, fine),
		backupVerb("list", "残っているバックアップの世代を、古い順に表示します（サービスを止めた状態で）。",
			[]string{"rakudos backup list --data data", "rakudos backup list --json"},
			func(s *stage) func(context.Context, Options) ([]backup.Generation, error) { return s.house.Backup.List }, tellGenerations,
			func(all []backup.Generation) error {
				if slices.ContainsFunc(all, func(g backup.Generation) bool { return g.Damaged }) {
					return reported{fault.New(fault.Conflict, "backup.found_bad")}
				}
				return nil
			}),
		backupVerb("verify", "すべてのバックアップを最後まで読み、壊れた・書き換えられた・なくなったものを名前で示します（サービスを止めた状態で）。",
			[]string{"rakudos backup verify --data data"},
			func(s *stage) func(context.Context, Options) (*backup.Report, error) { return s.house.Backup.Verify }, tellFindings,
			func(r *backup.Report) error {
				if !r.OK {
					return reported{fault.New(fault.Conflict, "backup.found_bad")}
				}
				return nil
			}),
		backupVerb("drill", "最新のバックアップを別の場所に戻し、中身を照合し、最新のバックアップの古さと、戻す時間を測ります（サービスを止めた状態で）。",
			[]string{"rakudos backup drill --data data"},
			func(s *stage) func(context.Context, Options) (*backup.Receipt, error) { return s.house.Backup.Drill }, tellReceipt,
			func(r *backup.Receipt) error {
				if !r.OK {
					return reported{fault.New(fault.Conflict, "backup.drill_failed")}
				}
				return nil
			}),
		restoreCommand(),
	}
}

func restoreCommand() command {
	return command{
		name: "backup restore", says: "バックアップを空のフォルダーに戻し、照合します。戻したフォルダーは serve --data でそのまま使えます（--from を付けないときは、サービスを止めた状態で）。",
		args: "--to フォルダー [--at 日付または時刻] [--cluster フォルダー] [--data フォルダー] [--from フォルダー] [--root-key ファイル] [--ledger フォルダー] [--json]",
		examples: []string{
			"rakudos backup restore --data data --to restored",
			"rakudos backup restore --data data --to restored --at 2026-11-20",
			"rakudos backup restore --data data --to restored --at '2026-11-20 01:45:00'",
			"rakudos backup restore --from /mnt/backups --root-key /mnt/safe/root.key --ledger /mnt/ledger --to /var/lib/rakudos",
		},
		setup: func(f *flag.FlagSet) action {
			var o Options
			var r RestoreRequest
			var at *string // an empty one is a slip of a script, not the newest
			dataFlags(f, &o)
			f.StringVar(&r.To, "to", "", "復元先の、空のフォルダー（必須）")
			f.Func("at", "日付なら、この日まで（日本時間）のうち最新のものを、時刻（日本時間の「2026-11-20 01:45:00」か RFC 3339）なら、ちょうどその時点を戻します（時刻は PostgreSQL のときだけ。省略時は最新）", func(v string) error { at = &v; return nil })
			f.StringVar(&r.Cluster, "cluster", "", "時刻を指定したとき、戻した PostgreSQL のデータフォルダーを残す、空のフォルダー（省略時は残しません）")
			f.StringVar(&r.From, "from", "", "バックアップの置き場所（省略時はデータフォルダーのもの）")
			f.StringVar(&r.RootKey, "root-key", "", "ルート鍵のファイル（省略時はデータフォルダーのもの）")
			f.StringVar(&r.Ledger, "ledger", "", "消去の台帳のフォルダー（省略時はデータフォルダーのもの、なければ設定 erasure.copy の控え）")
			return func(ctx context.Context, s *stage) error {
				o.Env = s.Env
				if err := need("--to", r.To); err != nil {
					return err
				}
				if at != nil {
					var err error
					if r.At, r.Instant, err = parseAt(*at); err != nil {
						return wrong("cli.at", "value", *at)
					}
				}
				if r.Cluster != "" && r.Instant.IsZero() {
					return wrong("cli.cluster_at")
				}
				v, err := s.house.Backup.Restore(ctx, o, r)
				if err != nil {
					return err
				}
				return s.answer(v, func(w io.Writer) { tellRestored(w, r.To, v) })
			}
		},
	}
}

func tellMade(w io.Writer, m *backup.Made) {
	fmt.Fprintf(w, "バックアップ %s（%s）を取り、すべて読み直して確かめました。\n", m.ID, m.Day)
	fmt.Fprintf(w, "行 %d 件、元の大きさ %s、保管 %s、所要 %s。%s に消えます。\n", m.Rows, size(m.Plain), size(m.Bytes), m.Took, jst.Stamp(m.Expires))
	for _, id := range m.Dropped {
		fmt.Fprintf(w, "・世代の決まりにより消しました: %s\n", id)
	}
	for _, id := range m.Held {
		fmt.Fprintf(w, "・1年を超えていますが、長い空白のあとなので、時計が正しいと分かるまで残しています: %s\n", id)
	}
	fmt.Fprintln(w, "ルート鍵はバックアップに含まれません。別の安全な場所に保管してください。")
}

var whyWords = map[string]string{"daily": "日ごと", "weekly": "週ごと", "monthly": "月ごと"}

// why says as which generations a backup is kept.
func why(kept []string) (out []string) {
	for _, k := range kept {
		out = append(out, cmp.Or(whyWords[k], k))
	}
	return out
}

var kindWords = map[backup.Kind]string{backup.Data: "データ", backup.Keys: "鍵", backup.Base: "写し"}

func tellGenerations(w io.Writer, all []backup.Generation) {
	if len(all) == 0 {
		fmt.Fprintln(w, "バックアップはありません。")
	}
	for _, g := range all {
		if g.Damaged {
			fmt.Fprintf(w, "%-6s %s  %s  目次が壊れているか、書き換えられています\n", kindWords[g.Kind], g.Day, g.ID)
			continue
		}
		if g.Restores != nil {
			fmt.Fprintf(w, "%-6s %s  %-16s  %9s  %s\n", kindWords[g.Kind], g.Day, jst.Clock(g.Taken), size(g.Bytes), windowWords(*g.Restores))
			continue
		}
		fmt.Fprintf(w, "%-6s %s  %-16s  %9s  %-22s  %s まで\n", kindWords[g.Kind], g.Day, jst.Clock(g.Taken), size(g.Bytes), strings.Join(why(g.Why), "・"), jst.Stamp(g.Expires))
	}
}

func tellFindings(w io.Writer, r *backup.Report) {
	if r.OK {
		fmt.Fprintf(w, "バックアップは取ったときのままです。%d 組、%d ファイル、%s をすべて読みました。\n", r.Sets, r.Pieces, size(r.Bytes))
	} else {
		fmt.Fprintf(w, "バックアップに %d 件の問題があります。\n", len(r.Bad))
		for _, b := range r.Bad {
			fmt.Fprintf(w, "・%s\n", b)
		}
	}
	for _, x := range r.Windows {
		fmt.Fprintf(w, "・データベース全体の写し %s: %s\n", x.Base, windowWords(x))
	}
	for _, n := range r.Notes {
		fmt.Fprintf(w, "・%s\n", n)
	}
}

func tellReceipt(w io.Writer, r *backup.Receipt) {
	if r.OK {
		fmt.Fprintf(w, "復元の訓練は成功しました。バックアップ %s（%s）を戻し、%d 表・%d 行・監査記録 %d 件・ファイル %d 個を照合しました。\n",
			r.Set, r.Day, r.Tables, r.Rows, r.Events, r.Blobs)
	} else {
		fmt.Fprintf(w, "復元の訓練で %d 件の不一致がありました。\n", len(r.Bad))
		if r.Set != "" {
			fmt.Fprintf(w, "バックアップ: %s\n", r.Set)
		}
		if r.Part != "" {
			fmt.Fprintf(w, "読めなかったファイル: %s\n", r.Part)
		}
		for _, b := range r.Bad {
			fmt.Fprintf(w, "・%s\n", b)
		}
	}
	if r.OK {
		fmt.Fprintf(w, "最新のバックアップの古さ（RPO）%.0f 秒、戻す時間（RTO）%.2f 秒、消去の台帳: %s\n", r.RPO, r.RTO, r.Ledger)
	} else {
		fmt.Fprintln(w, "戻せなかったため、バックアップの古さ（RPO）と戻す時間（RTO）は示しません。")
	}
	if says := r.ToPoint.Says(); says != "" {
		fmt.Fprintln(w, says)
	}
}

func tellRestored(w io.Writer, to string, r *backup.Restored) {
	fmt.Fprintf(w, "バックアップ %s（%s、%s に取得）を %s に戻しました（%s）。\n", r.Set, r.Day, jst.Stamp(r.Taken), to, r.Took)
	fmt.Fprintf(w, "%d 表・%d 行・監査記録 %d 件・ファイル %d 個。%s監査記録のつながりを確かめました。\n", r.Tables, r.Rows, r.Events, r.Blobs, map[string]string{
		"bytes": "データベースのファイルを全バイト読み直してバックアップと比べ、", "rows": "すべての行をバックアップと比べ、", "cluster": "すべての表を読み、",
	}[r.How])
	if r.Point != nil {
		tellPoint(w, r)
	}
	fmt.Fprintf(w, "消去の台帳: %s\n", r.Ledger)
	fmt.Fprintf(w, "ルート鍵を %s/root.key に写しました。このフォルダーと同じように守ってください。\n", to)
	if r.Point != nil && r.Point.Cluster != "" {
		fmt.Fprintf(w, "PostgreSQL のデータフォルダー %s は、消去をやり直したうえで止めてあります。設定ファイル（postgresql.conf、pg_hba.conf）を置いて起動し、database.dsn_file がそれを指す設定で rakudos serve --data %s を動かしてください。鍵の保管庫は今のものをそのまま使います。\n", r.Point.Cluster, to)
		return
	}
	// The folder has keys of its own, which no later erasure reaches.
	fmt.Fprintf(w, "このフォルダーの鍵では、この後に消去した人と契約先の記録も読めてしまいます。ここで動かし続けるのでなければ、用が済みしだい（鍵の写しと同じく、遅くとも7日以内に）フォルダーごと消してください。"+
		"後から動かすときは、その前に、最も新しい消去の台帳（元のデータフォルダーの erasure か、その控え）を %s/erasure に写してください。起動のときに、台帳にある消去をやり直します。\n", to)
	fmt.Fprintf(w, "使うには: rakudos serve --data %s\n", to)
}

// size renders bytes for people.
func size(n int64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%.1f KB", float64(n)/(1<<10))
}

func tellCopied(w io.Writer, c *backup.Copied) {
	fmt.Fprintf(w, "二つ目の置き場所に%d世代と WAL %dファイル（合わせて%dバイト）を写し、期限の過ぎた%d世代を消しました。\n", len(c.Sets), c.WAL, c.Bytes, len(c.Dropped))
}
