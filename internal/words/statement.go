package words

// statementTexts are the words of the security statement's faults.
var statementTexts = map[string]Text{
	"statement.control_unknown": {Message: "「{control}」という対策はありません。", Next: "対策の記号（例：AC-LOCK）を、公開しているセキュリティのページで確かめてください。"},
}
