package statement

import (
	"fmt"
	"time"

	"rakudos/internal/base/jst"
)

// readings says how a clause that allows two readings is read (解釈), rendered from the figures.
func readings(f Figures) map[string]string {
	a, urgent, major, minor := f.Access, f.SLA[jst.Urgent], f.SLA[jst.Important], f.SLA[jst.Minor]
	s := fmt.Sprintf
	lastDay := f.PatchDays[len(f.PatchDays)-1]
	return map[string]string{
		"1":   "この条の状態は、ほかのすべての条の状態のうち最も悪いものです。平均した割合では示しません。",
		"2-1": "主となる設備の所在を指します。複製の置き場所と、国外に出る処理があるときは、別に示します。手元の機械や模擬環境の結果では「確認済」になりません。",
		"2-2": "VPNとHTTPSのどちらか一方ではなく、両方を通すという意味に読みます。",
		"2-3": s("TLS %sだけを使い、TLS 1.2以下とSSLはすべて無効にするという意味に読みます。", f.TLS),
		"2-4": "データの入っていた媒体そのものの物理的な処分はクラウド事業者が行います。こちらでは、消去と鍵の破棄で読めない状態にします。",
		"3-1": "四半期は4月から始まる年度で区切ります。見直しは四半期のうちに始めて終え、自分の権限を自分で見直すことはできません。期限までに回答のない権限は停止します。ただし、止めるとその契約先を管理する人がいなくなる最後の管理者の権限は、停止せずに保健会の判断に回します。",
		"3-3": "IDが存在しないときも、パスワードが違うときも、同じ文面で答え、かかる時間も大きく変えません。時間は、検査で測って2倍以内を同じとします。",
		"3-4a": s("長さは文字（コードポイント）で数え、%d文字以上、%d文字以下です。英大文字・英小文字・数字・ASCIIの記号32種をそれぞれ1文字以上含みます。ほかの文字も使えますが、この4種には数えません。"+
			"前後の空白を削ったり途中で切ったりしません。よく使われるパスワードや漏えいしたパスワード、利用者ID・会社名・サービス名を含むものは使えません。", a.PasswordMin, a.PasswordMax),
		"3-4b": s("「連続%d回を超えた」を文字どおりに読み、%d回目の失敗でロックします。回数はパスワードを調べる前に数え、二段階目まで済んだときだけ0に戻ります。時間がたっても自動では解除せず、管理者が理由を記録して解除します。"+
			"これとは別に、%d回目の失敗から次の試行まで待ち時間（最長%s）を設けます。待ち時間のあいだの試行は調べず、数えもしません。", a.LockAfter, a.LockAfter+1, a.ThrottleFrom, seconds(a.ThrottleMax)),
		"3-5": s("認証コードは%d桁の数字で、%s有効、1回限り、最も新しいものだけが使えます。%d回間違えるとパスワードの入力からやり直しです。再送は%d回まで、%s以上あけます。メールに健康情報は書きません。",
			a.CodeDigits, minutes(a.CodeLife), a.CodeTries, a.Sends, seconds(a.SendGap)),
		"3-8": s("%s時ちょうどから始まり、終わりの時刻を含まない時間帯です。始まる曜日で数えるため、%s曜日に始まる回は翌朝の%sまでです。木曜日の深夜に続く金曜日の早朝は含みません。",
			fmt.Sprint(f.PatchOpens), jst.WeekdayName(lastDay), hour(f.PatchOpens+int(f.PatchLasts/time.Hour))),
		"3-9": "一般に信頼されている認証局の証明書を指します。手元で作った認証局の証明書では「確認済」になりません。",
		"3-12": s("操作のないまま%sたつとサーバ側で終わります（ちょうど%s後の操作は受け付けません）。画面の自動更新や進み具合の表示は操作に数えません。操作を続けていても%sで終わります。"+
			"終わる%s前に知らせ、続けるかを選べます。画面は%sで自動的に隠れます（会社ごとに%d～%sで変えられます）。",
			hours(a.Idle), hours(a.Idle), hours(a.Absolute), minutes(a.Warn), minutes(a.Screen), int(a.ScreenMin/time.Minute), minutes(a.ScreenMax)),
		"4-1a": "日本時間の毎日、データベースとシステムの環境のそれぞれについて、読み戻して確かめたバックアップを1つ以上取ることを指します。日をまたぐ回は始めた日に数えます。",
		"4-1b": s("取得から暦の%sと%d日の、早いほうまで保存します。", years(f.BackupDays), f.BackupDays),
		"4-3e": "「定期的に」は、止めずに取り続けることと読みます。",
		"4-4b": "時刻はUTCで保存し、表示・書き出し・日付の境目・月末・四半期はすべて日本時間（JST, UTC+0900。書き出しでは+09:00）で扱います。たとえばUTCの2026-12-31 15:00は、日本時間の2027-01-01 00:00です。",
		"4-5a": "前回の監査の完了から12か月以内に次の監査を終えることと読みます。監査の結論はこのシステムでは作れません。",
		"5-2b": s("窓口の時間帯は%sです。緊急は、時間帯の内なら%s以内、外なら%s以内か次に窓口が開いてから%s以内の早いほうです。重要の%sは窓口の時間で数えます。軽微の%sは、%s後（窓口の外なら次に開く時刻）と窓口の%sの早いほうです。",
			f.desk(), minutes(urgent.ResponseInHours), minutes(urgent.ResponseOffHours), minutes(urgent.ResponseInHours), hours(major.Response), span(minor.Response), hours(minor.Response), hours(minor.ResponseBusiness)),
		"5-2c": s("1営業日は窓口の%s、軽微の目標は窓口の%sと%d日の早いほうです。祝日を数える暦と数えない暦の両方で計算し、早いほうの期限で測ります。",
			hours(f.deskDay()), hours(minor.Resolve), int(minor.ResolveWall/day)),
		"5-2d": s("窓口は%sです。祝日を除かない暦（文字どおり）と除く暦の両方を持ち、厳しいほうで測ります。", f.desk()),
		"5-2e": "対応を始めた時刻から数え、その後は前回の報告から数えて、解決まで続けます。変化がなくても報告します。遅れた回は記録に残ります。",
		"5-2f": "サインインの画面はだれでも見られるため、特定の会社にかかわることは書きません。同じお知らせは、サービスから独立した状況のページにも出します。",
		"5-2h": "利用者側の責任者とITサービスマネジャーの両方の同意を記録したときだけ変えます。期限は最初の時刻から計算し直し、すでに過ぎた期限は過ぎたまま残します。",
		"6-1":  "データの鍵を破棄し、残る写しも含めて読めなくすることを「復元不可能」と読みます。ただし、在職中の人の一部の記録だけを消すときは、その人の鍵を使い続けるため、消す前に取ったバックアップの写しは、バックアップが消えるまでの最長1年の間、鍵では読めなくなりません。",
		"6-2a": s("解約希望月の末日の翌日から、末日の%d日後までの間に削除します。過ぎた月は指定できません。削除の前にデータを書き出して渡し、受取り（または不要の意思）を記録します。例：2026年11月の解約は%sまで、2027年1月の解約は%sまで。",
			f.EraseDays, f.lastErasure(2026, 11), f.lastErasure(2027, 1)),
		"6-2b": s("バックアップの取得から暦の%sと%d日の、早いほうまでです。その間も、鍵の破棄によって解約と同時に読めなくなります。", years(f.BackupDays), f.BackupDays),
		"6-3a": "二段階で発行します。1通目は本体のデータと鍵を消したとき、2通目は最後のバックアップの期限が来たときです。1通目に2通目の内容は書きません。例外（法令による保全など）があれば印字します。",
		"6-4":  s("求めがなくても発行し、求めがあれば解約の後でも%d年間は提示します。", f.CertificateYears),
	}
}

// lastErasure is the last day for erasing the data of a customer who leaves at the end of a month.
func (f Figures) lastErasure(year, month int) jst.Date {
	return jst.MonthEnd(jst.Date{Y: year, M: month, D: 1}).AddDays(f.EraseDays)
}
