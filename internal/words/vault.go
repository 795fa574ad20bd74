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
	"vault.root_missing": {
		Message: "ルート鍵のファイル {path} がありません。この鍵データベースは、すでにルート鍵で包まれています。",
		Kept:    "サービスは起動していません。新しい鍵は作らず、データには変更を加えていません。",
		Next:    "別に保管しているルート鍵を、モード 0600 で元の場所に戻してから、もう一度実行してください。",
	},
	"vault.root_readable": {
		Message: "ルート鍵のファイル {path} が、所有者以外にも読める状態です（モード {mode}）。",
		Kept:    "サービスは起動していません。",
		Next:    "ファイルのモードを 0600 に変え、ほかの人に読まれていないか確認してください。",
	},
	"vault.root_size": {
		Message: "ルート鍵のファイル {path} が正しい形ではありません。",
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
	"vault.root_sealed": {
		Message: "ルート鍵のファイル {path} はパスフレーズで封じてあります。",
		Kept:    "サービスは起動していません。",
		Next:    "設定の keys.root.passphrase_file に、パスフレーズを書いたファイル（モード 0600）を指定してください。",
	},
	"vault.root_passphrase": {
		Message: "ルート鍵のファイル {path} のパスフレーズが違います。",
		Kept:    "サービスは起動していません。ファイルには変更を加えていません。",
		Next:    "正しいパスフレーズを keys.root.passphrase_file のファイルに書いてください。",
	},
	"vault.root_elsewhere": {
		Message: "ルート鍵 {root} は鍵管理サービスの中にあり、ここからは新しい版を作れません。",
		Kept:    "鍵には変更を加えていません。",
		Next:    "鍵管理サービスで鍵の版を新しくしてから、rakudos keys rewrap を実行してください。",
	},
	"vault.rewrap_differs": {
		Message: "包み直した鍵を開いて比べたところ、元の鍵と違いました。",
		Kept:    "鍵には変更を加えていません。",
		Next:    "鍵管理サービスの状態を確かめてください。",
	},
	"vault.rewrap_left": {
		Message: "包み直しているあいだに作られた鍵が残っています。",
		Kept:    "どの鍵も使えます。",
		Next:    "もう一度実行してください。続きから行います。",
	},
	"vault.version_in_use": {
		Message: "この版の鍵は使われているため破棄できません。",
		Kept:    "鍵には変更を加えていません。",
	},
	"vault.kms_away": {
		Message: "鍵管理サービスに届きません。",
		Kept:    "すでに開いている鍵は使い続けます。データには変更を加えていません。",
		Next:    "鍵管理サービスとのネットワークを確かめてください。届くようになれば自動で元に戻ります。",
	},
	"vault.kms_denied": {
		Message: "鍵管理サービスが、この操作を許していません。",
		Kept:    "データには変更を加えていません。",
		Next:    "サービスに与えた資格情報と、鍵を使う権限（包む・開く）を確かめてください。",
	},
	"vault.kms_missing": {
		Message: "鍵管理サービスに、指定した鍵がないか、使えない状態です。",
		Kept:    "データには変更を加えていません。",
		Next:    "設定の keys.root の鍵の名前と、鍵が無効・期限切れ・削除済みになっていないかを確かめてください。",
	},
	"vault.kms_sealed": {
		Message: "鍵管理サービスが封印（sealed）されています。",
		Kept:    "すでに開いている鍵は使い続けます。データには変更を加えていません。",
		Next:    "OpenBao/Vault の封印を解いてください（bao operator unseal）。解ければ自動で元に戻ります。",
	},
	"vault.kms_certificate": {
		Message: "鍵管理サービスの証明書を確かめられません。",
		Kept:    "トークンは送っていません。データには変更を加えていません。",
		Next:    "設定の keys.root の address の名前が証明書の名前と同じか、ca_file が正しいか、証明書の期限が切れていないかを確かめてください。",
	},
	"vault.kms_version": {
		Message: "鍵管理サービスが、ルート鍵の第{version}版で開くことを許していません。",
		Kept:    "データには変更を加えていません。",
		Next:    "鍵管理サービスで min_decryption_version を{version}以下に戻し、rakudos keys rewrap を実行してから上げてください。鍵を作り直したときは、元の鍵をバックアップから戻してください。",
	},
	"vault.kms_exportable": {
		Message: "鍵管理サービスの鍵が、外へ取り出せる設定になっています。",
		Kept:    "データには変更を加えていません。",
		Next:    "取り出しと平文のバックアップを許さない鍵を作り、rakudos keys move-root で移してください。",
	},
	"vault.kms_type": {
		Message: "鍵管理サービスの鍵の種類「{type}」は使えません。",
		Kept:    "データには変更を加えていません。",
		Next:    "aes256-gcm96 の鍵を作って、設定の keys.root に指定してください。",
	},
	"db.owner": {
		Message: "データベースの役割が表「{table}」の持ち主でないため、消した行を表のファイルから除けません。",
		Kept:    "行は削除されています。処理はここで止まり、自動でやり直します。",
		Next:    "設定の database.owner_dsn_file（鍵の保管庫は database.keys_owner_dsn_file）に、表の持ち主の役割の接続文字列を置いて、サービスを起動し直してください。",
	},
	"db.settle": {
		Message: "データベースの書きかけの記録を、今は片付けられません。",
		Next:    "しばらくしてからもう一度行います。",
	},
}
