package words

// blobTexts is what a person reads when a file cannot be kept or found.
var blobTexts = map[string]Text{
	"blob.full":        {Message: "ファイルを保存する場所がいっぱいです。", Kept: "送られたファイルは保存されていません。これまでのデータはそのままです。", Next: "管理者に空き容量を増やすよう依頼し、もう一度送ってください。"},
	"blob.missing":     {Message: "ファイルが見つかりません。", Next: "取り込みが終わったファイルは削除されています。必要ならもう一度送ってください。"},
	"blob.bucket":      {Message: "二つ目の置き場所の設定（{field}）に誤りがあります。", Kept: "何も変更していません。", Next: "url（s3://名前 または azblob://名前）、endpoint（https://…）、credentials_file（mode 0600）を確かめてください。"},
	"blob.refused":     {Message: "置き場所が操作を断りました。", Kept: "これまでの写しはそのままです。", Next: "資格情報の権限を確かめてください。"},
	"blob.unreachable": {Message: "置き場所に届きません。", Kept: "これまでの写しはそのままです。", Next: "届くようになれば、自動でやり直します。"},
	"blob.locked":      {Message: "期限まで消せないように守られています。", Kept: "何も消していません。"},
	"blob.no_lock":     {Message: "置き場所が、消せないようにする設定を受け付けません。", Kept: "写しは置きましたが、守られていません。", Next: "置き場所の側で、版ごとの不変ポリシー（Object Lock）を有効にしてください。"},
	"blob.kept":        {Message: "消した写しを、置き場所が保管し続けています。", Kept: "写しは、まだ置き場所にあります。", Next: "置き場所の側で、BLOB の論理的な削除（ソフトデリート）を無効にしてください。保管が終われば、自動で完了します。"},
	"blob.undeclared":  {Message: "決められた置き場所でないため、ファイルを保存しませんでした。", Kept: "何も保存されていません。", Next: "プログラムの誤りです。開発者に知らせてください。"},
	"blob.key":         {Message: "ファイルの名前が正しくありません。", Kept: "何も保存されていません。"},
}
