package words

// retentionTexts are about how long records are kept.
var retentionTexts = map[string]Text{
	"retention.class_unknown": {Message: "その記録の種類はありません。", Next: "次のどれかを指定してください：{classes}"},
	"retention.month":         {Message: "月は 2027-01 の形で指定してください。"},
	"retention.base":          {Message: "起算日を読めません。", Next: "2020-04-01 の形で指定してください。"},
}
