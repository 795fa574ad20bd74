package words

// terminationTexts are the messages of a customer's leaving.
var terminationTexts = map[string]Text{
	"termination.open":             {Message: "解約の申込みは、すでに受け付けています。", Kept: "前の申込みはそのままです。", Next: "月を変えるときは、前の申込みを取り消してから申し込んでください。"},
	"termination.month_far":        {Message: "60 か月より先の月は申し込めません。", Kept: "申込みは受け付けていません。", Next: "希望の月を確かめてください。"},
	"termination.unread":           {Message: "解約の手続の記録を読めません。", Kept: "記録には手を付けていません。消去は、読めるようになるまで進みません。", Next: "保健会に、この画面のコードを伝えてください。保健会の運用者は、バックアップと比べて確かめてください。"},
	"termination.missing":          {Message: "解約の申込みはありません。", Next: "一覧から選び直してください。"},
	"termination.name":             {Message: "確認のための契約先コードが違います。", Kept: "申込みは受け付けていません。", Next: "自社の契約先コードを入力してください。"},
	"termination.cancelled":        {Message: "この申込みは取り消されています。", Next: "解約するときは、申し込み直してください。"},
	"termination.begun":            {Message: "消去が始まっているため、変えることも取り消すこともできません。", Next: "消去証明書の発行をお待ちください。"},
	"termination.moved":            {Message: "ほかの人が先に操作しました。", Kept: "この操作は行っていません。", Next: "画面を読み直してください。"},
	"termination.customer_only":    {Message: "データの受け取りは、契約先の方だけが記録できます。"},
	"termination.association_only": {Message: "確認の電話は、保健会の担当者だけが記録できます。"},
	"termination.association_too":  {Message: "二人のうち一人以上は、保健会の担当者である必要があります。", Next: "保健会の確認をお待ちください。"},
	"termination.same_person":      {Message: "すでに確認した人です。", Next: "もう一人の別の人が確認してください。"},
	"termination.confirmed":        {Message: "二人の確認は済んでいます。"},
	"termination.duty":             {Message: "記録を保存する義務の説明を読んだことが記録されていません。", Next: "説明を読み、確認の欄に印を付けてください。"},
	"termination.reason":           {Message: "理由を、400 字以内で入力してください。"},
	"termination.called":           {Message: "この電話の記録をもとに確認した人がいるため、書き換えられません。", Kept: "電話の記録と確認は、そのままです。", Next: "電話をやり直すときは、申出を取り消してもらい、改めて受け付けてください。"},
	"termination.how":              {Message: "どの番号に、どう確かめたかを、400 字以内で入力してください。"},
	"termination.no_file":          {Message: "受け渡しのファイルが、まだ受け取られていません。", Next: "保健師か産業医の方がファイルを受け取ってから、受け取りを記録してください。"},
	"termination.no_receipt":       {Message: "データの受け取り（または受け取らないこと）が記録されていません。", Kept: "確認は記録していません。"},
	"termination.no_call":          {Message: "契約先への確認の電話が記録されていません。", Kept: "確認は記録していません。"},
	"termination.cooling":          {Message: "申込みから7日間は確認できません（{from} から確認できます）。", Kept: "確認は記録していません。"},
	"termination.not_confirmed":    {Message: "消去の条件がそろっていません。", Kept: "何も消去していません。"},
	"termination.early":            {Message: "{day} より前には消去できません。", Kept: "何も消去していません。"},
}
