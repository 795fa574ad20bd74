package web

import (
	"maps"
	"net/http"
	"slices"

	"rakudos/internal/base/fault"
)

// typedLine is one thing that somebody had typed into a form that could not be taken.
type typedLine struct{ Label, Text string }

// typedWords names the fields of text of every form. What is a secret stands in typedNever.
var typedWords = map[string]string{
	"again": "次に候補に挙げる日", "authority": "根拠", "body": "健診機関", "checked": "本人確認のしかた", "claim": "照らし合わせる項目", "client_id": "クライアントID",
	"day": "日付", "days": "日数", "domain": "メールのドメイン", "email": "メールアドレス", "finding": "分かったこと", "from": "開始の日", "how": "確かめ方", "issuer": "発行者",
	"label": "使い道", "last": "最後に在籍した日", "login_id": "利用者ID", "measures": "就業上の措置", "mfa": "二段階とみなす値", "minutes": "分数", "month": "月", "name": "名前",
	"note": "記録", "number": "社員番号", "opinion": "意見", "organisation": "所属", "owner": "持ち主", "reason": "理由", "requester": "求めた人", "review_by": "見直す日",
	"reviewer": "見直す人", "source": "根拠・出典", "tenant": "契約先コード", "ticket": "受付番号", "until": "終わりの日", "year": "年度", "years": "年数",
}

// typedNever are the fields that no page repeats.
var typedNever = map[string]string{
	"password": "a secret", "old": "a secret", "new": "a secret", "secret": "a secret", "code": "a secret", "app": "a secret", "username": "for password managers alone",
	"file": "a file", "metadata": "a file", "text": "a whole certificate, which whoever asks has", "q": "asks for a list",
}

// maxTyped bounds what an error page repeats, in bytes.
const maxTyped = 16 << 10

// givenBack is what somebody had typed when their form met a fault that no field is to blame for: somebody else was faster, a
// right is gone, the database does not answer. It has not been kept, so that the page gives it back (bad input: nothing
// is lost). A visitor without a session gets nothing back: those forms are short.
func givenBack(r *http.Request, v *Visitor, f *fault.Fault) (out []typedLine) {
	if v == nil || v.Locked || r.Method != http.MethodPost || f.Code == "web.other_tenant" || r.ParseForm() != nil {
		return nil
	}
	left := maxTyped
	for _, name := range slices.Sorted(maps.Keys(typedWords)) {
		for _, text := range r.PostForm[name] {
			if _, never := typedNever[name]; text == "" || never || len(text) > left || (name == "again" && r.PostForm.Has("new")) {
				continue // "again" is also the repeated new password
			}
			left -= len(text)
			out = append(out, typedLine{typedWords[name], text})
		}
	}
	return out
}
