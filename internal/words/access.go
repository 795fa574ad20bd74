package words

// accessTexts is what a person reads when the roles do not reach.
var accessTexts = map[string]Text{
	"access.duties":    {Message: "「{one}」と「{other}」の役割は、同じ人には与えられません（{why}）。", Kept: "何も変わっていません。", Next: "どちらか一方の役割にするか、別の人に与えてください。"},
	"access.personnel": {Message: "「{one}」の役割は、人事権のある人には与えられません（人事権：{stated}。{why}。{source}）。", Kept: "何も変わっていません。", Next: "人事権のない人に与えてください。人事・上長の役割の人は、人事権が「なし」と確かめて記録するまで「あり」として扱います。"},
	"access.denied":    {Message: "この操作をする権限がありません。", Kept: "何も変わっていません。", Next: "必要な場合は、自社のテナント管理者に権限の追加を依頼してください。"},
}
