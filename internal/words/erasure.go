package words

// erasureTexts are about erasing people and tenants, the erasure ledger and legal holds.
var erasureTexts = map[string]Text{
	"erasure.reason":      {Message: "消去の理由を500文字までで書いてください。"},
	"erasure.two_people":  {Message: "消去には、申し出た人の記録と、異なる2人の承認が必要です。", Kept: "何も消していません。"},
	"erasure.people":      {Message: "消去する人を1人以上、{most}人までで指定してください。", Kept: "何も消していません。"},
	"erasure.records":     {Message: "消去する記録を1件以上、{most}件までで指定してください。", Kept: "何も消していません。"},
	"erasure.system":      {Message: "サービス自身のデータは消去できません。"},
	"erasure.no_tenant":   {Message: "その契約先はありません。"},
	"erasure.gone":        {Message: "その契約先のデータは、すでに消去されています。"},
	"erasure.no_run":      {Message: "その消去の記録はありません。"},
	"erasure.under_way":   {Message: "この契約先の消去がすでに始まっています。", Next: "終わるまでお待ちください。"},
	"erasure.held":        {Message: "保全の指定があるため、消去できません（対象者のうち{people}人、または契約先・記録の種類）。", Kept: "何も消していません。", Next: "保全が解除されてから、もう一度申し出てください。"},
	"erasure.hold_text":   {Message: "保全の理由、根拠、見直す人（解除のときは解除の理由）を、それぞれ500文字までで書いてください。", Kept: "保全の指定は変わっていません。"},
	"erasure.hold_review": {Message: "保全を見直す日を、明日から2年以内で指定してください。", Kept: "保全の指定は変わっていません。"},
	"erasure.hold_scope":  {Message: "保全するもの（契約先の全部、一人、記録の種類）を一つ選んでください。", Kept: "保全の指定は変わっていません。"},
	"erasure.hold_nobody": {Message: "その人の記録はないため、保全を指定できません。"},
	"erasure.no_hold":     {Message: "その保全はないか、すでに解除されています。"},
	"erasure.too_late":    {Message: "消去がすでに始まっているため、保全を指定できません。", Next: "消去が終わってから、残っているものを確かめてください。"},
	"erasure.holds_unread": {
		Message: "保全の指定を読み取れないため、消去を始めません。", Kept: "何も消していません。", Next: "しばらくしてから、もう一度お試しください。",
	},
	"erasure.hold_unreadable": {Message: "保全の指定に読み取れないものがあります。", Kept: "何も消していません。", Next: "運用者に連絡してください。"},
	"erasure.ledger_missing": {
		Message: "消去の台帳 {file} がありません。", Kept: "データには変更を加えていません。",
		Next: "台帳の控え（設定 erasure.copy の場所）を元の場所に戻すか、復元のときは --ledger で指定してください。",
	},
	"erasure.ledger_short": {
		Message: "消去の台帳が途中で切れています（{have}件。{want}件あるはずです）。", Kept: "データには変更を加えていません。",
		Next: "台帳の控え（設定 erasure.copy の場所）を元の場所に戻してください。",
	},
	"erasure.ledger_altered": {
		Message: "消去の台帳の{entry}件目が書き換えられているか、壊れています。", Kept: "データには変更を加えていません。",
		Next: "台帳の控え（設定 erasure.copy の場所）と見比べ、正しいほうを元の場所に戻してください。",
	},
	"erasure.ledger_exchanged": {
		Message: "消去の台帳の{entry}件目が、記録と監査ログにあるものと違います。別の台帳に取り替えられています。", Kept: "データには変更を加えていません。サービスは開いていません。",
		Next: "台帳の控え（設定 erasure.copy の場所）を元の場所に戻してください。心当たりがないときは、責任者に連絡し、だれが取り替えたかを調べてください。",
	},
	"erasure.ledger_head": {
		Message: "監査ログにある消去の台帳の先頭を読み取れません。", Kept: "データには変更を加えていません。サービスは開いていません。",
		Next: "rakudos audit verify で監査ログを確かめてください。",
	},
	"erasure.run_missing": {
		Message: "消去の記録 {run} が、データベースにありません。台帳か監査ログには残っています。", Kept: "データには変更を加えていません。",
		Next: "データベースを rakudos backup restore 以外の方法で戻したときは、サービスを起動すると台帳から作り直します。心当たりがないときは、データフォルダーを保全し、責任者に連絡して、だれが消したかを調べてください。",
	},
	"erasure.run_altered": {
		Message: "データベースにある消去の記録 {run} が、書き換えられているか、壊れています。", Kept: "データには変更を加えていません。",
		Next: "データフォルダーを保全し、責任者に連絡してください。バックアップ（rakudos backup restore で別のフォルダーへ）の記録と見比べてください。",
	},
	"erasure.ledger_unreadable": {Message: "消去の台帳 {file} を読めません。", Next: "ファイルの権限とディスクを確かめてください。"},
	"erasure.ledger_unwritable": {
		Message: "消去の台帳 {file} に書けないため、消去を始めません。", Kept: "何も消していません。", Next: "置き場所がつながっているか、書き込めるかを確かめてください。届くようになれば、自動でやり直します。",
	},
	"erasure.residual":   {Message: "消去の後の確認で、まだ残っているものが見つかりました（{what}）。", Kept: "完了にはしていません。", Next: "自動でやり直します。続くときは運用者に連絡してください。"},
	"erasure.readable":   {Message: "古いバックアップの中の{n}件が、まだ読めました。", Kept: "完了にはしていません。", Next: "運用者に連絡してください。"},
	"erasure.no_receipt": {Message: "鍵を消した証拠が揃いません。", Kept: "完了にはしていません。", Next: "自動でやり直します。続くときは運用者に連絡してください。"},
}
