package words

// paperTexts are the messages of printable documents.
var paperTexts = map[string]Text{
	"paper.font": {
		Message: "PDF に使える日本語のフォントが、このサーバーにありません。",
		Kept:    "記録や証明書はそのままです。PDF のほかの形式では取り出せます。",
		Next:    "システム管理者に、フォント（Debian では fonts-ipaexfont）の導入を頼んでください。",
	},
}
