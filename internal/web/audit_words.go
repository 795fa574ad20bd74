package web

// verbWords are the acts of the log in words; a verb without words is shown as it is.
var verbWords = map[string]string{
	"signin.password": "パスワードの送信", "signin.code": "認証コードの送信", "signin.resend": "認証コードの再送の依頼", "signin.end": "サインアウト",
	"session.continue": "サインインの継続", "password.change": "パスワードの変更", "page.open": "画面を開こうとした",

	"auth.sign_in": "サインインの開始", "auth.password_ok": "パスワードの確認", "auth.failed": "パスワードの誤り", "auth.locked": "ロック", "auth.unlocked": "ロックの解除",
	"auth.code_sent": "認証コードの送信", "auth.code_unsent": "認証コードを送れなかった", "mail.failing": "メールが届かないアドレスの検知", "mail.reached": "メールが届くことの確認", "mail.returns": "戻ってきたメールの読み取り", "mail.expired": "古いメールの控えの削除", "auth.code_failed": "認証コードの誤り", "auth.code_expired": "認証コードの期限切れ",
	"auth.code_dead": "認証コードの打ち切り", "auth.code_ceiling": "認証コードの上限", "auth.signed_in": "サインイン", "auth.signed_out": "サインアウト", "auth.session_ended": "サインインの終了",
	"auth.password_changed": "パスワードの変更", "auth.password_reset": "パスワードの再発行", "auth.lock_notice": "ロックの通知", "auth.spray": "同じパスワードによる総当たりの検知", "auth.spray_notice": "総当たりの疑いの通知", "auth.many_locks": "続けてのロックの検知", "auth.locks_notice": "続けてのロックの通知", "auth.unlock_notice": "ロック解除の通知",
	"signin.sso": "会社のアカウントでのサインインの開始", "signin.saml": "会社の認証の応答の受け取り",
	"sso.begun": "会社のアカウントでのサインインの開始", "sso.failed": "会社の認証の応答を受け付けなかった", "sso.linked": "会社のアカウントとの結び付け", "sso.unlinked": "会社のアカウントとの結び付けの解除",
	"sso.created": "会社の認証との連携の登録", "sso.changed": "会社の認証との連携の変更", "screen.ask": "会社のアカウントでの画面ロックの解除の開始", "auth.screen_refused": "会社のアカウントでの画面ロックの解除の拒否", "sso.confirmed": "会社の認証の設定の確認（二人目）", "sso.confirmation_ended": "会社の認証の設定の確認の取り消し（設定の変更による）", "federation.confirm": "会社の認証の設定の確認（二人目）", "auth.linked_notice": "会社のアカウントとの結び付けの通知",
	"sso.removed": "会社の認証との連携の削除", "sso.only_roles": "パスワードを使わない役割の変更",
	"federation.save": "会社の認証との連携の保存", "federation.test": "会社の認証への接続の確認", "federation.remove": "会社の認証との連携の削除", "federation.unlink": "会社のアカウントとの結び付けの解除", "federation.roles": "パスワードを使わない役割の変更",
	"federation.token": "連携用トークンの作成", "federation.revoke": "連携用トークンの取り消し", "federation.group": "グループと役割の対応の変更",
	"scim.user": "人事システムによる利用者の変更", "scim.group": "人事システムによるグループの変更", "scim.user_created": "人事システムによる利用者の登録", "scim.user_changed": "人事システムによる利用者の変更",
	"scim.user_disabled": "人事システムによる利用者の停止", "scim.user_enabled": "人事システムによる利用者の再開", "scim.user_deleted": "人事システムでの利用者の削除", "scim.group_created": "人事システムによるグループの登録",
	"scim.group_changed": "人事システムによるグループの変更", "scim.group_deleted": "人事システムによるグループの削除", "scim.role_refused": "グループによる役割の拒否（同時に持てない役割）", "scim.group_mapped": "グループと役割の対応の変更", "scim.token_created": "連携用トークンの作成", "scim.undone": "連携用トークンの取り消しと、行ったことの取り戻し", "scim.join_confirmed": "人事システムが登録した利用者の確認", "scim.waiting_notice": "人事システムからの確認待ちの通知", "scim.many_notice": "人事システムによる多くの停止の通知", "federation.undo": "連携用トークンの取り消しと、行ったことの取り戻し", "federation.waiting": "人事システムからの登録・役割の確認",
	"account.person_bound": "利用者と従業員の結び付け", "scim.token_revoked": "連携用トークンの取り消し",
	"account.shared": "共用の疑いの確認", "account.personnel": "人事権の記録", "account.personnel_set": "人事権の記録", "account.shared_seen": "共用の疑いの確認",
	"account.renamed": "利用者の名前の変更",
	"auth.sso_ok":     "会社のアカウントの確認", "auth.sso_refused": "会社のアカウントでのサインインの拒否", "auth.password_not_allowed": "パスワードを使わない役割によるパスワードの入力",
	"account.create": "利用者の登録", "account.unlock_all": "ロックのまとめての解除", "account.roles": "役割の変更", "account.disable": "利用者の停止", "account.enable": "利用者の再開", "account.unlock": "ロックの解除", "account.sessions": "利用者のサインインの終了", "account.sessions_all": "全員のサインインの終了", "auth.sessions_ended": "管理者によるサインインの終了", "auth.device_notice": "新しい端末からのサインインの通知", "auth.first_notice": "最初のパスワードの期限の通知", "account.reset": "最初のパスワードの再発行",
	"password.forgot": "パスワードの再設定の依頼", "auth.reset_asked": "パスワードの再設定の依頼", "auth.reset_notice": "再設定の依頼の通知",
	"screen.open": "画面のロックの解除", "screen.lock": "画面のロック", "session.end": "サインインの終了", "email.ask": "メールアドレスの変更の申込み", "email.cancel": "メールアドレスの変更の取消し",
	"auth.screen_locked": "画面のロック", "auth.screen_opened": "画面のロックの解除", "auth.email_asked": "メールアドレスの変更の申込み", "auth.email_dropped": "メールアドレスの変更の取消し",
	"auth.email_changed": "メールアドレスの変更", "auth.email_notice": "メールアドレスの変更の通知", "settings.screen": "画面のロックの時間の変更",
	"integrity.row_refused": "書き換えられた行の無視", "rows.bound": "古い行への署名", "auth.rows_notice": "書き換えの疑いの通知",
	"settings.two_factor": "二要素を必須にする役割の変更", "account.factors": "パスキーなどの登録の解除", "auth.factors_reset": "パスキーなどの登録の解除", "auth.factor_notice": "パスキーなどの変更の通知",
	"passkey.ask": "パスキーの確認の開始", "signin.passkey": "パスキーでのサインイン", "factor.prove": "本人の確認", "totp.offer": "認証アプリの登録の開始", "totp.confirm": "認証アプリの登録", "totp.remove": "認証アプリの登録の解除",
	"recovery.make": "回復用コードの作成", "passkey.offer": "パスキーの登録の開始", "passkey.add": "パスキーの登録", "passkey.remove": "パスキーの登録の解除", "password.begin": "パスワードの決め直しの開始", "password.recover": "パスワードの決め直し",
	"auth.proven": "本人の確認", "auth.totp_offered": "認証アプリの登録の開始", "auth.factor_added": "パスキー・認証アプリの登録", "auth.factor_removed": "パスキー・認証アプリの登録の解除", "auth.codes_made": "回復用コードの作成",
	"auth.passkey_offered": "パスキーの登録の開始", "auth.passkey_failed": "パスキーの誤り", "auth.passkey_cloned": "パスキーの複製の疑い", "auth.factor_ceiling": "認証アプリの試行の上限", "auth.reset_code": "パスワードの決め直しのコードの送信", "auth.password_recovered": "パスワードの決め直し",
	"auth.change_notice": "パスワード変更の通知", "auth.probe_cleared": "検査用アカウントの初期化",
	"account.created": "利用者の登録", "account.disabled": "利用者の停止", "account.enabled": "利用者の再開", "account.roles_set": "役割の変更", "tenant.created": "契約先の登録",

	"sealed.seal": "緊急用の利用者IDの封", "sealed.review": "緊急用の使用の確認", "sealed.stop": "緊急用の使用の停止", "sealed.why": "緊急用の使用の理由", "sealed.broken": "緊急用の利用者IDの封が切られた", "sealed.reason": "緊急用の使用の理由", "sealed.spent": "緊急用の使用の終わり", "sealed.sealed": "緊急用の利用者IDの封", "sealed.reviewed": "緊急用の使用の確認",
	"account.role_notice": "重い役割の通知", "account.vouch": "別の人だと確かめた記録", "account.vouch_for": "契約先の管理者を確かめた記録", "account.vouched": "別の人だと確かめた記録", "sealed.alarm": "緊急用の使用の警報", "sealed.tried": "緊急用の利用者IDへの違うパスワード", "sealed.notice": "緊急用の利用者IDの通知",
	"support.ask": "サポート入室の申込み", "support.approve": "サポート入室の承認", "support.refuse": "サポート入室の申込みを断る操作", "support.enter": "サポート入室の開始", "support.end": "サポート入室の終了", "support.leave": "サポート入室の終了", "support.stop": "サポート入室を終わらせる操作",
	"support.asked": "サポート入室の申込み", "support.approved": "サポート入室の承認", "support.refused": "サポート入室の申込みを断った", "support.entered": "サポート入室の開始", "support.ended": "サポート入室の終了", "support.read": "サポート入室での閲覧",
	"support.notice": "サポート入室の通知", "support.ask_notice": "サポート入室の申込みの通知", "support.own_notice": "自分の申込みの承認を試みたことの通知",

	"roster.import": "名簿の取り込み", "roster.upload": "名簿の読み込み", "roster.confirm": "名簿の取り込みの確定", "roster.withdraw": "名簿の取り込みの取り消し", "roster.read": "名簿の読み取り", "roster.leavers": "名簿にない人の退職の登録",
	"roster.apply": "名簿の取り込み", "people.list": "従業員の一覧の閲覧", "person.read": "従業員の情報の閲覧", "person.history": "従業員の履歴の閲覧", "dept.people": "部署の人の一覧の閲覧", "people.change": "異動・退職の登録", "people.move": "異動の登録", "people.leave": "退職の登録",

	"checkup.import": "健診結果の読み込み", "checkup.import.preview": "健診結果の読み取り", "checkup.import.confirm": "健診結果の取り込みの確定", "checkup.import.applied": "健診結果の取り込み",
	"checkup.import.failed": "健診結果の取り込みの失敗", "checkup.import.withdraw": "健診結果の取り込みの取り消し", "checkup.import.dry_run": "健診結果の試し読み", "checkup.import.view": "取り込みの内容の閲覧",
	"import.confirm": "取り込みの確定", "import.withdraw": "取り込みの取り消し", "checkup.remap": "列の対応の変更", "checkup.mapping": "列の対応の変更",
	"checkup.view": "健診結果の閲覧", "checkup.list": "健診結果の一覧の閲覧", "checkup.export": "健診結果の書き出し", "checkup.worklist": "就業判定の待ちの閲覧", "checkup.measures": "就業上の措置の閲覧",
	"checkup.decide": "就業判定", "checkup.treated": "治療中の記録", "checkup.rejudge": "判定のやり直し", "checkup.criteria": "判定基準の閲覧", "consent.set": "同意の変更",
	"followup.note": "受診の確認の記録", "criteria.draft": "判定基準の案の作成", "criteria.try": "判定基準の案の影響の確認", "criteria.approve": "判定基準の承認", "criteria.activate": "判定基準の切り替え", "criteria.rejudge": "判定のやり直し",

	"backup.made": "バックアップの取得", "backup.copied": "二つ目の置き場所への写し", "backup.failed": "バックアップの失敗", "backup.missed": "バックアップの欠け", "backup.alarm": "バックアップの欠けの知らせ", "backup.drilled": "復元の訓練", "backup.dropped": "古いバックアップの廃棄",
	"backup.base_made": "データベース全体の写しの取得", "backup.base_failed": "データベース全体の写しの失敗", "backup.wal_on": "WAL の受け取りの開始", "backup.wal_broken": "WAL の受け取りの中断", "backup.wal_none": "時点復旧の写しを取れない理由", "backup.wal_gap": "WAL の欠け",
	"backup.held": "バックアップの保全", "backup.keys_renewed": "鍵のバックアップの更新", "backup.restored": "バックアップからの復元",
	"job.retry": "止まった処理のやり直し", "job.retried": "止まった処理のやり直し",
	"key.rotate": "鍵の更新の依頼", "key.rotation_begun": "鍵の更新の開始", "key.rotated": "鍵の更新", "key.rotation_failed": "鍵の更新の失敗", "key.version_destroyed": "鍵の古い版の破棄",
	"key.root_move_begun": "ルート鍵の移動の開始", "key.root_moved": "ルート鍵の移動",
	"asset.claim": "資源を台帳に載せる操作", "asset.dispose": "資源の処分の申請", "asset.decide": "資源の処分の承認・却下", "asset.carry": "資源の処分の実行",
	"asset.entered": "資源の台帳への登録", "asset.ended": "資源の終わり", "asset.claimed": "資源を台帳に載せた", "asset.disposal_asked": "資源の処分の申請", "asset.disposal_decided": "資源の処分の承認・却下", "asset.disposed": "資源の処分", "asset.disposal_lapsed": "資源の処分の承認の期限切れ",
	"retention.approve": "消去の承認", "retention.lengthen": "保持期間の延長", "retention.decline": "消去の見送り", "retention.approved": "消去の承認", "retention.declined": "消去の見送り", "retention.listed": "消去の候補の更新", "retention.erased": "保持期間による消去", "retention.lengthened": "保存期間の延長",
	"termination.request": "解約の申込み", "termination.receipt": "データの受け取りの記録", "termination.confirm": "消去の確認", "termination.cancel": "解約の取り消し", "termination.call_back": "確認の電話の記録", "termination.requested": "解約の申込み", "termination.cancelled": "解約の取り消し", "termination.confirmed": "消去の確認", "termination.called_back": "確認の電話の記録", "termination.erasing": "消去の開始", "termination.erased": "消去の終わり", "termination.failed": "消去の失敗", "termination.overdue": "消去の期限切れ", "termination.closed": "解約の終わり",
	"handover.ask": "受け渡しのファイルの依頼", "certificate.present": "消去証明書の提示", "certificate.presented": "消去証明書の提示", "certificate.handed_out": "消去証明書の手渡し",
	"handover.asked": "受け渡しのファイルの依頼", "handover.ready": "受け渡しのファイルの作成", "handover.failed": "受け渡しのファイルの失敗", "handover.taken": "受け渡しのファイルの受け取り", "handover.expired": "受け渡しのファイルの期限切れ", "checkup.handover": "受け渡しのための健診結果の読み取り",
	"certificate.verify": "消去証明書の検証", "certificate.issued": "消去証明書の発行", "certificate.revoked": "消去証明書の取消し", "certificate.key": "消去証明書の署名鍵の更新",
	"review.decide": "権限の見直しの判断", "review.keep_rest": "権限の見直しのまとめての判断", "review.opened": "権限の見直しの開始", "review.decided": "権限の見直しの判断", "review.addendum": "見直しの期間中に増えた権限",
	"review.reassigned": "見直しの担当の変更", "review.gone": "見直しの期間中になくなった権限", "review.suspended": "判断のない権限の停止", "review.escalated": "最後の管理者の権限の持ち上げ", "review.read_back": "外した権限の確認",
	"review.reminded": "見直しの通知", "review.closed": "権限の見直しの締切", "review.missed": "行われなかった権限の見直し", "review.void": "解約による見直しの終了", "account.grant_revoked": "権限の取り上げ", "account.grant_narrowed": "権限の範囲の縮小",

	"hold.place": "保全の指定の操作", "hold.release": "保全の解除の操作",
	"hold.placed":       "保全の指定",
	"hold.released":     "保全の解除",
	"evidence.recorded": "確認結果の記録", "schema.migrated": "データベースの更新",
}

var purposeWords = map[string]string{
	"work-fitness": "就業判定", "follow-up": "保健指導・事後措置", "administration": "健診の事務", "measures": "就業上の措置", "own-data": "本人の確認", "audit": "監査", "operation": "運用",
	"start": "起動", "sign-in": "サインイン", "setup": "初期設定", "demo": "デモの準備", "probe": "セキュリティの確認", "evidence": "セキュリティの確認", "account": "利用者の管理", "access-review": "権限の見直し",
	"support": "サポート", "notice": "通知",
	"sso": "会社のアカウントでのサインイン", "scim": "人事システムとの連携",
	"emergency": "緊急",
}

// detailWords name the details of an event; a detail without a word is shown as it is.
var detailWords = map[string]string{
	"exams": "健診の回数", "page": "ページ", "total": "件数", "year": "年度", "rows": "行", "rejected": "誤りの行", "import": "取り込み", "reason": "理由", "ticket": "受付番号", "scope": "範囲", "minutes": "分", "access": "入室", "asker": "申し込んだ人", "decided_by": "決めた人", "why": "理由", "addressees": "宛先", "sent": "送信", "given": "同意",
	"roles": "役割", "account": "アカウント", "number": "番号", "version": "版", "criteria": "判定基準", "result": "結果", "results": "結果の数", "shown": "表示した人数", "tries": "試行", "tried": "試行",
	"failures": "失敗", "failed": "失敗", "route": "画面", "mapping": "列の対応", "campaign": "見直し", "line": "番号", "lines": "番号", "decision": "判断", "reviewer": "見直す人", "now": "結果", "due": "期限", "took_ms": "かかったミリ秒", "bulk": "まとめて", "role": "役割", "signin": "サインイン", "session": "セッション", "device": "端末", "code": "コード",
	"factor": "確かめ方", "factors": "登録", "new_device": "新しい端末", "resends": "再送", "limit": "上限", "by": "確かめ方", "name": "名前", "names": "利用者", "locks": "ロック", "linked": "結び付け", "connection": "連携", "link": "結び付け", "link_by": "結び付け方", "links_dropped": "解いた結び付け", "two_factors": "二要素", "enabled": "使用",
	"group": "グループ", "members": "人数", "token": "トークン", "days": "日数", "dept": "部署", "site": "事業所", "to_site": "移った事業所",
	"accepted": "受け付けた行", "applied": "取り込んだ行", "unchanged": "変わらない行", "unmatched": "本人が決まらない行", "added": "加わった人", "changed": "変わった人", "absent": "載っていない人", "people": "人数", "count": "件数", "consent": "同意",
	"asset": "資源", "disposal": "処分", "approved": "承認", "class": "区分", "files": "ファイル数", "bytes": "バイト数", "method": "方法",
	"case": "解約", "month": "月", "phase": "段階", "stage": "段階", "tenant": "契約先", "held": "保全", "hold": "保全", "person": "本人", "kind": "種類", "certificate": "証明書", "presentation": "提示", "handover": "ファイル", "digest": "要約値", "state": "状態",
	"reviewed": "見直した数", "revoked": "外した数", "suspended": "停止した数", "escalated": "持ち上げた数", "late": "期限のあと", "from": "前", "to": "後", "work": "作業", "done": "終わった数", "compromised": "漏れた疑い", "on_behalf": "頼んだ人", "table": "表", "row": "行",
	"again": "次に候補に挙げる日", "all": "すべて", "batch": "まとまり", "candidates": "候補", "database": "データベース", "drill": "訓練", "dropped": "やめた数", "ends": "締切", "events": "記録の数",
	"file": "ファイル", "first": "最初のWAL", "gone": "期限で消えた数", "how": "届かなかったわけ", "instant": "戻した時刻", "job": "処理", "keys": "鍵の写し", "keys_manifest": "鍵の写しの要約値", "ledger": "消去の台帳", "ledger_entry": "台帳の記録", "ledger_hash": "台帳の要約値",
	"left": "戻せなかった数", "lines_sha256": "判断の要約値", "mac": "行の要約値", "manifest": "目録の要約値", "networks": "ネットワークの数", "night": "夜", "listed": "挙げた数", "devices": "端末の数", "newest": "最も新しい世代", "oldest": "最も古い世代", "personnel": "人事権", "presentations": "提示の数",
	"promised": "約束の日", "public_key": "公開鍵", "recovered": "復元のあとに控えから戻したもの", "revoked_at": "取り消した時刻", "receipt_sha256": "受領書の要約値", "residual": "残ったもの", "run": "消去", "sealed": "封", "sessions": "終わらせたサインイン", "set_by": "変えた人", "grants": "権限の数", "set_at": "変えた時刻", "sha256": "要約値", "snapshot_sha256": "控えの要約値", "status": "状態の番号",
	"step": "更新", "subjects": "対象", "system": "データベースの番号", "tables": "表の数", "undone": "元に戻した数", "unlocked": "消せる写し", "unread": "読めなかった通知", "wal_files": "WALの数", "years": "年数",
	"accounts": "利用者", "connections": "連携", "review_lines": "見直しの行", "base": "土台", "point_rpo_seconds": "時刻指定で失われ得る秒数", "point_rto_seconds": "時刻指定で戻すのにかかった秒数",
	"log_kept": "鍵のデータベースのWALに残るわけ", "day": "日", "set": "世代", "sets": "世代の数", "findings": "見つかったこと", "rpo_seconds": "失われ得る秒数", "rto_seconds": "戻すのにかかった秒数", "key": "鍵", "control": "対策",
}

// detailValues are the words for values of a detail, plainValues those that mean the same in every detail.
var detailValues = map[string]string{
	"factor=mail": "メールの認証コード", "factor=passkey": "パスキー", "factor=totp": "認証アプリ", "factor=recovery": "回復用コード",
	"why=permission": "役割にその権限がないため", "why=support": "サポート入室では使えない操作のため", "why=other tenant": "別の契約先として開いた画面から送られたため", "why=emergency": "緊急用の利用者IDでは使えない操作のため", "why=sites": "一部の事業所だけを受け持つ役割のため",
	"why=same person": "自分の申請のため", "why=own request": "自分の申込みのため", "why=not independent of the asker": "申し込んだ人から独立した人ではないため", "why=not in the log": "承認が記録に残っていないため",
	"log_kept=rights": "上書きさせる権限がないため", "log_kept=archive": "サーバーの設定で保管（アーカイブ）しているため", "log_kept=held": "サーバーが古いものを持ち続けているため",
	"why=time": "決めた時間が過ぎたため", "why=signed-out": "担当者がサインアウトしたため", "why=undecided": "だれも判断しないまま時間が過ぎたため", "why=asker": "担当者が終わらせたため", "why=tenant": "契約先が終わらせたため",
	"why=asked": "まだ承認されていないため", "why=refused": "断られていたため", "why=ended": "終わっていたため",
	"why=no-account": "当てはまる利用者がいないため", "why=account-taken": "利用者が別の会社アカウントと結び付いているため", "why=other-connection": "別の連携と結び付いているため", "why=email-unverified": "会社側でメールアドレスが確かめられていないため", "why=domain": "連携に登録のないドメインのため", "why=disabled": "停止中の利用者のため", "why=link-altered": "結び付きの記録が書き換えられているため",
	"why=authentication-not-fresh": "会社側であらためて本人確認がされなかったため", "why=other-subject": "別の人が会社側で確認を受けたため", "why=state": "始めたときと別のブラウザーか、期限切れの手続きのため", "why=issuer": "発行元が登録と違うため", "why=nonce": "使い捨ての値が違うため", "why=id-token": "会社側の証明（IDトークン）が正しくないため", "why=code": "会社側が引換えを断ったため", "why=audience": "宛先が違うため", "why=userinfo": "会社側の利用者情報が合わないため", "why=endpoints": "会社側の接続先が正しくないため", "why=provider-error": "会社側が断ったため",
	"why=saml-response": "会社側の応答が正しくないため", "why=assertion-unsigned": "会社側の署名がないか正しくないため", "why=subject": "本人を示す値がないため", "why=assertion-replayed": "一度使われた応答のため", "why=provider-address": "会社側の接続先が使えない場所のため", "why=provider-unreachable": "会社側につながらないため", "why=answer": "会社側の応答を読めないため",
	"why=sso-only": "役割が会社のアカウントだけでのサインインになったため",
	"scope=lists":  "一覧", "scope=person": "一人の記録",
	"kind=association": "保健会", "kind=customer": "契約先", "kind=probe": "自己点検用", "kind=opened": "始まり", "kind=remind-14": "締切の14日前", "kind=remind-7": "締切の7日前", "kind=remind-1": "締切の前日", "kind=escalate": "期限が近い", "kind=suspended": "停止の知らせ",
	"personnel=held": "あり", "personnel=none": "なし", "personnel=": "未確認", "how=refused": "メールサーバーが受け取らなかった", "how=bounced": "届かずに戻った",
	"decision=keep": "続ける", "decision=revoke": "外す", "decision=reduce": "狭める",
}

var plainValues = map[string]string{"true": "はい", "false": "いいえ", "[]": "なし", "<nil>": "なし", "": "なし"}

var resultWords = map[string]string{"ok": "成功", "denied": "拒否", "failed": "失敗"}

var kindWords = map[string]string{"human": "利用者", "machine": "システム", "host": "サーバーの管理者"}
