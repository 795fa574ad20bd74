package words

// cliTexts are said on the operator's terminal.
var cliTexts = map[string]Text{
	"cli.verb":             {Message: "「{verb}」という操作はありません。", Kept: "何も実行していません。", Next: "rakudos help で操作の一覧を確かめてください。"},
	"cli.at":               {Message: "--at の「{value}」は、日付でも時刻でもありません。", Kept: "何も戻していません。", Next: "日付は 2026-11-20、時刻は '2026-11-20 01:45:00'（日本時間）のように書いてください。最新のものを戻すときは --at を付けないでください。"},
	"cli.cluster_at":       {Message: "--cluster は、時刻を指定した復元だけで使えます。", Kept: "何も戻していません。", Next: "--at '2026-11-20 01:45:00' のように時刻を指定してください。"},
	"cli.flags":            {Message: "オプションが正しくありません（{detail}）。", Kept: "何も実行していません。", Next: "rakudos help {verb} で使い方を確かめてください。"},
	"cli.formats":          {Message: "{flags} は同時に指定できません。", Kept: "何も実行していません。", Next: "どちらか一方だけを指定してください。"},
	"cli.need_flag":        {Message: "{flag} を指定してください。", Kept: "何も実行していません。", Next: "--help を付けると使い方と例を表示します。"},
	"cli.leave_needs_full": {Message: "--leave は --full と --confirm と一緒に使います。", Kept: "何も変わっていません。"},
	"cli.leave_both":       {Message: "--leave と --leave-on は一緒に使います。", Kept: "何も変わっていません。"},
	"cli.dry_and_confirm":  {Message: "--dry-run と --confirm は同時に指定できません。", Kept: "何も実行していません。", Next: "確かめるだけなら --dry-run、取り込むなら --confirm だけを付けてください。"},
	"cli.roles_and_none":   {Message: "--roles と --none は同時に指定できません。", Kept: "何も実行していません。", Next: "どちらか一方だけを指定してください。"},
	"cli.file":             {Message: "ファイル {file} を開けません。", Kept: "何も変更していません。", Next: "場所と読み取りの権限を確かめてください。"},
	"cli.config":           {Message: "設定に誤りがあります: {detail}", Kept: "何も変更していません。", Next: "設定ファイルと環境変数 RAKUDOS_* を見直してください。"},
	"cli.asset_difference": {Message: "資源の台帳と、実際にあるものに食い違いがあります。", Kept: "何も変更していません。", Next: "画面（資源の台帳）で、持ち主を決めるか、処分を申請してください。"},
	"cli.audit_altered":    {Message: "監査ログが元のままではありません。", Kept: "何も変更していません。", Next: "データフォルダーを保全し、バックアップと比べてください。"},
	"cli.certificate_bad":  {Message: "消去証明書を検証できません。", Next: "発行元から証明書を取り直してください。"},
}
