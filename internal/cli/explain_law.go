package cli

import (
	"context"
	"flag"
	"fmt"
	"io"
	"time"

	"rakudos/internal/base/jst"
	"rakudos/internal/governance/retention"
)

func explainTerminationCommand() command {
	return command{
		name: "explain termination", says: "解約を希望する月から、消去してよい最初の日、消去の期限、バックアップがなくなる日を表示します（データは使いません）。",
		args:     "--month 年-月 [--json]",
		examples: []string{"rakudos explain termination --month 2027-01", "rakudos explain termination --month 2027-01 --json"},
		setup: func(f *flag.FlagSet) action {
			month := f.String("month", "", "解約を希望する月（例 2027-01）")
			return func(_ context.Context, s *stage) error {
				if err := need("--month", *month); err != nil {
					return err
				}
				m, ok := retention.ParseMonth(*month)
				if !ok {
					return wrong("retention.month")
				}
				plan, err := retention.Terminate(m, jst.Of(time.Now()))
				if err != nil {
					return err
				}
				return s.answer(plan, func(w io.Writer) {
					fmt.Fprintf(w, "解約希望月の末日: %s\n消去してよい最初の日: %s\n消去の期限: %s\nバックアップがなくなる日: %s まで\n",
						jst.Japanese(plan.MonthEnd), jst.Japanese(plan.EraseNotBefore), jst.Japanese(plan.EraseBy), jst.Japanese(plan.BackupsGoneBy))
				})
			}
		},
	}
}

type keeping struct {
	Class     string   `json:"class"`
	Years     int      `json:"years"`
	Base      jst.Date `json:"base"`
	BaseMeans string   `json:"base_means"`
	KeepUntil jst.Date `json:"keep_until"`
	EraseFrom jst.Date `json:"erase_not_before"`
	Source    string   `json:"source"`
}

func explainRetentionCommand() command {
	return command{
		name: "explain retention", says: "記録の種類と起算日から、いつまで保存するかを表示します（データは使いません）。",
		args:     "--class 種類 --base 起算日 [--json]",
		examples: []string{"rakudos explain retention --class 特定化学物質特別管理 --base 2020-04-01", "rakudos explain retention --class 一般健康診断 --base R2.4.1 --json"},
		setup: func(f *flag.FlagSet) action {
			class := f.String("class", "", "記録の種類（例 一般健康診断、石綿）")
			base := f.String("base", "", "起算日（例 2020-04-01、R2.4.1）")
			return func(_ context.Context, s *stage) error {
				if err := need("--class", *class, "--base", *base); err != nil {
					return err
				}
				c, err := retention.ByName(*class)
				if err != nil {
					return err
				}
				d, err := jst.ParseDate(*base)
				if err != nil {
					return wrong("retention.base")
				}
				until := c.KeepUntil(d)
				if until.Y > 9998 {
					return wrong("date.far")
				}
				k := keeping{c.Name, c.Years, d, c.Base, until, until.AddDays(1), c.Source}
				return s.answer(k, func(w io.Writer) {
					fmt.Fprintf(w, "%s: %d年（起算日: %s）\n保存する最後の日: %s\n根拠: %s\n", k.Class, k.Years, k.BaseMeans, jst.Japanese(k.KeepUntil), k.Source)
				})
			}
		},
	}
}
