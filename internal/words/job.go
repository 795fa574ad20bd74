package words

// jobTexts is what an operator reads about background work.
var jobTexts = map[string]Text{
	"job.payload":  {Message: "処理の依頼に、番号以外のものが含まれています。", Kept: "何も始めていません。", Next: "プログラムの誤りです。開発者に知らせてください。"},
	"job.not_dead": {Message: "この処理は、失敗して止まった処理の一覧にありません。", Kept: "何も変わっていません。", Next: "一覧を読み込み直してください。"},
}
