package sso

// asks are what each field of the settings must be, in words: whoever filled it in sees what is wrong with it.
var asks = map[string]string{
	"kind":      "連携の方式を選んでください。",
	"name":      "名前は1〜60文字で入力してください。",
	"issuer":    "発行者の URL は「https://」で始まる形にし、「?」「#」と、利用者名・パスワードは入れないでください。",
	"client_id": "クライアント ID を、500文字以内で入力してください。",
	"secret":    "クライアントシークレットを、500文字以内で入力してください。発行者かクライアント ID を変えるときも、入れ直してください。",
	"metadata":  "認証サービスのメタデータ（XML、256 KiB まで）を選んでください。認証サービスは一つだけで、署名の証明書と、https のサインインの URL（HTTP-Redirect）が要ります。",
	"link_by":   "利用者を見つける方法を、一覧から選んでください。",
	"claim":     "項目の名前は、英数字と「_ . : / -」の200文字以内で入力してください。利用者IDか社員番号で見つけるときは、必ず要ります。",
	"domain":    "ドメインは「midori.example」のように、英数字と「. -」で入力してください。",
	"mfa":       "二段階の認証とみなす値は、20個までにしてください。",
	"role":      "パスワードを使わない役割を、一覧から選んでください。",
}

// whys are why a provider's own description could not be used, in words; the log has the short names.
var whys = map[string]string{
	"provider-address":     "発行者の URL の先が、社内だけのアドレスか、https でない所か、別の所への転送か、大きすぎる返事です",
	"provider-unreachable": "認証サービスにつながりません。名前が見つからないか、応答がないか、証明書を信頼できません",
	string(badEndpoints):   "認証サービスの示す URL に、https でないものがあります",
	"answer":               "認証サービスの返事が、発行者の情報になっていないか、別の発行者を名乗っています",
}

// whyInWords is what stands on the page of an error.
func whyInWords(err error) string {
	if says, ok := whys[reason(err)]; ok {
		return says
	}
	return whys["answer"]
}
