package cli

import (
	"context"
	"flag"
	"fmt"
	"io"

	"rakudos/internal/health/checkup"
)

var actionWords = map[string]string{"none": "なし", "guidance": "保健指導", "referral": "受診勧奨"}

func explainJudgeCommand() command {
	return command{
		name: "explain judge", says: "検査値ひとつの判定と、その理由を表示します（データは使いません）。",
		args: "--item 項目 --value 値 [--sex 男|女] [--age 年齢] [--json]",
		examples: []string{
			"rakudos explain judge --item 収縮期血圧 --value 145 --sex 男 --age 50",
			"rakudos explain judge --item 腹囲 --value 85.0 --sex 男 --age 50 --json",
		},
		setup: func(f *flag.FlagSet) action {
			item := f.String("item", "", "項目の名前または JLAC10 コード（例 収縮期血圧）")
			value := f.String("value", "", "結果の値（例 145、<30、＋）")
			sex := f.String("sex", "", "男 または 女（性別で基準が変わる項目で必要）")
			age := f.Int("age", -1, "年齢")
			return func(_ context.Context, s *stage) error {
				if err := need("--item", *item, "--value", *value); err != nil {
					return err
				}
				e, err := checkup.Explain(*item, *value, *sex, *age)
				if err != nil {
					return err
				}
				return s.answer(e, func(w io.Writer) {
					letter := e.Judgement
					if letter == "" {
						letter = "なし"
					}
					fmt.Fprintf(w, "%s %s\n判定: %s\n次にすること: %s\n理由: %s\n基準: %s\n",
						e.Item, e.Value, letter, actionWords[e.Action], e.Reason, e.Criteria)
				})
			}
		},
	}
}
