package erasure

// memoryStores are what a running process keeps beyond one request. A test looks through the types of the program for
// others.
var memoryStores = []Store{
	{Name: "org.directory", Place: Memory, Says: "名簿の控え", Erase: Forget, Why: "契約先の消去は、ほかのサーバーでも1分以内に及びます。人の消去の後は、ほかのサーバーでは次に使うときに読み直します。"},
	{Name: "checkup.snapshots", Place: Memory, Says: "健診一覧の控え", Erase: Forget, Why: "契約先の消去は、ほかのサーバーでも1分以内に及びます。人の消去の後は、ほかのサーバーでは次に使うときに読み直します。"},
	{Name: "checkup.criteria", Place: Memory, Says: "判定基準の控え", Erase: Forget, Why: "契約先の消去は、ほかのサーバーでも1分以内に及びます。"},
	{Name: "vault.cache", Place: Memory, Says: "契約先の鍵の控え", Erase: Forget, Why: "ほかのサーバーでも1分以内に消えます。"},
	{Name: "web.tenants", Place: Memory, Says: "契約先の名称の控え", Erase: Expire, Why: "1分で消えます。"},
	{Name: "identity.touches", Place: Memory, Says: "最後に操作した時刻の控え", Erase: Expire, Why: "識別子と時刻だけで、数秒ごとに書き込んで手放します。"},
	{Name: "identity.gate", Place: Memory, Says: "サインインの順番待ちの数", Erase: Expire, Why: "接続元のアドレスと数だけで、順番が済むと消えます。"},
	{Name: "web.streams", Place: Memory, Says: "開いている画面の数", Erase: Expire, Why: "識別子と数だけで、画面を閉じると消えます。"},
	{Name: "sso.limits", Place: Memory, Says: "外部の認証の間隔と設定の控え", Erase: Expire, Why: "接続元のアドレスと、認証サービスの公開情報だけで、止めると消えます。"},
	{Name: "scim.limits", Place: Memory, Says: "人事システムの間隔", Erase: Expire, Why: "識別子だけで、止めると消えます。"},
	{Name: "checkup.progress", Place: Memory, Says: "取り込みの進み具合", Erase: Expire, Why: "識別子と件数だけで、取り込みが終わると消えます。"},
	{Name: "checkup.strays", Place: Memory, Says: "取り込みのないファイルを見つけた時刻", Erase: Expire, Why: "識別子と時刻だけで、2時間後にファイルを消すと消えます。"},
	{Name: "checkup.export", Place: Memory, Says: "書出し", Erase: Own, Why: "画面に流すだけで、どこにも残しません。"},
}

const (
	onlyTimes = "予定の時刻だけで、だれのものでもありません。"
	onlyNames = "番号だけで、契約先の消去で行ごと消えます。"
)

// jobStores are the kinds of work. What waits is a row of the table of jobs that says a number and nothing else: the
// queue refuses more. A test compares them with what a running service has handlers for.
var jobStores = []Store{
	{Name: "asset.look", Place: Job, Says: "資源の台帳の更新", Erase: Own, Why: onlyTimes},
	{Name: "backup.copy", Place: Job, Says: "二つ目の置き場所への写し", Erase: Own, Why: onlyTimes},
	{Name: "backup.drill", Place: Job, Says: "復元の訓練", Erase: Own, Why: onlyTimes},
	{Name: "backup", Place: Job, Says: "バックアップ", Erase: Own, Why: onlyTimes},
	{Name: "certificate.second", Place: Job, Says: "消去証明書（第2段階）", Erase: Own, Why: onlyTimes},
	{Name: "checkup.apply", Place: Job, Says: "健診の取り込み", Erase: Rows, Why: onlyNames},
	{Name: "checkup.read", Place: Job, Says: "健診ファイルの読み取り", Erase: Rows, Why: onlyNames},
	{Name: "checkup.rejudge", Place: Job, Says: "健診の判定のやり直し", Erase: Rows, Why: onlyNames},
	{Name: "checkup.sweep", Place: Job, Says: "途中の健診ファイルの片付け", Erase: Own, Why: onlyTimes},
	{Name: "erasure.resume", Place: Job, Says: "消去の続き", Erase: Own, Why: onlyTimes},
	{Name: "handover.make", Place: Job, Says: "受け渡しのファイルの作成", Erase: Rows, Why: onlyNames},
	{Name: "handover.tidy", Place: Job, Says: "受け渡しのファイルの片付け", Erase: Own, Why: onlyTimes},
	{Name: "identity.sweep", Place: Job, Says: "サインインの片付け", Erase: Own, Why: onlyTimes},
	{Name: "keys.daily", Place: Job, Says: "鍵の期限", Erase: Own, Why: onlyTimes},
	{Name: "keys.work", Place: Job, Says: "鍵の更新", Erase: Rows, Why: onlyNames},
	{Name: "mail.expire", Place: Job, Says: "古いメールの控えの片付け", Erase: Own, Why: onlyTimes},
	{Name: "mail.returns", Place: Job, Says: "戻ってきたメールの読み取り", Erase: Own, Why: onlyTimes},
	{Name: "retention.erase", Place: Job, Says: "保持期間の終わったものの消去", Erase: Own, Why: onlyTimes},
	{Name: "retention.night", Place: Job, Says: "保持期間の毎晩の処理", Erase: Own, Why: onlyTimes},
	{Name: "review.quarter", Place: Job, Says: "権限の見直しの開始", Erase: Own, Why: onlyTimes},
	{Name: "review.tick", Place: Job, Says: "権限の見直しの期日", Erase: Own, Why: onlyTimes},
	{Name: "roster.apply", Place: Job, Says: "名簿の取り込み", Erase: Rows, Why: onlyNames},
	{Name: "roster.read", Place: Job, Says: "名簿の読み取り", Erase: Rows, Why: onlyNames},
	{Name: "roster.sweep", Place: Job, Says: "途中の名簿の片付け", Erase: Own, Why: onlyTimes},
	{Name: "sso.sweep", Place: Job, Says: "外部の認証の片付け", Erase: Own, Why: onlyTimes},
	{Name: "support.sweep", Place: Job, Says: "一時的な閲覧の片付け", Erase: Own, Why: onlyTimes},
	{Name: "termination.tick", Place: Job, Says: "解約の手続", Erase: Own, Why: onlyTimes},
}
