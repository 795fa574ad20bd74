package cli

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/jst"
)

var importSays = map[string]string{
	"roster":   "社員名簿（CSV・Excel）を、サービスを止めた状態で取り込みます。",
	"checkups": "健診結果（CSV・Excel）を、サービスを止めた状態で取り込みます。",
}

func importCommand(kind string) command {
	args, full := "--tenant 契約先コード --file ファイル [--dry-run|--confirm] [--data フォルダー] [--json]", []string(nil)
	if kind == "roster" {
		args = "--tenant 契約先コード --file ファイル [--full] [--dry-run|--confirm] [--leave 番号,… --leave-on 日付] [--data フォルダー] [--json]"
		full = []string{
			"rakudos import roster --data data --tenant midori --file all.csv --full  （全員の名簿として確かめ、載っていない人を示す）",
			"rakudos import roster --data data --tenant midori --file all.csv --full --confirm --leave M0007 --leave-on 2026-03-31  （取り込み、載っていない M0007 を退職にする）",
		}
	}
	return command{
		name: "import " + kind, says: importSays[kind],
		args: args,
		examples: append([]string{
			fmt.Sprintf("rakudos import %s --data data --tenant midori --file %s.csv            （確かめるだけ）", kind, kind),
			fmt.Sprintf("rakudos import %s --data data --tenant midori --file %s.csv --confirm  （取り込む）", kind, kind),
		}, full...),
		setup: func(f *flag.FlagSet) action {
			o, r := Options{}, ImportRequest{Kind: kind}
			dataFlags(f, &o)
			var file string
			var dry bool
			f.StringVar(&r.Tenant, "tenant", "", "契約先コード（例 midori）")
			f.StringVar(&file, "file", "", "読み込むファイル")
			f.BoolVar(&dry, "dry-run", false, "確かめるだけで、何も保存しません（どちらも付けないときと同じ）")
			f.BoolVar(&r.Confirm, "confirm", false, "確かめたうえで取り込みます")
			var leave, on string
			if kind == "roster" {
				f.BoolVar(&r.Full, "full", false, "全員の名簿として扱い、載っていない人を退職の候補として示します（それだけでは退職になりません）")
				f.StringVar(&leave, "leave", "", "候補のうち退職にする人の社員番号（「,」で区切る。--full と --confirm が要ります）")
				f.StringVar(&on, "leave-on", "", "その人たちが最後に在籍した日（例 2026-03-31）")
			}
			return func(ctx context.Context, s *stage) error {
				var err error
				if r.Leave, r.LeaveOn, err = leavers(leave, on); err != nil {
					return err
				}
				if len(r.Leave) > 0 && (!r.Full || !r.Confirm) {
					return wrong("cli.leave_needs_full")
				}
				if err := need("--tenant", r.Tenant, "--file", file); err != nil {
					return err
				}
				if dry && r.Confirm {
					return wrong("cli.dry_and_confirm")
				}
				o.Env, r.Name = s.Env, filepath.Base(file)
				return s.importFile(ctx, o, r, file)
			}
		},
	}
}

// leavers reads who is to be marked as leaver; both flags are given, or neither.
func leavers(numbers, on string) (out []string, day jst.Date, err error) {
	for n := range strings.SplitSeq(numbers, ",") {
		if n = strings.TrimSpace(n); n != "" {
			out = append(out, n)
		}
	}
	if (len(out) > 0) != (on != "") {
		return nil, day, wrong("cli.leave_both")
	}
	if on != "" {
		day, err = jst.ParseDate(on)
	}
	return out, day, err
}

func (s *stage) importFile(ctx context.Context, o Options, r ImportRequest, path string) error {
	in, err := os.Open(path)
	if err != nil {
		return fault.New(fault.Missing, "cli.file", "file", path).Because(err)
	}
	defer in.Close() //nolint:errcheck // read only
	r.File = in
	if !s.json {
		r.Progress = progress(s.Err)
	}
	i, err := s.house.Import(ctx, o, r)
	if err != nil {
		return err
	}
	if i.Rejected == nil {
		i.Rejected = []Rejected{}
	}
	if i.Unmatched == nil {
		i.Unmatched = []Unmatched{}
	}
	return s.answer(i, func(w io.Writer) { tellImport(w, i, r.Confirm) })
}

// progress prints at most one line a second.
func progress(w io.Writer) func(done, total int) {
	last := time.Now()
	return func(done, total int) {
		if time.Since(last) < time.Second {
			return
		}
		last = time.Now()
		if total > 0 {
			fmt.Fprintf(w, "%d / %d 行\n", done, total)
		} else {
			fmt.Fprintf(w, "%d 行\n", done)
		}
	}
}

func tellImport(w io.Writer, i Import, confirmed bool) {
	const shown = 20
	fmt.Fprintf(w, "行数 %d: 受け付け %d、変更なし %d、受け付けられない行 %d、本人が決まらない行 %d\n",
		i.Rows, i.Accepted, i.Unchanged, len(i.Rejected)+i.RejectedMore, len(i.Unmatched)+i.UnmatchedMore)
	for n, l := range i.Rejected {
		if n == shown {
			fmt.Fprintf(w, "  ほか %d 行（--json ですべて表示します）\n", len(i.Rejected)-n)
			break
		}
		var why []string
		for _, e := range l.Errors {
			why = append(why, e.Column+" "+e.Reason)
		}
		fmt.Fprintf(w, "  %d 行目: %s\n", l.Line, strings.Join(why, "、"))
	}
	for n, l := range i.Unmatched {
		if n == shown {
			fmt.Fprintf(w, "  ほか %d 行（--json ですべて表示します）\n", len(i.Unmatched)-n)
			break
		}
		fmt.Fprintf(w, "  %d 行目: %s\n", l.Line, l.Reason)
	}
	if i.Full {
		fmt.Fprintf(w, "ファイルにない人 %d（退職の日のない人 %d。これだけでは退職になりません）\n", i.AbsentCount, len(i.Absent))
		for n, a := range i.Absent {
			if n == shown {
				fmt.Fprintf(w, "  ほか %d 人（--json ですべて表示します）\n", len(i.Absent)-n)
				break
			}
			fmt.Fprintf(w, "  %s\n", a.Number)
		}
	}
	if confirmed {
		fmt.Fprintf(w, "%d 件を取り込みました。\n", i.Applied)
	} else {
		fmt.Fprintln(w, "確かめただけで、何も保存していません。取り込むには --confirm を付けて実行します。")
	}
}
