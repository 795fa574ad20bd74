package words

// mailTexts is what a person reads when outgoing mail is refused or cannot be delivered.
var mailTexts = map[string]Text{
	"mail.address": {Message: "メールアドレスの形が正しくありません。", Kept: "メールは送られていません。", Next: "アドレスを1つだけ、名前を付けずに入力してください。"},
	"mail.subject": {Message: "メールの件名に使えない文字があるか、長すぎます。", Kept: "メールは送られていません。", Next: "改行などの制御文字を除き、200文字以内にしてください。"},
	"mail.text":    {Message: "メールの本文が空か、使えない文字があるか、長すぎます。", Kept: "メールは送られていません。", Next: "本文を確かめてください。"},
	"mail.refused": {Message: "メールサーバーが、このアドレスへのメールを受け取りませんでした。", Kept: "入力した内容はそのままです。", Next: "アドレスを確かめてください。"},
	"mail.report":  {Message: "届かなかったメールの通知（RFC 3464の形）ではありません。", Kept: "何も変わっていません。", Next: "メールサーバーから戻ってきた通知を、そのままのファイルで指定してください。"},
	"mail.relay":   {Message: "メールを送れませんでした。", Kept: "入力した内容はそのままです。", Next: "しばらくしてからもう一度お試しください。続くときは管理者に知らせてください。"},
	"mail.no_message": {
		Message: "番号 {id} のメールはありません。",
		Next:    "rakudos mail list で番号を確かめてください。",
	},
}
