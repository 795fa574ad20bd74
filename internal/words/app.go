package words

// appTexts are about the program as a whole: its data directory, its start, its configuration.
var appTexts = map[string]Text{
	"app.data_dir": {Message: "データフォルダー {dir} を使えません。", Kept: "何も変更していません。", Next: "フォルダーの場所と権限、空き容量を確かめてください。"},
	"app.running":  {Message: "データフォルダー {dir} は、動作中のサービス（プロセス {pid}）が使っています。", Kept: "何も変更していません。", Next: "サービスを止めてから、もう一度実行してください。"},
	"app.no_data":  {Message: "データフォルダー {dir} に rakudos のデータがありません。", Kept: "何も変更していません。", Next: "--data の指定を確かめてください。新しく作るには rakudos tenant create または rakudos serve を実行します。"},
	"app.not_demo": {Message: "データフォルダー {dir} には契約先 {code} のデータがあるため、体験用の会社と利用者を加えません。", Kept: "何も変更していません。", Next: "体験には --data で別のフォルダーを指定してください。このデータで動かすには --demo を付けずに実行します。"},
	"app.no_site":  {Message: "事業所コード {site} の事業所は、この契約先の名簿にありません。", Kept: "何も変更していません。", Next: "名簿を取り込んでから指定するか、--site を外してください。"},
	"app.listen":   {Message: "{addr} で待ち受けできません。", Kept: "データは変わっていません。", Next: "ほかのプログラムがこの番号を使っていないか確かめるか、--listen で別の番号を指定してください。"},
	"db.full":      {Message: "ディスクに書き込めません。空き容量が足りない可能性があります。", Kept: "この操作の前の状態のままです。", Next: "空き容量を増やしてから、もう一度お試しください。"},
	"db.corrupt":   {Message: "データベースのファイルが壊れています。", Kept: "これ以上の書き込みを止めました。", Next: "サービスを止め、バックアップからの復元を検討してください。"},
}
