package words

// supportTexts are the words about the association's access to tenants.
var supportTexts = map[string]Text{
	"support.reason":     {Message: "理由を500文字以内で入力してください。", Kept: "申込みはまだ行われていません。"},
	"support.ticket":     {Message: "受付番号は、英数字と「. _ / # -」の2〜40文字で入力してください。", Kept: "申込みはまだ行われていません。"},
	"support.minutes":    {Message: "時間は15分から240分（4時間）までです。", Kept: "申込みはまだ行われていません。"},
	"support.scope":      {Message: "範囲を選んでください。", Kept: "申込みはまだ行われていません。"},
	"support.number":     {Message: "記録を見る人の社員番号を入力してください。", Kept: "申込みはまだ行われていません。"},
	"support.tenant":     {Message: "その契約先へのサポート入室は申し込めません。", Kept: "申込みはまだ行われていません。", Next: "一覧から契約先を選んでください。"},
	"support.too_many":   {Message: "終わっていない申込みが多すぎます。", Kept: "申込みはまだ行われていません。", Next: "使い終わったサポート入室を終了してください。"},
	"support.missing":    {Message: "そのサポート入室はありません。"},
	"support.decided":    {Message: "この申込みは、すでに決まっているか、期限が過ぎています。", Kept: "何も変わっていません。", Next: "画面を開き直してください。"},
	"support.own":        {Message: "自分の申込みを自分で決めることはできません。", Kept: "何も変わっていません。この操作は記録され、ほかの担当者に知らされます。", Next: "別の担当者に依頼してください。"},
	"support.not_open":   {Message: "このサポート入室は使えません。", Kept: "契約先の情報は表示していません。この操作は記録されます。", Next: "承認されているか、時間が残っているかを確かめてください。別の端末で始めたものは、ここでは使えません。"},
	"support.no_person":  {Message: "その社員番号の人は、この契約先にいません。", Kept: "契約先の情報は表示していません。", Next: "受付の内容を確かめ、申し込み直してください。"},
	"support.ended":      {Message: "このサポート入室は、もう終わっています。", Kept: "何も変わっていません。"},
	"support.reads_only": {Message: "サポート入室では、申し込んだ範囲を見ることだけができます。", Kept: "何も変わっていません。この操作は契約先の記録に残ります。", Next: "別の情報が必要なときは、範囲を改めて申し込んでください。"},
	"support.sabotaged":  {Message: "承認を切った設定では、サービスを始められません。", Kept: "何も始めていません。"},
}
