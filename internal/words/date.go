package words

// dateTexts are the words for days and months.
var dateTexts = map[string]Text{
	"date.format":     {Message: "日付として読み取れません。", Next: "「2026/4/1」や「令和8年4月1日」のように入力してください。"},
	"date.day":        {Message: "存在しない日付です。", Next: "年月日と元号を確かめてください。"},
	"date.far":        {Message: "日付が先すぎます（9999 年より後の日付は書けません）。", Kept: "情報は変わっていません。", Next: "もっと近い日付を指定してください。"},
	"date.month_past": {Message: "すでに過ぎた月が指定されています。", Kept: "情報は変わっていません。", Next: "今月以降の月を選んでください。"},
}
