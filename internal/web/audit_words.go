package web

// verbWords are the acts of the log in words; a verb without words is shown as it is.
var verbWords = map[string]string{
	"signin.password": "パスワードの確認", "signin.code": "認証コードの確認", "signin.resend": "認証コードの再送", "signin.end": "サインアウト",
	"session.continue": "サインインの継続", "password.change": "パスワードの変更", "page.open": "画面を開こうとした",
	"checkup.import": "健診結果の読み込み", "checkup.remap": "列の対応の変更", "import.confirm": "取り込みの確定", "import.withdraw": "取り込みの取り消し",
	"checkup.view": "健診結果の閲覧", "checkup.list": "健診結果の一覧の閲覧", "checkup.export": "健診結果の書き出し", "checkup.decide": "就業判定",
	"checkup.treated": "治療中の記録", "consent.set": "同意の変更", "roster.import": "名簿の読み込み", "roster.apply": "名簿の取り込み",
	"roster.upload": "名簿の送信", "roster.read": "名簿の読み取り", "roster.confirm": "名簿の確定", "roster.withdraw": "名簿の取り下げ",
	"roster.failed": "名簿の取り込みの失敗", "roster.withdrawn": "名簿の取り込みの終了", "people.list": "従業員の一覧の閲覧", "person.read": "従業員の情報の閲覧",
	"person.history": "従業員の経歴の閲覧", "dept.people": "部署の従業員の閲覧", "person.moved": "異動の登録", "person.left": "退職の登録",
	"criteria.approve": "判定基準の承認", "criteria.activate": "判定基準の切り替え", "criteria.rejudge": "判定のやり直し",
	"evidence.recorded": "確認結果の記録", "schema.migrated": "データベースの更新",
}

var purposeWords = map[string]string{
	"work-fitness": "就業判定", "follow-up": "保健指導・事後措置", "administration": "健診の事務", "measures": "就業上の措置", "own-data": "本人の確認", "audit": "監査", "operation": "運用", "start": "起動",
}

var resultWords = map[string]string{"ok": "成功", "denied": "拒否", "failed": "失敗"}

var kindWords = map[string]string{"human": "利用者", "machine": "システム", "host": "サーバーの管理者"}
