package words

// handoverTexts are the messages of handing over a leaving customer's records.
var handoverTexts = map[string]Text{
	"handover.broken":    {Message: "受け渡しのファイルの作成が、途中で止まりました。", Kept: "記録はそのままです。", Next: "もう一度「ファイルを作る」を押してください。続けて止まるときは、窓口へ知らせてください。"},
	"handover.making":    {Message: "受け渡しのファイルを作っているところです。", Next: "できあがるまでお待ちください。"},
	"handover.many":      {Message: "受け渡しのファイルは、24時間に{most}個まで作れます。", Kept: "今あるファイルはそのまま受け取れます。", Next: "今あるファイルを受け取るか、しばらく待ってから作り直してください。"},
	"handover.missing":   {Message: "その受け渡しのファイルはありません。", Next: "一覧から選び直してください。"},
	"handover.narrow":    {Message: "受け渡しのファイルには、すべての事業所の検査値が入っています。担当の事業所が限られている方は受け取れません。", Kept: "記録はそのままです。", Next: "すべての事業所を担当する保健師か産業医が受け取ってください。"},
	"handover.not_ready": {Message: "受け渡しのファイルは、まだできていないか、期限が過ぎています。", Kept: "記録はそのままです。", Next: "作り直してから、もう一度受け取ってください。"},
}
