package identity

import (
	"fmt"
	"time"
)

// spanJA says a duration in Japanese: 「10分」「1秒」「3時間」.
func spanJA(d time.Duration) string {
	switch {
	case d >= 48*time.Hour && d%(24*time.Hour) == 0:
		return fmt.Sprintf("%d日", d/(24*time.Hour))
	case d >= time.Hour && d%time.Hour == 0:
		return fmt.Sprintf("%d時間", d/time.Hour)
	case d >= time.Minute && d%time.Minute == 0:
		return fmt.Sprintf("%d分", d/time.Minute)
	}
	return fmt.Sprintf("%g秒", d.Seconds())
}

// RuleSentence says one rule of a password with its live figures.
func (p Policy) RuleSentence(rule string) string {
	switch rule {
	case RuleLength:
		return fmt.Sprintf("%d文字以上にしてください。", p.PasswordLeast)
	case RuleClasses:
		return "英大文字・英小文字・数字・半角の記号をそれぞれ1文字以上入れてください。"
	case RuleBlocklist:
		return "よく使われる言葉や並びに数字や記号を足しただけのものは使えません。"
	case RuleContext:
		return fmt.Sprintf("利用者ID・契約先・サービスの名前（%d文字以上のもの）を含めないでください。", p.ContextLeast)
	case RuleMaximum:
		return fmt.Sprintf("%d文字までにしてください。", p.PasswordMost)
	}
	return ""
}

// Sentences of the statement, made from the figures in force.

// SaysAuthn is for 3-3.
func (p Policy) SaysAuthn() string {
	return fmt.Sprintf("公開のページを除くすべての画面と処理は、利用者IDとパスワードで確かめた人だけが使えます。パスワードは Argon2id（メモリー%dMiB・%d回）で変換して保存し、元の文字列は保存しません。登録した人は、パスキーでもサインインできます。契約先や利用者IDが無い場合とパスワードが違う場合の返事は同じで、かかる時間も大きく変わりません（2倍以内）。",
		p.Hash.MemoryKiB/1024, p.Hash.Time)
}

// SaysPassword is for 3-4a.
func (p Policy) SaysPassword() string {
	return fmt.Sprintf("パスワードは%d文字以上%d文字以内で、英大文字・英小文字・数字・半角記号（32種）をすべて含むものだけを受け付けます。よく使われるものと、利用者ID・契約先・サービスの名前を含むものは断ります。",
		p.PasswordLeast, p.PasswordMost)
}

// SaysLock is for 3-4b.
func (p Policy) SaysLock() string {
	return fmt.Sprintf("パスワードの入力を続けて%d回間違えた利用者IDはロックし、管理者が理由を記録して解除するまで、正しいパスワードでもサインインできません（封をした緊急用の利用者IDは、個人のIDではないためロックせず、間違いのたびに知らせます）。ロック中の返事は、パスワードが違うときと同じです。%d回目の失敗からは次の入力まで%s〜%s待っていただき、その間の入力は受け付けず、失敗にも数えません。",
		p.LockAt, p.ThrottleFrom, spanJA(p.ThrottleFirst), spanJA(p.ThrottleMost))
}

// ReadsLock is the interpretation of 3-4b.
func (p Policy) ReadsLock() string {
	return fmt.Sprintf("「%d回を超えた」を文字どおりに読み、続けて%d回目の失敗でロックします。", p.LockAt-1, p.LockAt)
}

// SaysTwoStep is for 3-5.
func (p Policy) SaysTwoStep() string {
	return fmt.Sprintf("パスワードの確認のあと、登録されたメールアドレスへ%d桁の確認コードを送り、入力されるまでどの画面も開きません。コードは%s有効で、一度だけ使え、%d回間違えると無効になります。再送は%s以上あけて%d回までで、同じサインインの中では、いちばん新しいコードだけが使えます。認証アプリを登録した人は、メールの代わりに、その%d桁の数字か回復用コードを入力します。",
		CodeDigits, spanJA(p.CodeFor), p.CodeTries, spanJA(p.ResendAfter), p.Resends, totpDigits)
}

// SaysUnique is for 3-2.
func (p Policy) SaysUnique() string {
	return "利用者IDは一人に一つずつ作り、使わなくなったIDも別の人には渡しません。一人の従業員に二つのIDは作れません。"
}

// SaysPasskey is for the extension AC-PASSKEY.
func (p Policy) SaysPasskey() string {
	return fmt.Sprintf("端末で本人を確かめるパスキーと、認証アプリ（%d桁。一つの数字はその%d秒のあいだに一度だけ）による二要素認証を選べます。回復用コードは%d個で、それぞれ一度だけ使えます。契約先は、役割ごとに二要素を必須にできます。新しく始める契約先では、保健師・産業医・テナント管理者と、保健会の職員の役割（運用者・ITサービスマネジャー・監査者）に、はじめから必須です。必須でない役割（デモではすべて）は、パスワードとメールの確認コードの二段階です。",
		totpDigits, totpPeriod, RecoveryCodes)
}

// SaysScreen is for the extension AC-SCREENLOCK.
func (p Policy) SaysScreen() string {
	return fmt.Sprintf("席を離れて操作のないまま%sたった画面は自動で隠し、パスワード、パスキー、会社のアカウントのどれかでもう一度本人を確かめるまで、サーバー側でもどの画面も開きません（会社ごとに%d〜%d分で変えられます）。",
		spanJA(p.ScreenLock), int(ScreenLeast.Minutes()), int(ScreenMost.Minutes()))
}

// SaysSession is for 3-12.
func (p Policy) SaysSession() string {
	return fmt.Sprintf("操作がないまま%sたったサインインは、サーバー側で終了します。操作を続けていても%sで終了します。サインアウトしたあとは、控えておいた情報でも入れません。",
		spanJA(p.SessionIdle), spanJA(p.SessionMost))
}

// SaysRows is for the extension AC-ROWS: rows that open a door carry a MAC of the tenant's key.
func (Policy) SaysRows() string {
	return "利用者・役割・サインイン・記憶した端末・認証サービスの設定・権限の見直しの判断には、契約先の鍵による署名が付いています。サービスを通さずにデータベースへ書かれたものは無いものとして扱い、操作の記録に残して、管理者に知らせます。"
}
