package web

// notices are the banners after an act, named in the address the act answers with (?done=…), so that
// nothing a visitor typed is ever shown back as a message of the service.
var notices = map[string]*Notice{
	"applied":   {"ok", "取り込みました", "判定は済んでいます。一覧で結果を確かめられます。"},
	"withdrawn": {"ok", "取り込みを取り消しました", "この取り込みで入った結果は、一覧にも個人の画面にも出なくなりました。取り消しの記録は残ります。"},
	"remapped":  {"ok", "列の対応を保存しました", "ファイルを読み直しています。次回から同じ形のファイルにも使われます。"},
	"recorded":  {"ok", "登録しました", "履歴に残っています。"},
	"decided":   {"ok", "就業判定を記録しました", "前の判定も履歴に残っています。"},
	"treated":   {"ok", "治療中の区分を記録しました", "総合判定を見直しました。"},
	"password":  {"ok", "パスワードを変更しました", "ほかの端末のサインインは終了しました。"},
	"resent":    {"ok", "認証コードを送り直しました", "いちばん新しいメールのコードだけが使えます。"},
	"signedout": {"ok", "サインアウトしました", ""},
	"consent":   {"ok", "同意の内容を保存しました", "いつでも変更できます。"},
	"drafted":   {"ok", "判定基準の案を保存しました", "産業医が承認すると使えるようになります。"},
	"approved":  {"ok", "判定基準を承認しました", "有効にするまで、今の基準で判定します。"},
	"activated": {"ok", "判定基準を切り替えました", "これからの取り込みに使われます。過去の判定は変わりません。"},
	"rejudging": {"ok", "判定のやり直しを始めました", "前の判定は履歴に残ります。"},
}
