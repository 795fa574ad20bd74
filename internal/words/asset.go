package words

// assetTexts are the messages of the ledger of assets and of disposal.
var assetTexts = map[string]Text{
	"asset.claim": {
		Message: "区分と持ち主を確かめてください。",
		Kept:    "台帳には変更を加えていません。",
		Next:    "区分を選び、持ち主（部署や役割）を50文字以内で入力してください。",
	},
	"asset.missing": {
		Message: "その資源は見つかりません。すでに処分されたか、なくなっています。",
		Next:    "台帳を開き直してください。",
	},
	"asset.known":  {Message: "その資源は、すでに台帳にあります。"},
	"asset.in_use": {Message: "サービスが使っている資源は、ここからは処分できません。", Kept: "何も消していません。", Next: "契約先や個人のデータは消去の手続きで、バックアップは期限で消えます。"},
	"asset.person": {Message: "処分の申請と承認は、サインインした人だけができます。", Kept: "何も消していません。"},
	"asset.reason": {Message: "処分の理由を300文字以内で入力してください。", Kept: "何も消していません。"},
	"asset.asked":  {Message: "この資源の処分は、すでに申請されています。", Kept: "何も消していません。", Next: "別の人が承認するのを待ってください。"},
	"asset.same_person": {
		Message: "申請した人は、自分の申請を承認できません。",
		Kept:    "何も消していません。この操作は記録しました。",
		Next:    "別の人に承認を頼んでください。",
	},
	"asset.decided":      {Message: "この申請は、すでに承認または却下されています。", Kept: "何も変わっていません。", Next: "台帳を開き直してください。"},
	"asset.lapsed":       {Message: "承認から{days}日が過ぎたため、この承認では処分できません。", Kept: "何も消していません。承認は取り下げました。", Next: "まだ処分するものか確かめて、もう一度申請してください。"},
	"asset.not_approved": {Message: "承認されていない処分は行えません。", Kept: "何も消していません。この操作は記録しました。", Next: "別の人の承認を受けてください。"},
	"asset.readable":     {Message: "上書きした後の読み返しで、前のデータが見つかりました。", Kept: "処分は完了していません。", Next: "媒体を使うのをやめ、設置者の手順で処分してください。"},
	"asset.left":         {Message: "上書きしましたが、名前を消せませんでした。", Kept: "処分は完了していません。", Next: "データフォルダーの権限を確かめてください。"},
}
