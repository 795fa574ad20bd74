package words

// retentionTexts are about how long records are kept.
var retentionTexts = map[string]Text{
	"retention.class_unknown": {Message: "その記録の種類はありません。", Next: "次のどれかを指定してください：{classes}"},
	"retention.month":         {Message: "月は 2027-01 の形で指定してください。"},
	"retention.shorter":       {Message: "法令の期間（{years}年）より短くはできません。100年までで指定してください。", Kept: "期間は変わっていません。"},
	"retention.missing":       {Message: "その消去の候補はありません。", Next: "一覧から選び直してください。"},
	"retention.some":          {Message: "候補を1件以上、{most}件までで選んでください。", Kept: "何も変えていません。"},
	"retention.source":        {Message: "契約の定めを、500字以内で入力してください。", Kept: "何も変えていません。"},
	"retention.reason":        {Message: "理由を、500字以内で入力してください。", Kept: "何も変えていません。"},
	"retention.again":         {Message: "次に候補に挙げる日を、明日から5年以内で指定してください。", Kept: "何も変えていません。"},
	"retention.same_person":   {Message: "同じ人が2人分の承認をすることはできません。", Kept: "承認は記録していません。", Next: "もう一人の別の人が承認してください。"},
	"retention.unbound":       {Message: "前の承認に、このサービスが書いたと確かめられないものがあります。", Kept: "承認は記録していません。確かめられない候補は外しました。", Next: "期間の終わったものは次の夜に挙がり直します。改めて二人で承認してください。"},
	"retention.moved":         {Message: "ほかの人が先に操作したか、候補から外れています。", Kept: "この操作は行っていません。", Next: "画面を読み直してください。"},
	"retention.unfinished":    {Message: "消去がまだ終わっていません。", Next: "自動でやり直します。"},
	"retention.hold_unread":   {Message: "保全の指定に読み取れないものがあるため、消去の候補を挙げません。", Kept: "何も消していません。", Next: "運用者に連絡してください。"},
	"retention.base":          {Message: "起算日を読めません。", Next: "2020-04-01 の形で指定してください。"},
}
