package words

// accessTexts is what a person reads when the roles do not reach.
var accessTexts = map[string]Text{
	"access.denied": {Message: "この操作をする権限がありません。", Kept: "何も変わっていません。", Next: "必要な場合は、自社のテナント管理者に権限の追加を依頼してください。"},
}
