package words

// reviewTexts are the messages of the quarterly review of access rights.
var reviewTexts = map[string]Text{
	"review.missing":      {Message: "その見直しはありません。", Next: "見直しの一覧から選び直してください。"},
	"review.self":         {Message: "自分の権限を自分で見直すことはできません。", Kept: "何も変更していません。", Next: "割り当てられた別の人が見直します。"},
	"review.not_yours":    {Message: "この権限の見直しは、別の人に割り当てられています。", Kept: "何も変更していません。", Next: "自分に割り当てられた権限だけを見直してください。"},
	"review.line_altered": {Message: "この行は、サービスの外で書き換えられた疑いがあり、判断できません。", Kept: "権限はそのままです。", Next: "見直しが終わるときに自動で停止します。必要な権限は、そのあと「利用者と役割」で付け直してください。"},
	"review.decided":      {Message: "この権限は、すでに判断が済んでいます。", Kept: "前の判断はそのままです。", Next: "画面を開き直して確かめてください。"},
	"review.closed":       {Message: "この見直しは締め切られました。", Kept: "何も変更していません。", Next: "権限を変えるときは、利用者と役割の画面で行ってください。"},
	"review.decision":     {Message: "「続ける」「狭める」「外す」のどれかを選んでください。", Kept: "何も変更していません。"},
	"review.reduce":       {Message: "この権限は、その事業所だけに狭めることができません。", Kept: "何も変更していません。", Next: "残す事業所を選ぶか、「外す」を選んでください。"},
	"review.reason":       {Message: "理由を入力してください。", Kept: "何も変更していません。", Next: "外すとき、狭めるとき、気になる点のある権限を続けるときは、理由が必要です。"},
	"review.reason_long":  {Message: "理由は500文字以内で入力してください。", Kept: "何も変更していません。"},
	"review.nothing":      {Message: "判断する権限がありません。", Kept: "何も変更していません。", Next: "権限を選んでから、もう一度押してください。"},
	"review.sealed":       {Message: "緊急用の利用者IDの権限は、見直しでは外せません。", Kept: "何も変更していません。", Next: "残す場合は「残す」を選んでください。やめる場合は、保健会の窓口へ知らせてください（サーバーの管理者が停止します）。"},
	"review.last_admin":   {Message: "最後の管理者の権限は外せません。", Kept: "何も変更していません。", Next: "先に、ほかの人に管理者の役割を与えてください。"},
	"review.date":         {Message: "日付を読めません。", Kept: "何も実行していません。", Next: "2026-11-28 や R8.11.28 のように指定してください。"},
}
