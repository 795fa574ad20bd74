package words

const (
	nothingImported = "取り込みは行われていません。登録済みの情報は変わっていません。"
	askForCSV       = "Excel（.xlsx）またはCSV形式で保存し直したファイルを選んでください。"
)

// tabularTexts are the words for table files that cannot be read.
var tabularTexts = map[string]Text{
	"tabular.empty":         {Message: "ファイルの中身が空です。", Kept: nothingImported, Next: "内容のあるファイルを選んでください。"},
	"tabular.binary":        {Message: "表形式のファイルではありません。", Kept: nothingImported, Next: askForCSV},
	"tabular.old_excel":     {Message: "古い形式（.xls）か、パスワードで保護されたExcelファイルのため、読み取れません。", Kept: nothingImported, Next: "保護を外し、Excelで「.xlsx」またはCSV形式として保存し直してください。"},
	"tabular.encoding":      {Message: "{line}行目に、読み取れない文字があります。", Kept: nothingImported, Next: "{line}行目を確かめ、文字コードをUTF-8またはShift_JISにして保存し直してください。"},
	"tabular.quote":         {Message: "{line}行目の引用符（\"）の使い方に誤りがあり、そこから先を読み取れません。", Kept: nothingImported, Next: "{line}行目の引用符が対になっているかを確かめ、直してから送り直してください。"},
	"tabular.field_size":    {Message: "{line}行目に、長すぎる項目（64 KiB超）があります。", Kept: nothingImported, Next: "{line}行目を確かめ、直してから送り直してください。"},
	"tabular.line_size":     {Message: "{line}行目が長すぎます（1 MiB超）。", Kept: nothingImported, Next: "改行のある表形式のファイルかどうかを確かめてください。"},
	"tabular.columns":       {Message: "{line}行目の列が多すぎます（4000列超）。", Kept: nothingImported, Next: "{line}行目を確かめ、不要な列を除いてから送り直してください。"},
	"tabular.row":           {Message: "Excelファイルの{line}行目を読み取れません。", Kept: nothingImported, Next: "{line}行目を確かめるか、CSV形式で保存し直してください。"},
	"tabular.workbook":      {Message: "Excelファイルが壊れているか、読み取れるシートがありません。", Kept: nothingImported, Next: "Excelで開けることを確かめ、保存し直してください。"},
	"tabular.formats":       {Message: "Excelファイルの表示形式が長すぎるか、多すぎます（一つ255文字、4,000種類まで）。", Kept: nothingImported, Next: "セルの表示形式を「標準」か「日付」に直すか、CSV形式で保存してください。"},
	"tabular.workbook_size": {Message: "Excelファイルが大きすぎます（32 MiB、展開後96 MiB、400万セルまで）。", Kept: nothingImported, Next: "CSV形式で保存するか、ファイルを分けてください。"},
}
