package words

// tenantTexts is what a person reads when a tenant cannot be registered or found.
var tenantTexts = map[string]Text{
	"tenant.code":       {Message: "契約先コードの形が正しくありません。", Kept: "登録されていません。", Next: "英小文字で始まり、英小文字・数字・ハイフンだけの3〜32文字にしてください。"},
	"tenant.code_taken": {Message: "契約先コード「{code}」は使われています。", Kept: "登録されていません。", Next: "解約した契約先のコードも再び使うことはできません。別のコードにしてください。"},
	"tenant.name":       {Message: "契約先の名称は1〜100文字で入力してください（見えない文字は使えません）。", Kept: "登録されていません。"},
	"tenant.kind":       {Message: "契約先の種類が正しくありません。", Kept: "登録されていません。"},
	"tenant.missing":    {Message: "その契約先はありません。"},
}
