package words

// blobTexts is what a person reads when a file cannot be kept or found.
var blobTexts = map[string]Text{
	"blob.full":    {Message: "ファイルを保存する場所がいっぱいです。", Kept: "送られたファイルは保存されていません。これまでのデータはそのままです。", Next: "管理者に空き容量を増やすよう依頼し、もう一度送ってください。"},
	"blob.missing": {Message: "ファイルが見つかりません。", Next: "取り込みが終わったファイルは削除されています。必要ならもう一度送ってください。"},
	"blob.key":     {Message: "ファイルの名前が正しくありません。", Kept: "何も保存されていません。"},
}
