package words

// backupTexts are the messages of making, checking and restoring backups.
var backupTexts = map[string]Text{
	"backup.damaged": {
		Message: "バックアップ {set} の {piece} が壊れているか、書き換えられているか、なくなっています。",
		Kept:    "ほかのバックアップと現在のデータには変更を加えていません。",
		Next:    "rakudos backup verify で範囲を確かめ、別の日のバックアップ（--at 日付）を使ってください。",
	},
	"backup.keys_closed": {
		Message: "鍵データベースの写し {set} を、このルート鍵では開けません。",
		Kept:    "復元先には何も残していません。",
		Next:    "バックアップを取ったときのルート鍵を --root-key で指定してください。",
	},
	"backup.no_second": {
		Message: "二つ目の置き場所が設定されていません。",
		Kept:    "何も変更していません。",
		Next:    "設定 backup.second に url・endpoint・credentials_file を書いてください。",
	},
	"backup.none": {
		Message: "バックアップがありません。",
		Next:    "rakudos backup run で取るか、--from で置き場所を指定してください。",
	},
	"backup.none_at": {
		Message: "{day} までのバックアップはありません。最も古いものは {oldest} です。",
		Next:    "rakudos backup list で、あるものを確かめてください。",
	},
	"backup.not_empty": {
		Message: "復元先のフォルダー {dir} は空ではありません。",
		Kept:    "フォルダーの中身には変更を加えていません。",
		Next:    "空のフォルダーか、まだないフォルダーを --to で指定してください。",
	},
	"backup.destination": {
		Message: "復元先のフォルダー {dir} を使えません。",
		Next:    "書き込めるフォルダーを --to で指定してください。",
	},
	"backup.unlike": {
		Message: "バックアップ {set} から戻したデータが、取ったときのものと一致しません（{what}）。",
		Kept:    "復元先には何も残していません。",
		Next:    "rakudos backup verify で調べ、別の日のバックアップ（--at 日付）を使ってください。",
	},
	"backup.place": {
		Message: "バックアップの置き場所 {dir} を使えません。",
		Kept:    "これまでのバックアップと現在のデータには変更を加えていません。",
		Next:    "置き場所がつながっているか、書き込めるかを確かめてください。届くようになれば、自動でやり直します。",
	},
	"backup.ledger": {
		Message: "消去の台帳を、戻したデータに適用できませんでした。",
		Kept:    "消去済みのデータを生き返らせないため、復元先には何も残していません。",
		Next:    "台帳を確かめてから、もう一度復元してください。",
	},
	"backup.no_root_key": {
		Message: "ルート鍵のファイル {path} がありません。ルート鍵はバックアップに含まれません。",
		Kept:    "復元先には何も残していません。",
		Next:    "別に保管しているルート鍵を --root-key で指定してください。",
	},
	"backup.found_bad": {
		Message: "バックアップに問題が見つかりました。",
		Kept:    "バックアップと現在のデータには変更を加えていません。",
	},
	"backup.drill_failed": {
		Message: "復元の訓練で、取ったときのものと一致しないところが見つかりました。",
		Kept:    "現在のデータには変更を加えていません。訓練の結果は記録しました。",
		Next:    "rakudos backup verify で調べ、新しいバックアップを取ってください。",
	},
}
