package words

// scimTexts are the messages of the connection with a tenant's personnel system.
var scimTexts = map[string]Text{
	"scim.token":            {Message: "連携用のトークンが正しくないか、使えなくなっています。", Kept: "何も変わっていません。", Next: "会社の管理者が新しいトークンを作り、人事システムに登録してください。"},
	"scim.too_many":         {Message: "人事システムからの要求が続いたため、少し間をあけています。", Kept: "今の要求は行っていません。", Next: "しばらく待ってから、もう一度送ってください。"},
	"scim.label":            {Message: "トークンの使い道を60文字以内で入力してください。", Kept: "トークンは作っていません。"},
	"scim.days":             {Message: "有効な日数は1〜365日で指定してください。", Kept: "トークンは作っていません。"},
	"scim.too_many_tokens":  {Message: "使用中のトークンは5つまでです。", Kept: "トークンは作っていません。", Next: "使っていないトークンを取り消してください。"},
	"scim.no_token":         {Message: "そのトークンはないか、すでに取り消されています。", Kept: "何も変わっていません。"},
	"scim.no_group":         {Message: "そのグループはありません。", Kept: "何も変わっていません。"},
	"scim.role":             {Message: "その役割は、グループに対応させられません。", Kept: "何も変わっていません。"},
	"scim.confirm":          {Message: "健康情報や権限を扱う役割です。確認の欄にしるしを付けてください。", Kept: "何も変わっていません。"},
	"scim.not_waiting":      {Message: "確認を待つものはありません。", Kept: "何も変わっていません。", Next: "画面を開き直してください。"},
	"scim.too_many_groups":  {Message: "登録できるグループの数に達しています。", Kept: "何も変わっていません。"},
	"scim.too_many_members": {Message: "グループの人数が多すぎます。", Kept: "何も変わっていません。"},
}
