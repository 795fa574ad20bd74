package words

// keysTexts are the messages of looking after keys.
var keysTexts = map[string]Text{
	"keys.reason": {
		Message: "鍵を新しくする理由を、200文字以内で入力してください。",
	},
	"keys.running": {
		Message: "この鍵の更新は、すでに進んでいます。",
		Next:    "終わるまでお待ちください。進み具合は鍵の台帳で見られます。",
	},
	"keys.person": {
		Message: "だれの鍵を新しくするかを指定してください。",
	},
	"keys.kind": {
		Message: "「{kind}」という鍵の段階はありません。",
	},
	"keys.too_early": {
		Message: "この版は、まだ破棄できません。",
		Kept:    "鍵には変更を加えていません。",
		Next:    "置き換わってから366日（バックアップの寿命）たつまでお待ちください。漏えいのときも、置き換わって1日は待ちます。",
	},
	"keys.in_use": {
		Message: "この版で暗号化した記録がまだあります。",
		Kept:    "鍵には変更を加えていません。",
		Next:    "rakudos keys rewrap で記録を今の版に移してください。",
	},
	"keys.same_root": {
		Message: "移す先のルート鍵が、今のものと同じです。",
		Kept:    "鍵には変更を加えていません。",
	},
	"keys.blind": {
		Message: "検査用の鍵が、取ったばかりの写しに見つかりません。",
	},
	"keys.alerts": {
		Message: "対応の要る鍵があります。",
	},
}
