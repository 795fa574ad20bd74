package words

// vaultTexts are the messages of the key store and of sealed values.
var vaultTexts = map[string]Text{
	"vault.open": {
		Message: "暗号化されたデータを開けませんでした。データが壊れているか、書き換えられています。",
		Kept:    "データには変更を加えていません。",
		Next:    "システム管理者に連絡してください。",
	},
	"vault.key_missing": {
		Message: "データを開くための鍵がありません。",
		Kept:    "データには変更を加えていません。",
		Next:    "システム管理者に連絡してください。",
	},
	"vault.key_destroyed": {
		Message: "このデータの鍵はすでに破棄されています。データは二度と開けません。",
	},
	"vault.key_broken": {
		Message: "保管している鍵が壊れているか、書き換えられています。",
		Kept:    "データには変更を加えていません。",
		Next:    "鍵データベースのバックアップを確認してください。",
	},
	"vault.system_key": {
		Message: "サービス自身の鍵は破棄できません。",
	},
	"vault.root_mismatch": {
		Message: "ルート鍵が、この鍵データベースを作ったときのものと違います。",
		Kept:    "サービスは起動していません。データには変更を加えていません。",
		Next:    "正しいルート鍵を元の場所に戻してから、もう一度起動してください。",
	},
	"vault.root_readable": {
		Message: "ルート鍵のファイル {path} が、所有者以外にも読める状態です（モード {mode}）。",
		Kept:    "サービスは起動していません。",
		Next:    "ファイルのモードを 0600 に変え、ほかの人に読まれていないか確認してください。",
	},
	"vault.root_size": {
		Message: "ルート鍵のファイル {path} の大きさが正しくありません（32バイトでなければなりません）。",
		Kept:    "サービスは起動していません。",
		Next:    "正しいルート鍵を元の場所に戻してから、もう一度起動してください。",
	},
	"vault.not_destroyed": {
		Message: "鍵を破棄した証拠がありません。",
	},
	"vault.head_broken": {
		Message: "鍵データベースが覚えている消去の台帳の先頭が、書き換えられているか壊れています。",
		Kept:    "データには変更を加えていません。",
		Next:    "鍵データベースのバックアップを確認してください。",
	},
}
