package words

// auditTexts are the messages of the audit log.
var auditTexts = map[string]Text{
	"audit.closed": {
		Message: "記録の受け付けは終わっています（サービスの停止中です）。",
		Kept:    "操作は行われていません。",
		Next:    "サービスが起動してから、もう一度操作してください。",
	},
	"audit.no_verb": {
		Message: "記録に操作の名前がないため、操作を取りやめました。",
		Kept:    "操作は行われていません。",
		Next:    "システム管理者に連絡してください。",
	},
	"audit.no_tenant": {
		Message: "どの会社の記録を見るのかが決まっていません。",
		Next:    "サインインし直してください。",
	},
	"audit.in_use": {
		Message: "監査ログは別のプロセスが使っています。",
		Kept:    "何も変更していません。",
		Next:    "動いているサービスを止めてから、もう一度実行してください。",
	},
	"audit.key_missing": {
		Message: "監査ログの署名鍵がありません。",
		Kept:    "サービスは起動していません。記録には変更を加えていません。",
		Next:    "署名鍵のファイルを元の場所に戻してから、もう一度起動してください。",
	},
	"audit.key_readable": {
		Message: "監査ログの署名鍵のファイル {path} が、所有者以外にも読める状態です。",
		Kept:    "サービスは起動していません。",
		Next:    "ファイルのモードを 0600 に変え、ほかの人に読まれていないか確認してください。",
	},
	"audit.key_broken": {
		Message: "監査ログの署名鍵が壊れています。",
		Kept:    "サービスは起動していません。記録には変更を加えていません。",
		Next:    "署名鍵のファイルを元に戻してから、もう一度起動してください。",
	},
	"audit.log_behind": {
		Message: "監査ログのフォルダーがないか、データベースより古い状態です。",
		Kept:    "サービスは起動していません。記録には変更を加えていません。",
		Next:    "audit verify で失われた範囲を確認し、同じ時点のフォルダーとデータベースを戻してください。",
	},
	"audit.log_damaged": {
		Message: "監査ログのファイルが壊れているか、書き換えられています。",
		Kept:    "サービスは起動していません。記録には変更を加えていません。",
		Next:    "audit verify で最初の異常を確認し、システム管理者に連絡してください。",
	},
	"audit.log_diverged": {
		Message: "監査ログの {index} 番（テナント {tenant} の記録 {seq}）が、データベースの内容と一致しません。",
		Kept:    "サービスは起動していません。記録には変更を加えていません。",
		Next:    "audit verify で失われた範囲を確認し、同じ時点のフォルダーとデータベースを戻してください。",
	},
}
