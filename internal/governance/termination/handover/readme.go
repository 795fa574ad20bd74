package handover

import (
	"fmt"
	"strings"

	"rakudos/internal/base/jst"
)

// readme says what the file is and what every column means, for people; schema.json says the same for
// programs.
func readme(about About, tables []Table) string {
	var b strings.Builder
	line := func(format string, a ...any) { fmt.Fprintf(&b, format+"\r\n", a...) }
	line("%s の記録（%s に作成、日本時間）", about.Tenant, jst.Stamp(about.Now))
	line("")
	line("%s", Duty)
	line("")
	line("中にあるもの")
	line("  csv/    文字コード UTF-8（BOM 付き）、区切りはカンマ、1行目は見出し")
	line("  excel/  同じ内容の Excel ブック（100万行を超えるときは分かれます）")
	line("  json/   同じ内容の JSON。行ごとに1つのオブジェクト")
	line("  pdf/    一覧（印刷用）")
	line("  schema.json    表と列の説明（プログラム用）")
	line("  manifest.json  各ファイルの行数・大きさ・SHA-256")
	line("")
	line("値が = + - @ などで始まる文字のときは、表計算ソフトが式として扱わないよう、CSV と Excel では先頭に ' を付けています。JSON は元の値のままです。")
	line("空の欄は、記録がないことを表します。日付は年-月-日、日時は日本時間（+09:00）です。")
	line("法定外の項目（喫煙など）は、本人の同意のあるものだけを含みます。")
	for _, t := range tables {
		line("")
		line("■ %s（%s）", t.Title, t.Name)
		for _, c := range t.Columns {
			line("  %s：%s", c.Name, c.Meaning)
		}
	}
	return b.String()
}
